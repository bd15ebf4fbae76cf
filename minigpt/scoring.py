"""How surprised a model is by a text of any length: its mean loss, by a window that slides.

A model sees block_size tokens at most. Windows side by side would ask it for each window's first tokens
with hardly anything before them. So the window moves on by `stride` tokens only, and of each window after
the first only the last `stride` predictions count: every token is predicted once, with at least
block_size − stride tokens before it (all of them, where there are fewer). A small stride is the fairer
measure and the longer computation.
"""

import numpy as np

from minigpt.layers import IGNORED

WINDOWS_AT_ONCE = 32


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
    for start in range(0, len(x), WINDOWS_AT_ONCE):
        part = slice(start, start + WINDOWS_AT_ONCE)
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
