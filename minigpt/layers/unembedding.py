"""The head: how well does the next token's row of a table fit what the model has made of the text so far?

    z = x Wᵀ                 x (..., C)   W (V, C)   z (..., V)

A linear layer without bias, whose matrix keeps one row a token, as the embedding's does: so the two can
be one table ("tied", Press & Wolf, 2017, arXiv:1608.05859). Every logit is the dot product of x with a row.

Backward is the linear layer's, transposed:

    dx = dz W                dW = dzᵀ x
"""


def unembedding_forward(x, weight):
    """x (..., C), weight (V, C) -> logits (..., V), cache."""
    logits = x.reshape(-1, x.shape[-1]) @ weight.T
    return logits.reshape(*x.shape[:-1], len(weight)), (x, weight)


def unembedding_backward(dlogits, cache):
    """dlogits (..., V) -> dx (..., C), dweight (V, C)."""
    x, weight = cache
    drows = dlogits.reshape(-1, dlogits.shape[-1])  # (N, V)

    # logits = x @ weight.T
    dweight = drows.T @ x.reshape(-1, x.shape[-1])
    dx = drows @ weight
    return dx.reshape(x.shape), dweight
