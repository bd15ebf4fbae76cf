"""Loss over a whole text, over a part of it, and bits per byte."""

import math

import numpy as np
import pytest
from models import order_one, order_one_gpt

from minigpt import BigramConfig, BigramLM
from minigpt.training import evaluation
from minigpt.training.document_windows import find_windows
from minigpt.training.evaluation import (
    bits_per_byte,
    describe_loss,
    evaluate,
    evaluate_documents,
    perplexity,
    score,
    score_documents,
)
from minigpt.training.runner import BatchRunner

V, T = 5, 4
TEXT = np.random.default_rng(0).integers(V, size=43)  # ten windows and two tokens left over


def log_probabilities():
    table = MODEL.params["table.weight"]
    return table - np.log(np.exp(table).sum(1, keepdims=True))


MODEL = order_one(BigramLM(BigramConfig(V, T), dtype="float64"))


@pytest.mark.parametrize("together", [1, 3, 10, 64])
def test_the_loss_is_the_mean_over_every_window_however_many_are_taken_together(together, monkeypatch):
    """Windows touch: of 43 tokens the first 40 are inputs, and the 41st is the last target."""
    monkeypatch.setattr(evaluation, "WINDOWS", together)
    expected = -log_probabilities()[TEXT[:40], TEXT[1:41]].mean()
    with BatchRunner(MODEL, workers=2) as runner:
        assert evaluate(runner, TEXT) == pytest.approx(expected, rel=1e-12)


def test_a_limited_evaluation_takes_windows_from_all_over_the_text_and_the_same_each_time():
    seen = []

    class Runner:
        model = MODEL

        def loss(self, x, y):
            assert np.array_equal(x[:, 1:], y[:, :-1]), "targets are the tokens one place further on"
            seen.extend(x[:, 0].tolist())
            return float(x[:, 0].mean())

    tokens = np.arange(4001)
    loss = evaluate(Runner(), tokens, max_windows=6)
    assert seen == [0, 796, 1596, 2396, 3196, 3996]  # windows 0, 199, … 999: the first to the last
    assert loss == pytest.approx(np.mean(seen))
    assert evaluate(Runner(), tokens, max_windows=6) == loss


def test_a_limit_above_the_text_takes_every_window():
    with BatchRunner(MODEL, workers=1) as runner:
        assert evaluate(runner, TEXT, max_windows=99) == evaluate(runner, TEXT)


def test_bits_per_byte_of_a_model_that_guesses_among_all_bytes_is_eight():
    assert bits_per_byte(math.log(256), n_tokens=1000, n_bytes=1000) == pytest.approx(8)
    assert bits_per_byte(math.log(4), n_tokens=500, n_bytes=1000) == pytest.approx(1)  # two bytes a token


def test_a_text_too_short_for_a_window_says_how_short():
    with BatchRunner(MODEL, workers=1) as runner:
        with pytest.raises(ValueError, match="the text has 4 tokens but one window of block_size 4"):
            evaluate(runner, TEXT[:4])


# Documents

END = V - 1
DOCUMENTS = [[0, 1, 2, 3, 0, 1], [2], [3, 3, 1], [0], [1, 0, 2, 2, 3, 1, 0, 0, 3]]
FRAMED = [[END, *document, END] for document in DOCUMENTS]
JOINED = np.array([END, *(token for document in DOCUMENTS for token in (*document, END))])


def mean_loss_of_framed():
    """By the table itself: all that follows the first END, whatever stands before it in the array."""
    losses = [-log_probabilities()[x, y] for ids in FRAMED for x, y in zip(ids, ids[1:])]
    return np.mean(losses)


@pytest.mark.parametrize("together", [1, 2, 64])
def test_the_loss_of_documents_is_the_mean_over_their_tokens_and_ends_not_over_batches_or_padding(
    together, monkeypatch, tmp_path
):
    monkeypatch.setattr(evaluation, "WINDOWS", together)
    edges = find_windows(JOINED, END, T, tmp_path / "edges")
    with BatchRunner(MODEL, workers=2) as runner:
        assert evaluate_documents(runner, JOINED, edges) == pytest.approx(mean_loss_of_framed(), rel=1e-12)


def test_a_limited_evaluation_of_documents_takes_windows_from_all_over(tmp_path):
    seen = []

    class Runner:
        model = MODEL

        def loss(self, x, y):
            seen.extend(x[:, 1].tolist())
            return 1.0

    documents = np.array([[END, i] for i in range(1000, 2001)]).ravel()
    tokens = np.append(documents, END)
    edges = find_windows(tokens, END, T, tmp_path / "edges")
    for _ in range(2):
        assert evaluate_documents(Runner(), tokens, edges, max_windows=3) == 1.0
    assert seen == [1000, 1500, 2000] * 2


@pytest.mark.parametrize("stride", [1, 2, 4, None])
def test_documents_are_scored_each_by_itself(stride):
    """A bigram model sees one token, so that any stride gives the same; a GPT is held against one by one."""
    with BatchRunner(MODEL, workers=1) as runner:
        loss, n = score_documents(runner, FRAMED, stride)
    assert n == sum(len(document) + 1 for document in DOCUMENTS)
    assert loss == pytest.approx(mean_loss_of_framed(), rel=1e-12)
    with BatchRunner(order_one_gpt(), workers=1) as runner:
        alone = [score(runner, ids, stride) for ids in FRAMED]
        together, n = score_documents(runner, FRAMED, stride)
    assert n == sum(n for _, n in alone)
    assert together == pytest.approx(sum(loss * n for loss, n in alone) / n, rel=1e-12)


def test_no_documents_and_a_bad_stride_are_a_sentence():
    with BatchRunner(MODEL, workers=1) as runner:
        with pytest.raises(ValueError, match="without documents"):
            score_documents(runner, [])
        with pytest.raises(ValueError, match="the stride is 5"):
            score_documents(runner, FRAMED, 5)


def test_a_loss_is_described_by_tokens_and_bytes():
    assert describe_loss(math.log(4), 500, 1000) == (
        "validation loss 1.3863, perplexity 4.00, 1.000 bits per byte"
    )


def test_perplexity_is_e_to_the_loss():
    assert perplexity(0.0) == 1
    assert perplexity(math.log(50257)) == pytest.approx(50257)
    assert perplexity(1e6) == math.inf
