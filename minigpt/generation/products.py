"""Products with weights that come from memory: read once a token, and for few rows that takes all the time.

A product is bound by arithmetic where many rows share a matrix, and by memory where one or two do: then it is
done when the weights have been read. Memory is read fastest in the order in which it lies. BLAS, whose
kernels are made for matrices in the caches, walks along four or eight rows of a matrix side by side for one
row of text, and for two copies the matrix into another order first: on Zen 4 it gets 13 to 20 GB/s, and 5,
where 28 can be read. So here the sums are taken in the order of the memory:

    x W         Σ_i x_i W_i         W (I, O): one row of W after the other is added to the result
    x Wᵀ        x · W_v             W (V, C): one row of W after the other makes one of the results

Of matrices that the caches hold, and with many rows, BLAS is faster.
"""

import numpy as np

from minigpt.backend import on_host, xp

LARGE = 4_000_000  # bytes of a matrix that the next token does not find in a core's cache
FEW_FOR_MATRIX = 3  # rows, for which to read a matrix as many times is faster than to copy it once
FEW_FOR_TABLE = 8
LONG = 256  # numbers in a table's row, from which on a call for it is worth while


def matrix_product(n_rows, matrix):
    """The fastest function for that many rows times such a matrix: x (B, I), weight (I, O), out (B, O).

    It is for parts of the matrix too, which are some of its rows.
    """
    large = on_host() and matrix.nbytes >= LARGE
    return row_by_row if large and n_rows <= FEW_FOR_MATRIX else xp.matmul


def table_product(n_rows, table):
    """The fastest function for that many rows times such a table: x (B, C), table (V, C), out (B, V)."""
    large = on_host() and table.nbytes >= LARGE and table.shape[1] >= LONG
    return dot_by_dot if large and n_rows <= FEW_FOR_TABLE else transposed_product


def row_by_row(x, weight, out=None):
    """x (B, I) @ weight (I, O) -> out (B, O)."""
    if out is None:
        out = np.empty((len(x), weight.shape[1]), x.dtype)
    for row, result in zip(x, out):
        np.einsum("i,io->o", row, weight, out=result)
    return out


def dot_by_dot(x, table, out):
    """x (B, C) @ table.T (C, V) -> out (B, V)."""
    for row, result in zip(x, out):
        # V products of a row with a column, for each of which NumPy asks BLAS for a dot product
        np.matmul(table[:, None], row[:, None], out=result[:, None, None])


def transposed_product(x, table, out):
    """x (B, C) @ table.T (C, V) -> out (B, V)."""
    xp.matmul(x, table.T, out=out)
