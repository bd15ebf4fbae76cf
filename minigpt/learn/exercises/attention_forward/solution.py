import math

import numpy as np


def softmax(z):
    """Given: z (..., V) -> probabilities (..., V)."""
    exps = np.exp(z - z.max(-1, keepdims=True))
    return exps / exps.sum(-1, keepdims=True)


def attention(q, k, v):
    """q, k (B, T, D), v (B, T, E) -> y (B, T, E), P (B, T, T): for each token its shares of the others."""
    T = q.shape[1]
    S = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    seen = np.tril(np.ones((T, T), dtype=bool))
    P = softmax(np.where(seen, S, -math.inf))
    y = P @ v
    return y, P
