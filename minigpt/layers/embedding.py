"""Embeddings: a token id picks a row of a table, and so does its position.

    x[b, t] = wte[idx[b, t]] + wpe[t]           wte (V, C)   wpe (block_size, C)   x (B, T, C)

Backward. A row of a table is used once for every time its id occurs, so its gradient is the sum over
those places; rows that were not used get zero:

    dwte[v] = Σ over (b, t) with idx[b, t] = v  of dx[b, t]           dwpe[t] = Σ_b dx[b, t]

`dwte[idx] += dx` looks right and is not: of equal ids only the last one would count.
"""

from minigpt.backend import scatter_add_rows, xp


def embedding_forward(weight, idx):
    """Look up a row of the table for every id: weight (V, C), idx (...) int -> out (..., C), cache."""
    return weight[idx], (idx, len(weight))


def embedding_backward(dout, cache):
    """dout (..., C) -> dweight (V, C). The ids are integers and have no gradient."""
    idx, n_rows = cache

    # out = weight[idx]
    return scatter_add_rows(n_rows, idx.reshape(-1), dout.reshape(-1, dout.shape[-1]))


def position_embedding_forward(x, weight):
    """Add to every token the vector of its position: x (B, T, C), weight (block_size, C) -> out, cache."""
    T = x.shape[1]
    return x + weight[:T], (T, weight.shape)


def position_embedding_backward(dout, cache):
    """dout (B, T, C) -> dx (B, T, C), dweight (block_size, C)."""
    T, weight_shape = cache

    # out = x + weight[:T]
    dweight = xp.zeros(weight_shape, dtype=dout.dtype)
    dweight[:T] = dout.sum(0)
    return dout, dweight
