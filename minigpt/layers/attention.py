"""Causal multi-head self-attention (Vaswani et al., 2017, section 3.2): tokens look back and take values.

    q, k, v = split(x W + b)                            x (B, T, C) -> three times (B, H, T, D), C = H·D
    S = q kᵀ / √D          S_ij = −∞ for j > i          how well token i's question fits token j's key
    P = softmax(S)                                      by rows: token i's shares of attention, (T, T)
    y = P v                                             every head; the heads side by side, then W_proj

Backward, for one head, with dy given:

    dv = Pᵀ dy           dP = dy vᵀ
    dS = P ⊙ (dP − δ)    δ_i = Σ_j P_ij dP_ij = Σ_d dy_id y_id
    dq = dS k / √D       dk = dSᵀ q / √D

(Softmax: ∂P_j/∂S_k = P_j (1[j=k] − P_k), hence dS_k = P_k (dP_k − Σ_j P_j dP_j). That the sum equals
dy · y follows from y = P v; it is FlashAttention's remark, Dao et al., 2022, arXiv:2205.14135, appendix B.)

Why √D. If the features of q and k are independent, of mean 0 and variance 1, then q·k is the sum of D
products of variance 1 and has variance D. Scores as wide as √D drive the softmax to shares of nearly 0 and 1,
where its derivative P_j (1[j=k] − P_k) is nearly 0 and little is learned. Divided by √D they have variance 1,
whatever D is (section 3.2.1, footnote 4).

With dropout y = K v, where K = P ⊙ m / (1 − p); so dK = dy vᵀ and dP = dK ⊙ m / (1 − p). Mask and scale may
stand with either factor, δ_i = Σ_j P_ij dP_ij = Σ_j K_ij dK_ij, and by y = K v this is dy_i · y_i as before.

The half of S above the diagonal is −∞, so most of it is never computed: queries are taken in blocks of
rows, and the block of rows start … stop − 1 meets the keys 0 … stop − 1 only.

Without a mask (causal=False, as in BERT) every token sees every other, before and behind it: nothing can be
left out, and one block of rows meets all keys. Backward is the same.
"""

import math
from typing import Any, NamedTuple

from minigpt.backend import xp
from minigpt.layers.dropout import keep_mask
from minigpt.layers.reductions import row_max, row_sum

QUERY_BLOCK = 64  # rows of S computed together; smaller skips more of the masked half, in more calls


class AttentionCache(NamedTuple):
    """What backward needs, and the keys and values that generation keeps."""

    q: Any  # (B, H, T, D), the factor 1 / √D in it
    k: Any  # (B, H, T, D)
    v: Any  # (B, H, T, D)
    y: Any  # (B, T, C)
    blocks: list  # of each block of rows: start, stop, P, P after dropout, the mask of dropout
    p: float


def split_heads(array, n_parts, n_head):
    """(B, T, n_parts·C) -> (n_parts, B, H, T, D), as a view: writing to it writes to the array."""
    B, T, width = array.shape
    D = width // (n_parts * n_head)
    return array.reshape(B, T, n_parts, n_head, D).transpose(2, 0, 3, 1, 4)


def future_mask(n, dtype):
    """(n, n): 0 on and below the diagonal, −∞ above it, to be added to scores."""
    return xp.triu(xp.full((n, n), -math.inf, dtype=dtype), k=1)


def attention_forward(qkv, n_head, p=0.0, rngs=None, causal=True):
    """softmax(q kᵀ / √D) v for all heads: qkv (B, T, 3C) -> y (B, T, C), cache.

    causal: a token sees itself and those before it; else all tokens see all.
    """
    B, T, width = qkv.shape
    q, k, v = split_heads(qkv, 3, n_head)  # (B, H, T, D) each
    q = q * (1 / math.sqrt(q.shape[-1]))  # scaling (T, D) here is cheaper than scaling (T, T) later
    y = xp.empty((B, T, width // 3), dtype=qkv.dtype)
    (heads,) = split_heads(y, 1, n_head)  # (B, H, T, D), a view of y

    blocks = []
    for start in range(0, T, QUERY_BLOCK if causal else T):
        stop = min(start + QUERY_BLOCK, T) if causal else T
        scores = q[:, :, start:stop] @ k[:, :, :stop].swapaxes(-1, -2)  # S (B, H, R, stop)
        if causal:
            scores[..., start:] += future_mask(stop - start, scores.dtype)
        # P = softmax(S) = exp(S − max) / Σ exp(S − max), in the array that held S
        scores -= row_max(scores)
        shares = xp.exp(scores, out=scores)
        shares *= 1 / row_sum(shares)  # now P
        kept, mask = shares, None
        if p > 0 and rngs is not None:
            mask = keep_mask(shares.shape, p, rngs)
            kept = shares * mask
            kept *= 1 / (1 - p)
        # y = kept @ v, written to its rows of y
        xp.matmul(kept, v[:, :, :stop], out=heads[:, :, start:stop])
        blocks.append((start, stop, shares, kept, mask))
    return y, AttentionCache(q, k, v, y, blocks, p)


def attention_shares(cache):
    """P, before dropout: who looks at whom, cache -> (B, H, T, T), row i token i's shares, 0 where masked."""
    B, H, T, _ = cache.q.shape
    P = xp.zeros((B, H, T, T), dtype=cache.q.dtype)
    for start, stop, shares, _, _ in cache.blocks:
        P[:, :, start:stop, :stop] = shares
    return P


def attention_backward(dy, cache):
    """dy (B, T, C) -> dqkv (B, T, 3C)."""
    q, k, v, y, blocks, p = cache
    B, H, T, D = q.shape
    dqkv = xp.empty((B, T, 3 * H * D), dtype=dy.dtype)
    dq, dk, dv = split_heads(dqkv, 3, H)
    (dheads,) = split_heads(dy, 1, H)  # (B, H, T, D)
    (delta,) = split_heads(dy * y, 1, H)
    delta = row_sum(delta)  # δ = Σ_d dy y (B, H, T, 1)

    # Last block first: it alone reaches every key, so it sets dk and dv, and the others add to them.
    for start, stop, shares, kept, mask in reversed(blocks):
        # heads = kept @ v
        dshares = dheads[:, :, start:stop] @ v[:, :, :stop].swapaxes(-1, -2)  # (B, H, R, stop)
        dv_block = kept.swapaxes(-1, -2) @ dheads[:, :, start:stop]
        # kept = shares * mask / (1 - p)
        if mask is not None:
            dshares *= mask
            dshares *= 1 / (1 - p)
        # shares = softmax(scores):  dS = P ⊙ (dP − δ), in the array that held dP
        dshares -= delta[:, :, start:stop]
        dshares *= shares
        dscores = dshares  # the same array, under the name of what it now holds
        # scores = q @ k.T, where q holds the factor 1 / √D: so dk has it, and dq gets it at the end
        dk_block = dscores.swapaxes(-1, -2) @ q[:, :, start:stop]  # (B, H, stop, D)
        xp.matmul(dscores, k[:, :, :stop], out=dq[:, :, start:stop])
        if stop == T:
            dk[:], dv[:] = dk_block, dv_block
        else:
            dk[:, :, :stop] += dk_block
            dv[:, :, :stop] += dv_block
    dq *= 1 / math.sqrt(D)
    return dqkv
