"""Linear layer: one matrix mixes the features of every token.

    y = x W + b              x (..., I)   W (I, O)   b (O,)   y (..., O)

Backward. One output feature is y_o = Σ_i x_i W_io + b_o, so a change of x_i moves every y_o by W_io,
and a change of W_io moves y_o by x_i. Summed over outputs for x, and over all tokens for W and b:

    dx = dy Wᵀ               dW = xᵀ dy               db = Σ dy

The shapes alone leave no other choice: dW must be (I, O), and xᵀ dy is the product that is.

A weight that fine-tuning holds fixed comes as a FrozenMatrix, and lora.py computes with it.
"""

from minigpt.layers.lora import FrozenMatrix, frozen_linear_backward, frozen_linear_forward
from minigpt.layers.reductions import column_sum


def linear_forward(x, weight, bias):
    """x (..., I), weight (I, O), bias (O,) -> out (..., O), cache."""
    if isinstance(weight, FrozenMatrix):
        return frozen_linear_forward(x, weight, bias)
    # One tall matrix product is much faster than a batch of small ones.
    out = x.reshape(-1, x.shape[-1]) @ weight
    out += bias
    return out.reshape(*x.shape[:-1], -1), (x, weight)


def linear_backward(dout, cache):
    """dout (..., O) -> dx (..., I), dweight (I, O), dbias (O,)."""
    x, weight = cache
    if isinstance(weight, FrozenMatrix):
        return frozen_linear_backward(dout, cache)
    rows = x.reshape(-1, x.shape[-1])  # (N, I), N tokens
    drows = dout.reshape(-1, dout.shape[-1])  # (N, O)

    # out = x @ weight + bias
    dbias = column_sum(drows)
    dweight = rows.T @ drows
    dx = drows @ weight.T
    return dx.reshape(x.shape), dweight, dbias
