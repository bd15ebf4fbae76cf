"""LoRA (Hu et al., 2021, arXiv:2106.09685, section 4.1): a frozen matrix learns a correction of low rank.

    y = x W + b + s · (x A) B        W (I, O)   A (I, r)   B (r, O)   s = α / r

Fine-tuning changes what a model does in few directions, so that a product of two thin matrices, r = 8
where I and O are hundreds, can hold the change. One factor begins at zero, and with it the correction: B,
or in a token table A, of which each row belongs to one token.

Backward. W and b are constants: dW, half the work of the linear layer's, is not computed. With u = x A,

    dB = s uᵀ dy         du = s dy Bᵀ         dA = xᵀ du         dx = dy Wᵀ + du Aᵀ

The thin products are taken first on both ways; A B itself, as large as W, is never formed.

The table of an embedding is such a matrix too, W (V, C), and a token a row x of zeros with a one in it:
u = x A is then a row of A, and dA the sum of the rows du over the places where their token stands.
"""

from typing import Any, NamedTuple

from minigpt.backend import scatter_add_rows


class FrozenMatrix(NamedTuple):
    """Stands in the place of a weight that is not trained; its correction is, where it has one."""

    weight: Any  # W (I, O)
    a: Any = None  # A (I, r)
    b: Any = None  # B (r, O)
    scale: float = 0.0  # s = α / r


def lora_linear_forward(x, matrix, bias):
    """x (..., I), matrix a FrozenMatrix, bias (O,) or None -> out (..., O), cache."""
    rows = x.reshape(-1, x.shape[-1])  # (N, I)
    out = rows @ matrix.weight
    if bias is not None:
        out += bias
    if matrix.a is None:
        return out.reshape(*x.shape[:-1], out.shape[-1]), (None, matrix)  # dx asks for nothing of x
    low = rows @ matrix.a  # u (N, r)
    out += low @ (matrix.scale * matrix.b)
    return out.reshape(*x.shape[:-1], out.shape[-1]), ((rows, low), matrix)


def lora_linear_backward(dout, cache):
    """dout (..., O) -> dx (..., I), the pair dA, dB (None without a correction), and None for the bias."""
    inputs, (weight, a, b, scale) = cache
    drows = dout.reshape(-1, dout.shape[-1])  # (N, O)
    dx = drows @ weight.T
    dcorrection = None
    if inputs is not None:
        rows, low = inputs
        # out = rows @ weight + bias + (rows @ a) @ (scale * b)
        dlow = drows @ (scale * b).T
        dcorrection = rows.T @ dlow, scale * (low.T @ drows)
        dx += dlow @ a.T
    return dx.reshape(*dout.shape[:-1], len(weight)), dcorrection, None


def lora_embedding_forward(table, idx):
    """table a FrozenMatrix with W (V, C) and a correction, idx (...) int -> out (..., C), cache."""
    low = table.a[idx]  # u (..., r)
    return table.weight[idx] + low @ (table.scale * table.b), ((idx, low), table)


def lora_embedding_backward(dout, cache):
    """dout (..., C) -> the pair dA (V, r), dB (r, C)."""
    (idx, low), (_, a, b, scale) = cache
    drows = dout.reshape(-1, dout.shape[-1])  # (N, C)

    # out = weight[idx] + a[idx] @ (scale * b)
    dlow = drows @ (scale * b).T
    da = scatter_add_rows(len(a), idx.reshape(-1), dlow)
    return da, scale * (low.reshape(len(drows), -1).T @ drows)
