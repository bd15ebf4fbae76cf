"""Generation shared out among threads: the same scores, few meetings, BLAS on one thread."""

import threading

import numpy as np
import pytest
from models import shaken
from threadpoolctl import threadpool_info, threadpool_limits

from minigpt import GPT, GPTConfig
from minigpt.cores import Team
from minigpt.generation import decoder as decoder_module
from minigpt.generation import products
from minigpt.generation import step as step_module
from minigpt.generation.decoder import CachingDecoder, RecomputingDecoder
from minigpt.generation.reading import attend, read, time_edges
from minigpt.generation.step import team_size
from minigpt.layers import attention_forward

VOCABULARY, CONTEXT, LAYERS = 41, 150, 2  # more than two blocks of queries
SIZES = [1, 2, 3, 5]  # members; of five some have none of the three heads


@pytest.fixture(scope="module")
def model():
    return shaken(GPT(GPTConfig(VOCABULARY, CONTEXT, LAYERS, 3, 12), 0, "float64"), 1, scale=0.4)


def prompts_of(*lengths):
    rng = np.random.default_rng(3)
    return [rng.integers(0, VOCABULARY, n).tolist() for n in lengths]


def decoder_of(size, model, prompts, monkeypatch):
    """A decoder of so many threads, that share the look back too, however short, and a cache that grows."""
    for module in (decoder_module, step_module):
        monkeypatch.setattr(module, "team_size", lambda n_embd, n_tokens: size)
    monkeypatch.setattr(step_module, "LONG_CACHE", 1)
    monkeypatch.setattr(decoder_module, "FEWEST_PLACES", 2)
    return CachingDecoder(model, prompts)


def scores(decoder, n_rows, n_steps):
    tokens = np.random.default_rng(4).integers(0, VOCABULARY, (n_steps, n_rows))
    return np.array([decoder.start(), *(decoder.append(step).copy() for step in tokens)])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lengths", [(1,), (4,), (131,), (CONTEXT,), (80, 80), (CONTEXT, 3, CONTEXT - 1, 70)])
def test_scores_are_those_of_the_whole_model_however_many_threads_share_them(
    size, lengths, model, monkeypatch
):
    prompts = prompts_of(*lengths)
    ours = scores(decoder_of(size, model, prompts, monkeypatch), len(prompts), 5)
    expected = scores(RecomputingDecoder(model, prompts), len(prompts), 5)
    assert np.abs(expected).max() > 1
    assert np.abs(ours - expected).max() <= 1e-10


@pytest.mark.parametrize("lengths", [(1,), (100,), (CONTEXT, CONTEXT), (CONTEXT, 3)])
def test_a_cache_has_few_more_places_than_tokens_and_seldom_grows(lengths, model):
    decoder = CachingDecoder(model, prompts_of(*lengths))
    decoder.start()
    tokens, all_places = np.zeros(len(lengths), dtype=np.int64), []
    for _ in range(60):
        decoder.append(tokens)
        n, places = decoder.windows.longest, {cache.shape[2] for cache in decoder.keys + decoder.values}
        assert len(places) == 1 and n <= min(places) <= max(n - 1 + 16, (n - 1) * 9 / 8)
        all_places += places
    assert np.count_nonzero(np.diff(all_places)) <= 60 / 16 + 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lengths", [(4,), (80, 80)])
def test_weights_read_in_the_order_of_the_memory_give_the_same_scores(size, lengths, model, monkeypatch):
    monkeypatch.setattr(products, "LARGE", 1)
    monkeypatch.setattr(products, "LONG", 1)
    monkeypatch.setattr(products, "ONE_ROW_PIECE", 1000)  # bytes, of 3936
    prompts = prompts_of(*lengths)
    decoder = decoder_of(size, model, prompts, monkeypatch)
    expected = scores(RecomputingDecoder(model, prompts), len(prompts), 5)
    assert np.abs(scores(decoder, len(prompts), 5) - expected).max() <= 1e-10


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("large", [1, products.LARGE])
def test_the_same_number_of_threads_gives_the_same_bits(size, large, model, monkeypatch):
    monkeypatch.setattr(products, "LARGE", large)
    model = shaken(GPT(model.config, 0, "float32"), 1, scale=0.4)
    prompts = prompts_of(CONTEXT - 2)
    runs = [scores(decoder_of(size, model, prompts, monkeypatch), 1, 6).tobytes() for _ in range(5)]
    assert len(set(runs)) == 1


def count_meetings(monkeypatch):
    """A list to which every member adds an item at every meeting."""
    meetings, wait = [], threading.Barrier.wait

    def counted(barrier):
        meetings.append(1)
        return wait(barrier)

    monkeypatch.setattr(threading.Barrier, "wait", counted)
    return meetings


def count_shared(monkeypatch):
    """A list to which every team of several adds an item whenever it shares out pieces and gathers them."""
    shared, each = [], Team.each

    def counted(team, n, work):
        if team.size > 1:
            shared.append(n)
        each(team, n, work)

    monkeypatch.setattr(Team, "each", counted)
    return shared


@pytest.mark.parametrize("size", [2, 3])
def test_a_prompt_meets_once_a_block_but_the_last_and_a_step_gathers_once_a_product(size, model, monkeypatch):
    decoder = decoder_of(size, model, prompts_of(100), monkeypatch)
    meetings, shared = count_meetings(monkeypatch), count_shared(monkeypatch)
    decoder.start()
    assert len(meetings) == (LAYERS - 1) * size
    assert len(shared) == 5  # the last token in the last block; and the table is small
    meetings.clear(), shared.clear()
    decoder.append(np.array([1]))
    assert not meetings and len(shared) == 5 * LAYERS  # one of them is the look back
    shared.clear()
    monkeypatch.setattr(step_module, "LONG_CACHE", 1_000_000)
    monkeypatch.setattr(products, "LARGE", 1)
    decoder.append(np.array([1]))
    assert [n for n in shared if n > 1] == [2 * size] * 4 * LAYERS


def test_a_step_is_done_without_the_threads_that_have_no_processor(model, monkeypatch):
    decoder = decoder_of(3, model, prompts_of(9, 9, 9), monkeypatch)
    decoder.start()
    may_go_on, in_time = threading.Event(), []
    for calls in decoder.step.team.calls:  # what the system does to a thread that it does not let in
        calls.put(lambda: in_time.append(may_go_on.wait(10)))
    ours = decoder.append(np.array([1, 2, 3]))
    may_go_on.set()
    decoder.step.team.run(lambda member: None)
    assert in_time == [True, True]
    alone = decoder_of(1, model, prompts_of(9, 9, 9), monkeypatch)
    alone.start()
    assert np.abs(ours - alone.append(np.array([1, 2, 3]))).max() <= 1e-10


def test_in_the_last_block_a_prompt_is_no_more_than_keys_values_and_its_last_token(model, monkeypatch):
    shapes = []

    def spy(gelu):
        return lambda x: (shapes.append(x.shape), gelu(x))[1]

    for module in ("minigpt.model", "minigpt.generation.step"):
        monkeypatch.setattr(f"{module}.gelu_forward", spy(step_module.gelu_forward))
    decoder_of(1, model, prompts_of(20, 7), monkeypatch).start()
    assert shapes == [(2, 20, 48)] * (LAYERS - 1) + [(2, 48)]


def test_threads_with_prompts_of_their_own_do_not_meet(model, monkeypatch):
    decoder = decoder_of(2, model, prompts_of(100, 100, 7), monkeypatch)
    meetings = count_meetings(monkeypatch)
    decoder.start()
    assert not meetings


def test_one_thread_meets_nobody(model, monkeypatch):
    decoder = decoder_of(1, model, prompts_of(100), monkeypatch)
    meetings = count_meetings(monkeypatch)
    decoder.start()
    decoder.append(np.array([1]))
    assert not meetings


def test_small_models_have_one_thread_and_large_ones_as_many_as_blas_had(monkeypatch):
    monkeypatch.setattr("minigpt.cores.cores", lambda: 4)
    with threadpool_limits(4, user_api="blas"):
        assert team_size(n_embd=128, n_tokens=1) == 1
        assert team_size(n_embd=128, n_tokens=32) == 1
        assert team_size(n_embd=128, n_tokens=64) == 1
        assert team_size(n_embd=768, n_tokens=1) == 4
        assert team_size(n_embd=768, n_tokens=512) == 4
    with threadpool_limits(1, user_api="blas"):
        assert team_size(n_embd=768, n_tokens=512) == 1


def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize("decoder_class", [CachingDecoder, RecomputingDecoder])
def test_blas_has_one_thread_while_tokens_are_read_and_its_own_number_between(
    decoder_class, model, monkeypatch
):
    found = []

    def spy(gelu):
        return lambda x: (found.append(blas_threads()), gelu(x))[1]

    for module in ("minigpt.model", "minigpt.generation.step"):
        monkeypatch.setattr(f"{module}.gelu_forward", spy(step_module.gelu_forward))
    with threadpool_limits(2, user_api="blas"):
        decoder = decoder_class(model, prompts_of(9))
        decoder.start()
        assert found and set(map(frozenset, found)) == {frozenset({1})} and blas_threads() == {2}
        found.clear()
        decoder.append(np.array([1]))
        assert found and set(map(frozenset, found)) == {frozenset({1})} and blas_threads() == {2}


def test_an_error_in_a_member_comes_out_of_the_step(model, monkeypatch):
    decoder = decoder_of(2, model, prompts_of(9, 9), monkeypatch)
    decoder.start()
    monkeypatch.setattr(step_module.math, "sqrt", lambda D: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        decoder.append(np.array([1, 2]))


def test_rows_that_are_read_again_fill_their_own_places(model):
    keys, values = ([np.zeros((4, 3, CONTEXT, 4)) for _ in range(LAYERS)] for _ in range(2))
    ids = np.array(prompts_of(20, 20))
    read(model, ids, np.array([3, 1]), keys, values, Team(2))
    alone = [[np.zeros((2, 3, CONTEXT, 4)) for _ in range(LAYERS)] for _ in range(2)]
    read(model, ids, slice(None), *alone, Team(1))
    for ours, expected in zip([*keys, *values], [*alone[0], *alone[1]]):
        assert np.abs(ours[[3, 1]] - expected).max() <= 1e-12
        assert np.abs(expected).max() > 0.1 and not ours[[0, 2]].any()


@pytest.mark.parametrize("before", [0, 1, 30])
@pytest.mark.parametrize("n", [0, 1, 64, 65, 130])
def test_looking_back_is_attention_of_the_last_tokens(before, n):
    rng = np.random.default_rng(5)
    qkv = rng.standard_normal((2, before + n, 3 * 12))
    expected, cache = attention_forward(qkv, 3)
    ours = attend(cache.q[:, :, before:] * 2.0, cache.k, cache.v)  # q there has 1 / √D in it, D = 4
    assert ours.shape == (2, n, 12)
    assert not n or np.abs(ours - expected[:, before:]).max() <= 1e-12


@pytest.mark.parametrize(("n", "n_parts"), [(512, 2), (1024, 3), (7, 1)])
def test_a_prompt_is_cut_into_parts_of_equal_work(n, n_parts):
    C = 64
    edges = time_edges(n, n_parts, C)
    assert edges[0] == 0 and edges[-1] == n and edges == sorted(edges)
    work = np.cumsum(1 + np.arange(n) / (2.0 * C))
    parts = np.diff([0, *work[np.array(edges[1:]) - 1]])
    assert parts.max() - parts.min() <= 2 * (1 + n / (2.0 * C))
