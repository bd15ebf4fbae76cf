"""How well a model predicts a text: loss in nats, perplexity, bits per byte.

Loss is per token, and tokenizers cut differently: a model on words has a higher loss per token than one
on letters and may still be the better one. Bits per byte divides by the bytes of the text instead, so
that any two models can be compared:

    perplexity = exp(loss)             bits per byte = loss / ln 2 · tokens / bytes

Tokens are all that are predicted, the ends of documents among them. Bytes are those of the text in UTF-8, and
the letters of a mark such as <|endoftext|>, or of what else parts documents, are no text: they do not count.

`evaluate` is the measure during training: windows side by side, of which each begins with nothing before
it. `score` is the fairer one, for a text of any length: the window moves on by `stride` tokens only, and of
each window after the first only the last `stride` predictions count. Every token is predicted once, with at
least block_size − stride tokens before it (all of them, where there are fewer). A small stride is the fairer
measure and the longer computation.
"""

import math
import sys

import numpy as np
from tqdm import tqdm

from minigpt.layers import IGNORED
from minigpt.training.corpus import sliding_windows
from minigpt.training.document_windows import document_batch

WINDOWS = 64  # taken together; the runner cuts them up as it does a batch
SCORED_AT_ONCE = 32


def evaluate(runner, tokens, max_windows=None):
    """The mean loss over non-overlapping windows of a text, a float in nats.

    runner: a BatchRunner (runner.py). tokens: the ids of the text, (N,) ints. max_windows takes that many
    windows, spread evenly over the text and the same each time; None takes every window, with a progress bar
    where that takes a while.
    """
    block_size = runner.model.config.block_size
    x, y = sliding_windows(tokens, block_size, stride=block_size)
    return mean_loss(
        runner, len(x), lambda rows: (x[rows].astype(np.int64), y[rows].astype(np.int64)), max_windows
    )


def evaluate_documents(runner, tokens, edges, max_windows=None):
    """As evaluate, a float in nats, over windows that begin at documents; edges: those of find_windows."""
    return mean_loss(runner, len(edges) - 1, lambda rows: document_batch(tokens, edges, rows), max_windows)


def mean_loss(runner, n_windows, batch_of, max_windows):
    """The mean loss over the counted targets of some windows, or of all, a float in nats.

    batch_of(rows): the windows of these numbers, (B,) ints, as x (B, T) and targets y (B, T), int64.
    """
    chosen = np.arange(n_windows)
    if max_windows is not None and n_windows > max_windows:
        chosen = np.linspace(0, n_windows - 1, max_windows).astype(int)
    total = n_counted = 0
    starts = range(0, len(chosen), WINDOWS)
    for start in tqdm(starts, "evaluate", delay=3, leave=False, dynamic_ncols=True):
        x, y = batch_of(chosen[start : start + WINDOWS])
        n = int((y != IGNORED).sum())
        total += n * runner.loss(x, y)
        n_counted += n
    return total / n_counted


def describe_loss(loss, n_tokens, n_bytes):
    """A loss on a whole validation text of so many tokens and bytes, in all three measures."""
    bits = bits_per_byte(loss, n_tokens, n_bytes)
    return f"validation loss {loss:.4f}, perplexity {perplexity(loss):.2f}, {bits:.3f} bits per byte"


def perplexity(loss):
    """exp(loss): among how many equally likely tokens one would be as unsure; inf where it overflows."""
    return math.exp(loss) if loss < math.log(sys.float_info.max) else math.inf


def bits_per_byte(loss, n_tokens, n_bytes):
    """A loss in nats per token as bits per byte of UTF-8 text."""
    return loss / math.log(2) * n_tokens / n_bytes


def score(runner, ids, stride=None):
    """The mean loss of a text in nats per token, and the number of tokens that were predicted.

    runner: a BatchRunner (runner.py). ids: all tokens of the text; the first has nothing before it and is not
    predicted. stride: 1 … block_size, half the context by default. Raises ValueError for another stride,
    or a text of fewer than two tokens.
    """
    T = runner.model.config.block_size
    stride = checked_stride(stride, T)
    if len(ids) < 2:
        raise ValueError(f"a text of {len(ids)} tokens has nothing to predict: give at least two")
    x, y = scoring_windows(np.asarray(ids, dtype=np.int64), T, stride)
    n_predicted = len(ids) - 1
    return summed_loss(runner, x, y) / n_predicted, n_predicted


def score_documents(runner, documents, stride=None):
    """As score, for documents that know nothing of each other: each has only its own tokens before it.

    documents: lists of ids, each with the end-of-text token before it and behind it; that before it is not
    predicted.
    """
    T = runner.model.config.block_size
    stride = checked_stride(stride, T)
    if not documents:
        raise ValueError("a text without documents has nothing to predict: give at least one")
    total = n_predicted = 0
    for start in range(0, len(documents), SCORED_AT_ONCE):
        windows = [
            scoring_windows(np.asarray(ids, dtype=np.int64), T, stride)
            for ids in documents[start : start + SCORED_AT_ONCE]
        ]
        x, y = (np.concatenate(arrays) for arrays in zip(*windows))
        longest = int((y != IGNORED).any(axis=0).nonzero()[0].max()) + 1
        total += summed_loss(runner, x[:, :longest], y[:, :longest])
        n_predicted += int((y != IGNORED).sum())
    return total / n_predicted, n_predicted


def checked_stride(stride, T):
    """The stride of --score, half the context T where none is given. Raises ValueError out of range."""
    stride = max(1, T // 2) if stride is None else stride
    if not 1 <= stride <= T:
        raise ValueError(f"the stride is {stride} but must be from 1 to the context of {T} tokens")
    return stride


def summed_loss(runner, x, y):
    """The losses of all counted targets, summed."""
    total = 0.0
    for start in range(0, len(x), SCORED_AT_ONCE):
        part = slice(start, start + SCORED_AT_ONCE)
        total += runner.loss(x[part], y[part]) * int((y[part] != IGNORED).sum())
    return total


def scoring_windows(ids, T, stride):
    """Windows (N, T) over a text, and targets (N, T) of which every token but the first is counted once.

    What is not counted is −100: predictions that an earlier window has made, and the end of the last row.
    """
    n_predicted = len(ids) - 1
    starts = np.arange(0, max(1, n_predicted - T + stride), stride)
    positions = starts[:, None] + np.arange(T)  # (N, T), of the inputs in the text
    x = ids[np.minimum(positions, n_predicted)]  # beyond the end the last token again: nothing looks ahead
    y = ids[np.minimum(positions + 1, n_predicted)]
    counted = positions < n_predicted
    counted[1:, : T - stride] = False
    return x, np.where(counted, y, IGNORED)
