"""Products in the order of the memory give what BLAS gives, into any place; and who gets which."""

import numpy as np
import pytest

from minigpt.backend import xp
from minigpt.generation import products
from minigpt.generation.products import (
    dot_by_dot,
    matrix_product,
    row_by_row,
    table_product,
    transposed_product,
)


def arrays(n_rows, n_in, n_out, dtype="float64"):
    rng = np.random.default_rng(n_rows)
    return [rng.standard_normal(shape).astype(dtype) for shape in ((n_rows, n_in), (n_in, n_out))]


@pytest.mark.parametrize("n_rows", [1, 2, 5])
@pytest.mark.parametrize("features", [slice(None), slice(3, 9), slice(4, 4)])
def test_a_matrix_row_by_row_gives_the_product_of_any_of_its_rows(n_rows, features):
    x, weight = arrays(n_rows, 13, 7)
    expected = x[:, features] @ weight[features]
    out = np.full((n_rows, 7), np.nan)
    assert row_by_row(x[:, features], weight[features], out=out) is out
    assert np.abs(out - expected).max() <= 1e-12
    assert np.abs(row_by_row(x[:, features], weight[features]) - expected).max() <= 1e-12


@pytest.mark.parametrize("product", [dot_by_dot, transposed_product])
@pytest.mark.parametrize("n_rows", [1, 2, 5])
@pytest.mark.parametrize("tokens", [slice(None), slice(3, 9), slice(0, 1)])
def test_a_table_dot_by_dot_gives_the_scores_of_any_of_its_tokens_into_their_places(product, n_rows, tokens):
    x, table = arrays(n_rows, 13, 13)
    logits = np.full((n_rows, 13), np.nan)
    product(x, table[tokens], out=logits[:, tokens])
    assert np.abs(logits[:, tokens] - x @ table[tokens].T).max() <= 1e-12
    assert np.isnan(np.delete(logits, tokens, axis=1)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_stays(dtype):
    x, weight = arrays(2, 13, 7, dtype)
    assert row_by_row(x, weight).dtype == dtype


def test_few_rows_read_a_large_matrix_and_the_others_leave_it_to_blas(monkeypatch):
    large, small = np.zeros((1000, 1001), "float32"), np.zeros((999, 1000), "float32")
    assert [matrix_product(n, large) for n in (1, 3, 4)] == [row_by_row, row_by_row, xp.matmul]
    assert [table_product(n, large) for n in (1, 8, 9)] == [dot_by_dot, dot_by_dot, transposed_product]
    assert matrix_product(1, small) is xp.matmul
    assert table_product(1, small) is transposed_product
    assert table_product(1, large.reshape(-1, 250)[:, :100]) is transposed_product  # short rows
    monkeypatch.setattr(products, "on_host", lambda: False)  # a GPU has its own ways
    assert matrix_product(1, large) is xp.matmul and table_product(1, large) is transposed_product
