import numpy as np


def embedding(table, idx):
    """Given: table (V, C), idx (B, T) int -> x (B, T, C): for each id its row of the table."""
    return table[idx]


def embedding_backward(dx, idx, V):
    """dx (B, T, C), idx (B, T) int from 0 to V - 1 -> dtable (V, C)."""
    dtable = np.zeros((V, dx.shape[-1]))
    for b, t in np.ndindex(idx.shape):
        dtable[idx[b, t]] += dx[b, t]
    return dtable
