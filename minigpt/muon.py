"""Muon: momentum made orthogonal, for the matrices of the blocks; AdamW for all the rest.

Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/) asks which change O of a matrix lowers
the loss most, if O may lengthen no input: if its singular values are at most 1. With the gradient decomposed,
G = U S Vᵀ, the largest ⟨G, O⟩ is that of O = U Vᵀ: G with every singular value made 1. A gradient has a few
strong directions, which many tokens ask for, and many weak ones, of rarer things; here all of them move
equally far. AdamW does as much number by number, which knows nothing of directions.

    m ← μ m + (1 − μ) g                        momentum, μ = 0.95
    n = μ m + (1 − μ) g                        one step ahead of it (Nesterov)
    w ← w − lr · λ · w − lr · 0.2 √max(n_in, n_out) · orthogonal(n)

An orthogonal matrix of n_in rows and n_out columns has numbers of the root mean square 1 / √max(n_in, n_out).
The scale makes it 0.2, as large as AdamW's steps are, so that one learning rate and one decay serve both (Liu
et al., 2025, arXiv:2502.16982, section 2.2).

A decomposition is slow; products are fast. For X = U S Vᵀ any odd polynomial of the singular values is made
of products alone (Newton–Schulz),

    a X + b (X Xᵀ) X + c (X Xᵀ)² X = U (a S + b S³ + c S⁵) Vᵀ

With (a, b, c) = (15, −10, 3) / 8, five and more of them bring every value below √(7/3) to 1, but a small one
grows by 1.9 a step only. Jordan et al. give up the last percents for speed: 3.4445, −4.7750, 2.0315 have the
steepest a for which the values stay around 1. Five steps take every value from 0.002 to 1 into 0.68 … 1.21,
and a smaller one grows up to 485 times. That much of an error in a length is no harm: the direction counts.

Not for Muon are tables, whose rows belong to a token or a place each and have gradients of their own, the
head, which is such a table, and vectors, which have one direction only.
"""

import math

from minigpt.backend import xp
from minigpt.optim import AdamW

COEFFICIENTS = 3.4445, -4.7750, 2.0315
STEPS = 5
SMALLEST_NORM = 1e-7  # what is shorter than this is no direction
RMS_OF_ADAMW = 0.2
PARTS = {"attn.c_attn.weight": 3}  # q, k and v are three matrices, side by side in one


class Muon(AdamW):
    """Muon over the matrices of a GPT's blocks, AdamW over its other parameters; step() changes them."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, momentum=0.95):
        """params, lr, betas, eps and weight_decay as AdamW has them; betas and eps are AdamW's alone.

        Raises ValueError for parameters without a matrix of a block, and for arrays that are not contiguous.
        """
        super().__init__(params, lr, betas, eps, weight_decay)
        self.momentum = momentum
        self.orthogonal = {name for name in params if is_block_matrix(name)}
        if not self.orthogonal:
            raise ValueError("Muon is for the matrices of a GPT's blocks, and there are none: take AdamW")
        self.v = {name: v for name, v in self.v.items() if name not in self.orthogonal}

    def _update(self, name, grad):
        if name not in self.orthogonal:
            super()._update(name, grad)
            return
        param, m, mu = self.params[name], self.m[name], self.momentum
        update = (1 - mu) * grad
        m *= mu
        m += update
        update += mu * m
        parts = split_columns(update, number_of_parts(name))
        n_in, n_out = parts.shape[1:]
        step = join_columns(orthogonalise(parts))
        step *= self.lr * RMS_OF_ADAMW * math.sqrt(max(n_in, n_out))
        param *= 1 - self.lr * self.weight_decay
        param -= step


def is_block_matrix(name):
    """Whether a parameter is one of the matrices of a block: h.0.attn.c_attn.weight, …"""
    return name.startswith("h.") and name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight"))


def number_of_parts(name):
    return next((n for end, n in PARTS.items() if name.endswith(end)), 1)


def split_columns(matrix, n_parts):
    """(n_in, n_parts · n_out) -> (n_parts, n_in, n_out), matrices that stand side by side."""
    return matrix.reshape(len(matrix), n_parts, -1).swapaxes(0, 1)


def join_columns(parts):
    """(n_parts, n_in, n_out) -> (n_in, n_parts · n_out), undoing split_columns."""
    return parts.swapaxes(0, 1).reshape(parts.shape[1], -1)


def orthogonalise(x):
    """Matrices with all singular values made nearly 1: x (N, n_in, n_out) -> the same shape and dtype.

    A matrix of zeros stays one.
    """
    if x.shape[1] > x.shape[2]:  # products of the shorter side are the smaller ones
        return orthogonalise(x.swapaxes(1, 2)).swapaxes(1, 2)
    norm = xp.sqrt((x * x).sum((1, 2), keepdims=True))
    x = x / xp.maximum(norm, SMALLEST_NORM)  # no singular value is above the norm
    return newton_schulz_wide(x) if 2 * x.shape[1] <= x.shape[2] else newton_schulz(x)


def newton_schulz(x):
    """x (N, n, m) of singular values within 1 -> STEPS times a x + b (x xᵀ) x + c (x xᵀ)² x."""
    for _ in range(STEPS):
        x = polynomial(x @ x.swapaxes(1, 2)) @ x
    return x


def newton_schulz_wide(x):
    """The same for n much below m, with two products of the long side in place of ten.

    A step is p x, where p is a polynomial of g = x xᵀ. What the next one needs of x is (p x)(p x)ᵀ = p g p,
    which is as small as g; x itself is met once more at the end, by the product of all p.
    """
    gram = x @ x.swapaxes(1, 2)  # (N, n, n)
    product = factor = polynomial(gram)
    for _ in range(STEPS - 1):
        gram = factor @ gram @ factor
        factor = polynomial(gram)
        product = factor @ product
    return product @ x


def polynomial(gram):
    """a I + b g + c g²: symmetric matrices gram (N, n, n) -> the same shape."""
    a, b, c = COEFFICIENTS
    out = gram @ gram
    out *= c
    out += b * gram
    diagonals = out.reshape(len(out), -1)[:, :: out.shape[1] + 1]  # (N, n), a view of out
    diagonals += a
    return out
