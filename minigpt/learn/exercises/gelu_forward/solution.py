import math

import numpy as np

A = 0.044715


def gelu(x):
    """x, an array of any shape -> y in the same shape."""
    u = math.sqrt(2 / math.pi) * (x + A * x**3)
    gate = (1 + np.tanh(u)) / 2
    return x * gate
