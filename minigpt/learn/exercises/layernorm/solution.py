import numpy as np


def layernorm(x, weight, bias, eps):
    """Given: x (B, T, C), weight (C,), bias (C,) -> y (B, T, C), and what backward needs: n and sigma."""
    mean = x.mean(-1, keepdims=True)
    sigma = np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + eps)  # (B, T, 1)
    n = (x - mean) / sigma
    return n * weight + bias, n, sigma


def layernorm_backward(dy, n, sigma, weight):
    """dy, n (B, T, C), sigma (B, T, 1), weight (C,) -> dx (B, T, C), dweight (C,), dbias (C,)."""
    dbias = dy.sum((0, 1))
    dweight = (dy * n).sum((0, 1))
    dn = dy * weight
    dx = (dn - dn.mean(-1, keepdims=True) - n * (dn * n).mean(-1, keepdims=True)) / sigma
    return dx, dweight, dbias
