"""How well a model predicts a text: loss in nats, perplexity, bits per byte.

Loss is per token, and tokenizers cut differently: a model on words has a higher loss per token than one
on letters and may still be the better one. Bits per byte divides by the bytes of the text instead, so
that any two models can be compared:

    perplexity = exp(loss)             bits per byte = loss / ln 2 · tokens / bytes

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

WINDOWS = 64  # taken together; the runner cuts them up as it does a batch
SCORED_AT_ONCE = 32


def evaluate(runner, tokens, max_windows=None):
    """The mean loss over non-overlapping windows of a text, a float in nats.

    runner: a parallel.BatchRunner. max_windows takes that many windows, spread evenly over the text and
    the same each time; None takes every window, with a progress bar where that takes a while.
    """
    block_size = runner.model.config.block_size
    x, y = sliding_windows(tokens, block_size, stride=block_size)
    chosen = np.arange(len(x))
    if max_windows is not None and len(x) > max_windows:
        chosen = np.linspace(0, len(x) - 1, max_windows).astype(int)
    total = 0.0
    starts = range(0, len(chosen), WINDOWS)
    for start in tqdm(starts, "evaluate", delay=3, leave=False, dynamic_ncols=True):
        rows = chosen[start : start + WINDOWS]
        total += len(rows) * runner.loss(x[rows].astype(np.int64), y[rows].astype(np.int64))
    return total / len(chosen)


def describe_loss(loss, corpus):
    """A loss on the whole validation text of a data.Corpus, in all three measures."""
    bits = bits_per_byte(loss, len(corpus.validation), corpus.n_validation_bytes)
    return f"validation loss {loss:.4f}, perplexity {perplexity(loss):.2f}, {bits:.3f} bits per byte"


def perplexity(loss):
    """exp(loss): among how many equally likely tokens one would be as unsure; inf where it overflows."""
    return math.exp(loss) if loss < math.log(sys.float_info.max) else math.inf


def bits_per_byte(loss, n_tokens, n_bytes):
    """A loss in nats per token as bits per byte of UTF-8 text."""
    return loss / math.log(2) * n_tokens / n_bytes


def score(runner, ids, stride=None):
    """The mean loss of a text in nats per token, and the number of tokens that were predicted.

    runner: a parallel.BatchRunner. ids: all tokens of the text; the first has nothing before it and is not
    predicted. stride: 1 … block_size, half the context by default. Raises ValueError for another stride,
    or a text of fewer than two tokens.
    """
    T = runner.model.config.block_size
    stride = max(1, T // 2) if stride is None else stride
    if not 1 <= stride <= T:
        raise ValueError(f"the stride is {stride} but must be from 1 to the context of {T} tokens")
    if len(ids) < 2:
        raise ValueError(f"a text of {len(ids)} tokens has nothing to predict: give at least two")
    x, y = scoring_windows(np.asarray(ids, dtype=np.int64), T, stride)
    total = 0.0
    for start in range(0, len(x), SCORED_AT_ONCE):
        part = slice(start, start + SCORED_AT_ONCE)
        total += runner.loss(x[part], y[part]) * int((y[part] != IGNORED).sum())
    n_predicted = len(ids) - 1
    return total / n_predicted, n_predicted


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
