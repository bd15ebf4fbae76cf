"""GELU (Hendrycks & Gimpel, 2016, arXiv:1606.08415), in the tanh form that GPT-2 uses.

    u = √(2/π) · (x + 0.044715 x³)          y = ½ x (1 + tanh u)

A smooth ReLU: x times (nearly) the probability that a standard normal variable is below x.

Backward. The product rule, with tanh′ = 1 − tanh² and u′ = √(2/π) · (1 + 3 · 0.044715 x²):

    dy/dx = ½ (1 + tanh u) + ½ x (1 − tanh² u) · u′

PyTorch's default GELU is the exact one, with the error function; this is its approximate="tanh".
"""

import math

from minigpt.backend import xp

SQRT_2_OVER_PI = math.sqrt(2 / math.pi)  # a Python float: a np.float64 would turn float32 arrays into float64
CUBIC = 0.044715


def gelu_forward(x):
    """x (...) -> out (...), cache."""
    tanh = x * x  # x * x * x, never x**3: a power is some 250 times slower
    tanh *= CUBIC
    tanh += 1
    tanh *= x
    tanh *= SQRT_2_OVER_PI  # u
    xp.tanh(tanh, out=tanh)
    out = tanh + 1
    out *= x
    out *= 0.5
    return out, (x, tanh)


def gelu_backward(dout, cache):
    """dout (...) -> dx (...)."""
    x, tanh = cache

    # u = √(2/π) (x + 0.044715 x³)
    slope = x * x
    slope *= 3 * CUBIC
    slope += 1
    slope *= SQRT_2_OVER_PI  # u′

    # out = 0.5 * x * (1 + tanh(u))
    slope *= x
    slope *= 1 - tanh * tanh
    slope += tanh
    slope += 1
    slope *= 0.5
    slope *= dout
    return slope
