import numpy as np


def layernorm_parts(x, eps):
    """Given: x (B, T, C) -> n (B, T, C), and sigma = sqrt(var + eps) (B, T, 1)."""
    mean = x.mean(-1, keepdims=True)
    sigma = np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + eps)
    return (x - mean) / sigma, sigma


def layernorm_parts_backward(dn, n, sigma):
    """dn, n (B, T, C), sigma (B, T, 1) -> dsigma, dvar, dmean, each (B, T, 1)."""
    dsigma = -(dn * n).sum(-1, keepdims=True) / sigma
    dvar = dsigma / (2 * sigma)
    dmean = -dn.sum(-1, keepdims=True) / sigma
    return dsigma, dvar, dmean
