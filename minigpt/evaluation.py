"""How well a model predicts a text: loss in nats, perplexity, bits per byte.

Loss is per token, and tokenizers cut differently: a model on words has a higher loss per token than one
on letters and may still be the better one. Bits per byte divides by the bytes of the text instead, so
that any two models can be compared:

    perplexity = exp(loss)             bits per byte = loss / ln 2 · tokens / bytes
"""

import math
import sys

import numpy as np
from tqdm import tqdm

from minigpt.data import sliding_windows

WINDOWS = 64  # taken together; the runner cuts them up as it does a batch


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
