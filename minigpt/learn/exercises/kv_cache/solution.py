import math

import numpy as np


def softmax(z):
    """Given: z (..., V) -> probabilities (..., V)."""
    exps = np.exp(z - z.max(-1, keepdims=True))
    return exps / exps.sum(-1, keepdims=True)


def attention_step(q, k, v, keys, values):
    """q, k, v (B, 1, D) of the new token; keys, values (B, T, D) of those before.

    -> y (B, 1, D), keys, values (B, T + 1, D)
    """
    keys = np.concatenate([keys, k], axis=1)
    values = np.concatenate([values, v], axis=1)
    P = softmax(q @ keys.swapaxes(-1, -2) / math.sqrt(q.shape[-1]))  # (B, 1, T + 1)
    y = P @ values
    return y, keys, values
