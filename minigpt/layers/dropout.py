"""Dropout (Srivastava et al., 2014): switch features off at random while training.

    y = x ⊙ m / (1 − p)          m = 1 with probability 1 − p, else 0

Dividing by 1 − p keeps the expected value of y at x, so that nothing changes when dropout is off.

Backward. m is a constant:   dx = dy ⊙ m / (1 − p).

Each sequence of the batch brings a random stream of its own. Its masks then depend on the sequence and
the step alone, not on which thread computes it or on how the batch was cut into pieces.
"""

from minigpt.backend import xp


def dropout_streams(seed, step, first, count):
    """Random generators for sequences first … first + count − 1 of the batch of one training step."""
    return [xp.random.default_rng([seed, step, sequence]) for sequence in range(first, first + count)]


def keep_mask(shape, p, rngs):
    """A boolean mask (B, ...), True with probability 1 − p; row b is drawn from rngs[b]."""
    return xp.stack([rng.random(shape[1:], dtype=xp.float32) for rng in rngs]) >= p


def dropout_forward(x, p, rngs):
    """Zero a share p of x and scale the rest up.

    x (B, ...), p in [0, 1), rngs a list of B generators -> out (B, ...), cache. With p = 0, or with
    rngs None (evaluation and generation), x comes back as it is.
    """
    if p == 0 or rngs is None:
        return x, None
    mask = keep_mask(x.shape, p, rngs)
    out = x * mask
    out *= 1 / (1 - p)
    return out, (mask, p)


def dropout_backward(dout, cache):
    """dout (B, ...) -> dx (B, ...)."""
    if cache is None:
        return dout
    mask, p = cache

    # out = x * mask / (1 - p)
    dx = dout * mask
    dx *= 1 / (1 - p)
    return dx
