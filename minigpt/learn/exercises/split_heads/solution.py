import numpy as np


def split_heads(qkv, n_head):
    """qkv (B, T, 3C) -> q, k, v, each (B, H, T, D) with D = C / n_head."""
    B, T, _ = qkv.shape
    q, k, v = np.split(qkv, 3, axis=-1)
    q = q.reshape(B, T, n_head, -1).swapaxes(1, 2)
    k = k.reshape(B, T, n_head, -1).swapaxes(1, 2)
    v = v.reshape(B, T, n_head, -1).swapaxes(1, 2)
    return q, k, v
