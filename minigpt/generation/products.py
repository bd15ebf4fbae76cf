"""Products of a step: few rows of text times large matrices, cut to read memory fast and to share the work.

A product is bound by arithmetic where many rows share a matrix, and by memory where few do: then it is done
when the weights have been read. Memory is read fastest in the order in which it lies. BLAS, whose kernels
are made for matrices in the caches, walks along four or eight rows of a matrix side by side for one row of
text: on Zen 4 it gets 13 to 21 GB/s where 28 can be read. So for one row of text, and up to a few, the sums
are taken in the order of the memory:

    x W         Σ_i x_i W_i         W (I, O): one row of W after the other is added to the result
    x Wᵀ        x · W_v             W (V, C): one row of W after the other makes one of the results

With more rows BLAS is faster. OpenBLAS copies the matrix into another order first, which takes longer than
all else where the rows are few, but not in a product of at most a million multiplications; so larger ones are
cut, as long as the pieces are wide enough to be read well.

A piece is some rows of the matrix, or some columns. Whoever is free takes the next one (cores.py).
"""

import math

import numpy as np

from minigpt.backend import on_host
from minigpt.cores import slice_of

LARGE = 1_000_000  # bytes of a matrix that the next token does not find in a core's own cache
FEW_FOR_MATRIX = 3  # rows, for which to read a matrix as many times is faster than to copy it once
FEW_FOR_TABLE = 8
LONG = 256  # numbers in a table's row, from which on a call for it is worth while
UNCOPIED = 1_000_000  # multiplications of a product that OpenBLAS makes without copying
NARROW = 64  # columns, below which a piece is read badly
FEW_FOR_COPY = 16  # rows, above which the copy takes little beside the arithmetic
PIECES = 2  # of a product for every thread
ONE_ROW_PIECE = 8_000_000  # bytes of a table that are one piece
FEW_ROWS_PIECE = 500_000  # where each row finds in the cache what the first one read


class Products:
    """Rows of text x (B, I) times a model's matrices, shared out in a team."""

    def __init__(self, team):
        self.team = team
        self.shared = 1 if team.size == 1 else PIECES * team.size

    def with_matrix(self, x, weight):
        """x (B, I) @ weight (I, O) -> (B, O)."""
        large = weight.nbytes >= LARGE
        if not on_host() or (len(x) == self.shared == 1 and not large):
            return x @ weight
        if large and len(x) <= FEW_FOR_MATRIX:
            return self._row_by_row(x, weight)
        return self._in_columns(x, weight)

    def with_table(self, x, table):
        """x (B, C) @ table.T, of a table (V, C) -> (B, V)."""
        if table.nbytes < LARGE or not on_host():
            return x @ table.T
        few = len(x) <= FEW_FOR_TABLE and table.shape[1] >= LONG
        piece_bytes = FEW_ROWS_PIECE if few and len(x) > 1 else ONE_ROW_PIECE
        n_pieces = 1 if self.shared == len(x) == 1 else math.ceil(table.nbytes / piece_bytes)
        out = np.empty((len(x), len(table)), x.dtype)

        def piece(i):
            tokens = slice_of(len(table), i, n_pieces)
            if few:
                for row, scores in zip(x, out):
                    # As many products of a row with a column: for each NumPy asks BLAS for a dot product.
                    np.matmul(table[tokens, None], row[:, None], out=scores[tokens, None, None])
            else:
                np.matmul(x, table[tokens].T, out=out[:, tokens])

        self.team.each(n_pieces, piece)
        return out

    def _row_by_row(self, x, weight):
        if self.shared == 1:
            return np.einsum("bi,io->bo", x, weight)
        parts = np.empty((self.shared, len(x), weight.shape[1]), x.dtype)

        def piece(i):
            rows = slice_of(len(weight), i, self.shared)
            np.einsum("bi,io->bo", x[:, rows], weight[rows], out=parts[i])

        self.team.each(self.shared, piece)
        return parts.sum(0)  # in the order of the pieces, whoever did them

    def _in_columns(self, x, weight):
        n_columns, n_pieces = weight.shape[1], self.shared
        width = UNCOPIED // (len(x) * len(weight))
        if len(x) <= FEW_FOR_COPY and width >= NARROW:
            n_pieces = max(n_pieces, math.ceil(n_columns / width))
        if n_pieces == 1:
            return x @ weight
        out = np.empty((len(x), n_columns), x.dtype)

        def piece(i):
            columns = slice_of(n_columns, i, n_pieces)
            np.matmul(x, weight[:, columns], out=out[:, columns])

        self.team.each(n_pieces, piece)
        return out
