import math

import numpy as np


def attention(q, k, v):
    """Given: q, k (B, T, D), v (B, T, E) -> y (B, T, E), P (B, T, T)."""
    S = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    S = np.where(np.tril(np.ones(S.shape[-2:], dtype=bool)), S, -math.inf)
    exps = np.exp(S - S.max(-1, keepdims=True))
    P = exps / exps.sum(-1, keepdims=True)
    return P @ v, P


def attention_backward(dy, q, k, v, P):
    """dy, v (B, T, E), q, k (B, T, D), P (B, T, T) -> dq, dk (B, T, D), dv (B, T, E)."""
    dv = P.swapaxes(-1, -2) @ dy
    dP = dy @ v.swapaxes(-1, -2)
    dS = P * (dP - (P * dP).sum(-1, keepdims=True))
    dq = dS @ k / math.sqrt(q.shape[-1])
    dk = dS.swapaxes(-1, -2) @ q / math.sqrt(q.shape[-1])
    return dq, dk, dv
