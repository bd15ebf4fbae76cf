"""Maximum, sum and mean over the last axis, each kept as an axis of one: (..., n) -> (..., 1).

They say `x.max(-1, keepdims=True)` and so on in operations that NumPy has fast code for. Its own max and
sum treat the last axis row by row, and the rows of a transformer are short: on (6, 4, 64, 64) float32
these take a third and a sixth of the time.
"""

from minigpt.backend import xp


def row_max(x):
    """The maximum of every row: NumPy's argmax is vectorised where its max is not."""
    return xp.take_along_axis(x, x.argmax(-1, keepdims=True), -1)


def row_sum(x):
    """The sum of every row, as a product with a vector of ones."""
    n = x.shape[-1]
    return (x.reshape(-1, n) @ xp.ones(n, dtype=x.dtype)).reshape(*x.shape[:-1], 1)


def row_mean(x):
    """The mean of every row."""
    return row_sum(x) * (1 / x.shape[-1])
