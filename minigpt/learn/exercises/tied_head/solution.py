import numpy as np


def tied(table, idx, network):
    """Given: table (V, C), idx (B, T) int -> logits (B, T, V). The table is used at both ends."""
    hidden = network(table[idx])
    return hidden @ table.T


def tied_backward(dlogits, table, idx, hidden, network_backward):
    """dlogits (B, T, V), table (V, C), idx (B, T) int, hidden (B, T, C) -> dtable (V, C)."""
    dhead = (dlogits.swapaxes(1, 2) @ hidden).sum(0)
    dhidden = dlogits @ table
    dx = network_backward(dhidden)
    dtable = np.zeros(table.shape)
    for b, t in np.ndindex(idx.shape):
        dtable[idx[b, t]] += dx[b, t]
    return dtable + dhead
