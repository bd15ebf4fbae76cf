from itertools import islice

import numpy as np
import pytest
from models import make_order_one, shaken

from minigpt import GPT, BigramConfig, BigramLM, GPTConfig, generate, generate_text_simple
from minigpt.finetuning.lora import LoRAGPT
from minigpt.generation.decoder import CachingDecoder, RecomputingDecoder, decoder_for
from minigpt.generation.loop import token_stream
from minigpt.generation.sampling import Sampling

VOCABULARY, CONTEXT = 41, 16


def lively_model(dtype="float64", block_size=CONTEXT, seed=0, **config):
    """A model whose attention, biases and gains all matter: at GPT-2's initial scale few of them do."""
    model = GPT(GPTConfig(VOCABULARY, block_size, 2, 3, 12, **config), seed, dtype)
    return shaken(model, seed + 1, scale=0.4)


def random_ids(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, VOCABULARY, shape)


@pytest.fixture(scope="module")
def model():
    return lively_model()


# --- the cache


@pytest.mark.parametrize(
    "lengths", [(1,), (5,), (CONTEXT,), (CONTEXT + 9,), (5, 5, 5), (3, CONTEXT, 1, CONTEXT + 9, 7)]
)
def test_cached_logits_equal_recomputed_ones_at_every_step_and_beyond_the_context(model, lengths):
    prompts = [random_ids(n, seed=n + 100 * i).tolist() for i, n in enumerate(lengths)]
    cached, recomputed = CachingDecoder(model, prompts), RecomputingDecoder(model, prompts)
    pairs = [(cached.start(), recomputed.start())]
    for tokens in random_ids(3 * CONTEXT, len(prompts), seed=7):
        pairs.append((cached.append(tokens), recomputed.append(tokens)))
    for ours, expected in pairs:
        assert np.abs(expected).max() > 1  # there is something to be wrong
        assert np.abs(ours - expected).max() <= 1e-10


def test_attention_scores_in_the_thousands_do_not_overflow():
    model = lively_model()
    model.params["h.0.attn.c_attn.weight"] *= 100
    cached, recomputed = CachingDecoder(model, [[1, 2, 3]]), RecomputingDecoder(model, [[1, 2, 3]])
    cached.start()
    for token in range(5):
        logits = cached.append(np.array([token]))
        assert np.abs(logits - recomputed.append(np.array([token]))).max() <= 1e-10


@pytest.mark.parametrize("block_size", [1, 2, 3, 5])
def test_the_smallest_contexts_slide_too(block_size):
    model = lively_model(block_size=block_size)
    idx = random_ids(2, 4)
    cached = generate(model, idx, 15, seed=3)
    assert np.array_equal(cached, generate(model, idx, 15, seed=3, use_cache=False))
    assert cached.shape == (2, 19)


def test_cached_logits_are_right_with_an_untied_head_and_another_epsilon():
    model = lively_model(tie_weights=False, layer_norm_epsilon=0.1)
    cached, recomputed = CachingDecoder(model, [[1, 2]]), RecomputingDecoder(model, [[1, 2]])
    assert np.abs(cached.start() - recomputed.start()).max() <= 1e-10
    assert np.abs(cached.append(np.array([3])) - recomputed.append(np.array([3]))).max() <= 1e-10


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 0},
        {"seed": 5},
        {"seed": 6, "temperature": 0.7, "top_k": 9, "top_p": 0.9, "min_p": 0.01, "repetition_penalty": 1.2},
    ],
)
def test_the_same_tokens_come_with_and_without_the_cache(model, settings):
    idx = random_ids(3, 6)
    cached = generate(model, idx, 40, **settings)
    assert np.array_equal(cached, generate(model, idx, 40, use_cache=False, **settings))


def test_the_window_keeps_between_three_quarters_and_all_of_the_context(model):
    decoder = RecomputingDecoder(model, [random_ids(CONTEXT).tolist()])
    lengths = []
    for token in range(20):
        decoder.append(np.array([token]))
        lengths.append(int(decoder.windows.lengths[0]))
        newest = decoder.windows.ids[0, : lengths[-1]][-token - 1 :]
        assert newest.tolist() == list(range(token + 1))[-lengths[-1] :]
    assert lengths[:8] == [13, 14, 15, 16, 13, 14, 15, 16]


def test_within_the_context_generate_is_the_simple_greedy_loop(model):
    idx = random_ids(2, 4)
    simple = generate_text_simple(model, idx, CONTEXT - 4 + 1, CONTEXT)
    assert np.array_equal(generate(model, idx, CONTEXT - 4 + 1, temperature=0), simple)


def test_generate_text_simple_takes_up_after_a_prompt_longer_than_the_context(model):
    idx = random_ids(2, CONTEXT + 5)
    out = generate_text_simple(model, idx, 3, CONTEXT)
    cropped = generate_text_simple(model, idx[:, 5:], 3, CONTEXT)
    assert np.array_equal(out[:, 5:], cropped)


def test_float32_models_give_float32_logits():
    decoder = CachingDecoder(lively_model("float32"), [[1, 2, 3], [4]])
    assert decoder.start().dtype == np.float32
    assert decoder.append(np.array([1, 2])).dtype == np.float32


# --- batches


def test_rows_of_unequal_length_are_what_each_is_alone(model):
    prompts = [random_ids(n, seed=n).tolist() for n in (2, 11, CONTEXT, CONTEXT + 4)]
    together = decoder_for(model, prompts)
    alone = [decoder_for(model, [prompt]) for prompt in prompts]
    logits = [together.start()]
    expected = [np.concatenate([decoder.start() for decoder in alone])]
    for tokens in random_ids(2 * CONTEXT, len(prompts), seed=9):
        logits.append(together.append(tokens))
        expected.append(np.concatenate([d.append(tokens[[i]]) for i, d in enumerate(alone)]))
    assert np.abs(np.array(logits) - np.array(expected)).max() <= 1e-10


def test_a_row_of_a_seed_is_the_same_text_however_many_rows_there_are(model):
    prompt = random_ids(1, 4)
    one = generate(model, prompt, 20, seed=1)
    three = generate(model, np.repeat(prompt, 3, axis=0), 20, seed=1)
    assert np.array_equal(one[0], three[0])
    assert len({tuple(row) for row in three.tolist()}) == 3


def test_the_same_seed_gives_the_same_tokens_and_another_seed_others(model):
    idx = random_ids(2, 4)
    assert np.array_equal(generate(model, idx, 20, seed=1), generate(model, idx, 20, seed=1))
    assert not np.array_equal(generate(model, idx, 20, seed=1), generate(model, idx, 20, seed=2))


def test_the_stream_yields_what_generate_collects_and_the_logits_behind_it(model):
    idx = random_ids(2, 4)
    steps = list(islice(token_stream(model, idx.tolist(), Sampling(temperature=0)), 10))
    tokens = np.stack([tokens for tokens, _ in steps], axis=1)
    assert np.array_equal(tokens, generate(model, idx, 10, temperature=0)[:, 4:])
    assert all(np.array_equal(logits.argmax(-1), tokens) for tokens, logits in steps)


def test_a_strong_repetition_penalty_repeats_nothing_of_the_prompt_or_of_itself():
    # all scores positive, so that the penalty lowers each: BigramLM lets us set them
    model = BigramLM(BigramConfig(VOCABULARY, CONTEXT), dtype="float64")
    model.params["table.weight"][:] = 1 + np.abs(model.params["table.weight"])
    out = generate(model, [[3, 4, 5]], VOCABULARY - 3, temperature=0, repetition_penalty=100.0)
    assert sorted(out[0].tolist()) == list(range(VOCABULARY))


# --- stopping, and what is refused


def test_generation_ends_when_every_row_has_stopped_and_finished_rows_repeat_the_stop(model):
    idx = random_ids(4, 3)
    free = generate(model, idx, 30, seed=2)
    stop = int(free[0, 6])  # row 0 produces it as its fourth token, if not before
    out = generate(model, idx, 30, seed=2, stop_token=stop)
    for row, unstopped in zip(out[:, 3:].tolist(), free[:, 3:].tolist()):
        end = unstopped.index(stop) + 1 if stop in unstopped else len(row)
        assert row[:end] == unstopped[:end]
        assert set(row[end:]) <= {stop}


def test_no_new_tokens_gives_the_prompt_back(model):
    idx = random_ids(2, 3)
    assert np.array_equal(generate(model, idx, 0), idx)


def test_a_bigram_model_generates_too():
    model = BigramLM(BigramConfig(VOCABULARY, CONTEXT), dtype="float64")
    model.params["table.weight"] += np.roll(20 * np.eye(VOCABULARY), 1, axis=1)  # after v comes v + 1
    assert generate(model, [[5]], 30, temperature=0)[0].tolist() == list(range(5, 36))


@pytest.mark.parametrize("use_cache", [True, False])
def test_what_cannot_be_continued_is_refused_in_words(model, use_cache):
    with pytest.raises(ValueError, match="no tokens"):
        generate(model, np.zeros((1, 0), dtype=int), 5, use_cache=use_cache)
    with pytest.raises(ValueError, match="41"):
        generate(model, [[41]], 5, use_cache=use_cache)
    with pytest.raises(ValueError, match="max_new_tokens is -1"):
        generate(model, [[1]], -1, use_cache=use_cache)
    with pytest.raises(ValueError, match="temperature is -1"):
        generate(model, [[1]], 5, temperature=-1, use_cache=use_cache)


def test_the_model_and_the_prompt_are_left_as_they_were(model):
    before = {name: param.copy() for name, param in model.params.items()}
    idx = random_ids(2, 4)
    generate(model, idx, 2 * CONTEXT, seed=0)
    assert np.array_equal(idx, random_ids(2, 4))
    for name, param in before.items():
        assert np.array_equal(model.params[name], param)


# --- the context's edge: both decoders share Windows, so neither can be the other's oracle here


@pytest.mark.parametrize("decoder_class", [CachingDecoder, RecomputingDecoder])
@pytest.mark.parametrize("length", [3, CONTEXT, CONTEXT + 9])
def test_of_a_long_prompt_the_end_is_seen(model, decoder_class, length):
    prompt = random_ids(length).tolist()
    logits = decoder_class(model, [prompt]).start()
    expected, _ = model.forward(np.array([prompt[-CONTEXT:]]))
    assert np.abs(logits - expected[:, -1]).max() <= 1e-10


@pytest.mark.parametrize("decoder_class", [CachingDecoder, RecomputingDecoder])
def test_a_window_that_is_full_lets_its_oldest_quarter_go(model, decoder_class):
    text = random_ids(CONTEXT + 14).tolist()
    short = random_ids(2, seed=4).tolist()  # a row that is never full in these steps
    decoder = decoder_class(model, [text[:CONTEXT], short])
    decoder.start()
    lengths = []
    for n in range(CONTEXT, CONTEXT + 10):
        logits = decoder.append(np.array([text[n], 7]))
        short.append(7)
        seen = (12, 13, 14, 15)[(n - CONTEXT) % 4] + 1  # of the context of 16
        lengths.append(int(decoder.windows.lengths[0]))
        for row, ids in enumerate((text[n + 1 - seen : n + 1], short)):
            expected, _ = model.forward(np.array([ids]))
            assert np.abs(logits[row] - expected[0, -1]).max() <= 1e-10
    assert lengths == [13, 14, 15, 16, 13, 14, 15, 16, 13, 14]


def test_adapters_are_heard_in_what_is_generated():
    adapted = LoRAGPT(lively_model(), rank=2, alpha=4)
    make_order_one(adapted.trained_params(), scale=0.5)
    prompt = random_ids(5).tolist()
    logits = decoder_for(adapted, [prompt]).start()
    assert np.abs(logits - adapted.forward(np.array([prompt]))[0][:, -1]).max() <= 1e-10
    assert np.abs(logits - decoder_for(lively_model(), [prompt]).start()).max() > 0.1


def test_the_penalty_is_for_the_prompt_and_for_what_came_and_is_in_the_logits():
    model = BigramLM(BigramConfig(4, CONTEXT), dtype="float64")
    model.params["table.weight"][:] = [1.0, -1.0, 2.0, 0.5]  # whatever came before
    steps = token_stream(model, [[0, 1]], Sampling(temperature=0, repetition_penalty=2.0))
    logits = [next(steps)[1][0].tolist() for _ in range(2)]
    assert logits == [[0.5, -2, 2, 0.5], [0.5, -2, 1, 0.5]]


def test_settings_reach_the_distribution_under_their_own_names():
    model = BigramLM(BigramConfig(4, CONTEXT), dtype="float64")
    model.params["table.weight"][:] = np.log([0.4, 0.3, 0.2, 0.1])

    def drawn(**settings):
        return set(generate(model, [[0]] * 20, 10, seed=1, **settings)[:, 1:].reshape(-1).tolist())

    assert drawn() == {0, 1, 2, 3}
    assert drawn(top_k=3) == {0, 1, 2}
    assert drawn(top_p=0.75) == {0, 1, 2}
    assert drawn(min_p=0.45) == {0, 1, 2}
    assert drawn(temperature=1e-3) == {0}


@pytest.mark.parametrize("decoder_class", [CachingDecoder, RecomputingDecoder])
def test_one_empty_prompt_among_others_is_refused(model, decoder_class):
    with pytest.raises(ValueError, match="a prompt has no tokens"):
        decoder_class(model, [[1, 2], []])
