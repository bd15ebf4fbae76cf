"""Layer normalization (Ba, Kiros & Hinton, 2016, arXiv:1607.06450): every token gets mean 0, variance 1.

    μ = mean(x)     σ² = mean((x − μ)²)     n = (x − μ) / √(σ² + ε)     y = n ⊙ γ + β

Backward. γ and β act feature by feature, and every token shares them:

    dβ = Σ dy       dγ = Σ dy ⊙ n           dn = dy ⊙ γ                 (Σ over all tokens)

n depends on x directly, through μ and through σ. With r = 1 / √(σ² + ε) the three paths add up to

    dx = r · (dn − mean(dn) − n · mean(dn ⊙ n))

A check for intuition: shifting or scaling x leaves n as it was, so the gradient can have no part
along either direction. Those are the two means that are taken away.
"""

from minigpt.backend import xp
from minigpt.layers.reductions import column_sum, row_mean


def layernorm_forward(x, weight, bias, eps=1e-5):
    """Normalize each token, then scale by weight (γ) and shift by bias (β).

    x (..., C), weight (C,), bias (C,) -> out (..., C), cache.
    """
    normed = x - row_mean(x)
    rstd = 1 / xp.sqrt(row_mean(normed * normed) + eps)  # (..., 1)
    normed *= rstd
    out = normed * weight
    out += bias
    return out, (normed, rstd, weight)  # n and r carry all that backward needs of x


def layernorm_backward(dout, cache):
    """dout (..., C) -> dx (..., C), dweight (C,), dbias (C,)."""
    normed, rstd, weight = cache
    share = weight * (1 / len(weight))  # mean(dn) = mean(dy ⊙ γ) = dy · γ/C, one product for every token

    # out = normed * weight + bias
    dbias = column_sum(dout)
    dout_normed = dout * normed
    dweight = column_sum(dout_normed)
    dx = dout * weight  # dn

    # normed = (x - mean(x)) * rstd
    dx -= (dout @ share)[..., None]
    dx -= normed * (dout_normed @ share)[..., None]
    dx *= rstd
    return dx, dweight, dbias
