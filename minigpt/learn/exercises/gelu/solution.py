import math

import numpy as np

A = 0.044715


def gelu(x):
    """Given: x, an array of any shape -> y in the same shape."""
    u = math.sqrt(2 / math.pi) * (x + A * x**3)
    gate = (1 + np.tanh(u)) / 2
    return x * gate


def gelu_backward(dy, x):
    """dy and x, arrays of one shape -> dx in that shape."""
    u = math.sqrt(2 / math.pi) * (x + A * x**3)
    gate = (1 + np.tanh(u)) / 2
    dgate = dy * x
    du = dgate * 2 * gate * (1 - gate)
    du_dx = math.sqrt(2 / math.pi) * (1 + 3 * A * x**2)
    return dy * gate + du * du_dx
