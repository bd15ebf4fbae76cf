import numpy as np


def layernorm(x, weight, bias, eps):
    """x (B, T, C), weight (C,), bias (C,), eps a small number -> y (B, T, C)."""
    mean = x.mean(-1, keepdims=True)
    var = ((x - mean) ** 2).mean(-1, keepdims=True)
    n = (x - mean) / np.sqrt(var + eps)
    return n * weight + bias
