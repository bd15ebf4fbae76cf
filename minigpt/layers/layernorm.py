"""Layer normalization (Ba, Kiros & Hinton, 2016, arXiv:1607.06450): every token gets mean 0, variance 1.

    μ = mean(x)     σ² = mean((x − μ)²)     n = (x − μ) / √(σ² + ε)     y = n ⊙ γ + β

Backward. γ and β act feature by feature, and every token shares them:

    dβ = Σ dy       dγ = Σ dy ⊙ n           dn = dy ⊙ γ                 (Σ over all tokens)

n depends on x directly, through μ and through σ. With r = 1 / √(σ² + ε) the three paths add up to

    dx = r · (dn − mean(dn) − n · mean(dn ⊙ n))

A check for intuition: shifting x leaves n as it was, so the gradient has no part along (1, …, 1). Scaling x
leaves n as it was but for ε, so along n it has next to none: Σ dx (x − μ) = ε / (σ² + ε) · Σ dn ⊙ n, which
goes to 0 with ε. Those are the two means that are taken away.
"""

from minigpt.backend import xp
from minigpt.layers.reductions import column_sum, row_mean


def layernorm_forward(x, weight, bias, eps=1e-5):
    """Normalize each token, then scale by weight (γ) and shift by bias (β).

    x (..., C), weight (C,), bias (C,) -> out (..., C), cache.
    """
    normed = x - row_mean(x)  # x − μ so far
    rstd = 1 / xp.sqrt(row_mean(normed * normed) + eps)  # r (..., 1)
    normed *= rstd  # now n
    out = normed * weight
    out += bias
    return out, (normed, rstd, weight)  # n and r carry all that backward needs of x


def layernorm_backward(dout, cache):
    """dout (..., C) -> dx (..., C), dweight (C,), dbias (C,)."""
    normed, rstd, weight = cache

    # out = normed * weight + bias
    dbias = column_sum(dout)
    dweight = column_sum(dout * normed)
    dnormed = dout * weight

    # normed = (x - mean(x)) * rstd
    dx = dnormed - row_mean(dnormed)
    dx -= normed * row_mean(dnormed * normed)
    dx *= rstd
    return dx, dweight, dbias
