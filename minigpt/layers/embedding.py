"""Embeddings: a token id picks a row of a table, and so does its position.

    x[b, t] = wte[idx[b, t]] + wpe[t]           wte (V, C)   wpe (block_size, C)   x (B, T, C)

Backward. A row of a table is used once for every time its id occurs, so its gradient is the sum over
those places; rows that were not used get zero:

    dwte[v] = Σ over (b, t) with idx[b, t] = v  of dx[b, t]           dwpe[t] = Σ_b dx[b, t]

`dwte[idx] += dx` looks right and is not: of equal ids only the last one would count.

A table that fine-tuning holds fixed comes as a FrozenMatrix, and lora.py computes with it.
"""

from minigpt.backend import scatter_add_rows, xp
from minigpt.layers.lora import FrozenMatrix, frozen_embedding_backward, frozen_embedding_forward


def embedding_forward(weight, idx):
    """Look up a row of the table for every id: weight (V, C), idx (...) int -> out (..., C), cache."""
    if isinstance(weight, FrozenMatrix):
        return frozen_embedding_forward(weight, idx)
    return weight[idx], (idx, weight)


def embedding_backward(dout, cache):
    """dout (..., C) -> dweight (V, C). The ids are integers and have no gradient."""
    idx, weight = cache
    if isinstance(weight, FrozenMatrix):
        return frozen_embedding_backward(dout, cache)
    return scatter_add_rows(len(weight), idx.reshape(-1), dout.reshape(-1, dout.shape[-1]))


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
