def linear(x, weight, bias):
    """Given: x (B, T, I), weight (I, O), bias (O,) -> y (B, T, O)."""
    return x @ weight + bias


def linear_backward(dy, x, weight):
    """dy (B, T, O), x (B, T, I), weight (I, O) -> dx (B, T, I), dweight (I, O), dbias (O,)."""
    dbias = dy.sum((0, 1))
    dweight = (x.swapaxes(1, 2) @ dy).sum(0)
    dx = dy @ weight.T
    return dx, dweight, dbias
