"""The math: one file a layer, each forward beside its backward.

A layer is a pair of pure functions. `name_forward(arrays…)` returns its output and a cache, an explicit
tuple of what the backward needs; `name_backward(dout, cache)` returns the gradients in the order of the
forward's array arguments. The gradient of `x` is called `dx`.

The files, in the order to read them: linear, gelu, embedding, layernorm, attention, unembedding,
cross_entropy, dropout; recurrence, which only the RNN has; reductions, the sums and maxima of the others.

One legend for shapes: B batch, T time, C channels (n_embd), H heads, D head size, V vocabulary.
"""

from minigpt.layers.attention import attention_backward, attention_forward, attention_shares
from minigpt.layers.cross_entropy import (
    IGNORED,
    cross_entropy_backward,
    cross_entropy_forward,
    token_losses_backward,
    token_losses_forward,
)
from minigpt.layers.dropout import dropout_backward, dropout_forward, dropout_streams
from minigpt.layers.embedding import (
    embedding_backward,
    embedding_forward,
    position_embedding_backward,
    position_embedding_forward,
)
from minigpt.layers.gelu import gelu_backward, gelu_forward
from minigpt.layers.layernorm import layernorm_backward, layernorm_forward
from minigpt.layers.linear import linear_backward, linear_forward
from minigpt.layers.recurrence import recurrence_backward, recurrence_forward
from minigpt.layers.unembedding import unembedding_backward, unembedding_forward

__all__ = [
    "IGNORED",
    "attention_backward",
    "attention_forward",
    "attention_shares",
    "cross_entropy_backward",
    "cross_entropy_forward",
    "dropout_backward",
    "dropout_forward",
    "dropout_streams",
    "embedding_backward",
    "embedding_forward",
    "gelu_backward",
    "gelu_forward",
    "layernorm_backward",
    "layernorm_forward",
    "linear_backward",
    "linear_forward",
    "position_embedding_backward",
    "position_embedding_forward",
    "recurrence_backward",
    "recurrence_forward",
    "token_losses_backward",
    "token_losses_forward",
    "unembedding_backward",
    "unembedding_forward",
]
