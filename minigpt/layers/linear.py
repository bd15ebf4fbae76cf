"""Linear layer: one matrix mixes the features of every token.

    y = x W + b              x (..., I)   W (I, O)   b (O,)   y (..., O)

Backward. One output feature is y_o = Σ_i x_i W_io + b_o, so a change of x_i moves every y_o by W_io,
and a change of W_io moves y_o by x_i. Summed over outputs for x, and over all tokens for W and b:

    dx = dy Wᵀ               dW = xᵀ dy               db = Σ dy

Shapes help to remember it, dW must be (I, O), but decide little: with I = O the transpose dyᵀ x fits as
well, and a mean over tokens always does. What decides is which index is summed: dW_io = Σ_n x_ni dy_no.
"""

from minigpt.layers.reductions import column_sum


def linear_forward(x, weight, bias):
    """x (..., I), weight (I, O), bias (O,) -> out (..., O), cache."""
    # One tall matrix product is much faster than a batch of small ones.
    out = x.reshape(-1, x.shape[-1]) @ weight
    out += bias
    return out.reshape(*x.shape[:-1], len(bias)), (x, weight)


def linear_backward(dout, cache):
    """dout (..., O) -> dx (..., I), dweight (I, O), dbias (O,)."""
    x, weight = cache
    rows = x.reshape(-1, x.shape[-1])  # (N, I), N tokens
    drows = dout.reshape(-1, dout.shape[-1])  # (N, O)

    # out = x @ weight + bias
    dbias = column_sum(drows)
    dweight = rows.T @ drows
    dx = drows @ weight.T
    return dx.reshape(x.shape), dweight, dbias
