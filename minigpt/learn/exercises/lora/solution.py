def lora(x, weight, a, b, scale):
    """Given: x (N, I), weight (I, O), a (I, r), b (r, O), scale, a number -> y (N, O)."""
    return x @ weight + scale * (x @ a) @ b


def lora_backward(dy, x, weight, a, b, scale):
    """dy (N, O), the rest as above -> dx (N, I), da (I, r), db (r, O)."""
    db = scale * ((x @ a).T @ dy)
    du = scale * (dy @ b.T)
    da = x.T @ du
    dx = dy @ weight.T + du @ a.T
    return dx, da, db
