"""GELU (Hendrycks & Gimpel, 2016, arXiv:1606.08415), in the tanh form that GPT-2 uses.

    u = √(2/π) · (x + 0.044715 x³)          g = ½ (1 + tanh u)          y = x · g

A smooth ReLU: x times a gate g, which is (nearly) Φ(x), the probability that a standard normal variable is
below x: 0 far to the left, ½ at 0, 1 far to the right.

Without it a feed-forward layer would be no more than one linear layer, however wide its middle:
(x W₁ + b₁) W₂ + b₂ = x (W₁ W₂) + (b₁ W₂ + b₂). What is not linear between them makes two worth having.

The numbers are Page's (1977, Applied Statistics 26, pp. 75–76). √(2/π) gives the gate the slope of Φ at 0,
1/√(2π). The series of Φ at 0 would ask for (4 − π) / 6π = 0.0455 before the cubic term; 0.044715 is fitted,
so that the gate's largest error anywhere is as small as one coefficient can make it, 0.00018.

Backward. The product rule, and since tanh′ = 1 − tanh² = 4 g (1 − g), the gate's slope is 2 g (1 − g) u′:

    dy/dx = g + x · 2 g (1 − g) · u′        u′ = √(2/π) · (1 + 3 · 0.044715 x²)

PyTorch's default GELU is the exact one, with the error function; this is its approximate="tanh".
"""

import math

from minigpt.backend import xp

SQRT_2_OVER_PI = math.sqrt(2 / math.pi)  # a Python float: a np.float64 would turn float32 arrays into float64
CUBIC = 0.044715


def gelu_forward(x):
    """x (...) -> out (...), cache."""
    # u = √(2/π) (x + 0.044715 x³), in products: a power takes many times as long
    gate = x * x
    gate *= CUBIC * SQRT_2_OVER_PI
    gate += SQRT_2_OVER_PI
    gate *= x  # now u
    # gate = ½ (1 + tanh u)
    xp.tanh(gate, out=gate)
    gate += 1
    gate *= 0.5
    return x * gate, (x, gate)


def gelu_backward(dout, cache):
    """dout (...) -> dx (...)."""
    x, gate = cache

    # u = √(2/π) (x + 0.044715 x³)
    slope = x * x
    slope *= 2 * 3 * CUBIC * SQRT_2_OVER_PI
    slope += 2 * SQRT_2_OVER_PI  # now 2 u′

    # out = x * gate(u)
    slope *= x
    slope *= gate
    slope *= 1 - gate  # now x · 2 g (1 − g) u′
    slope += gate  # now dy/dx
    slope *= dout  # now dx
    return slope
