"""Products in the order of the memory, in pieces, give what a plain product gives; and who gets which."""

import numpy as np
import pytest

from minigpt.cores import Team
from minigpt.generation import products
from minigpt.generation.products import Products

SIZES = [1, 2, 3]


def arrays(n_rows, n_in, n_out, dtype="float64"):
    rng = np.random.default_rng(n_rows)
    return [rng.standard_normal(shape).astype(dtype) for shape in ((n_rows, n_in), (n_in, n_out))]


@pytest.fixture
def calls(monkeypatch):
    """What is asked of NumPy in the pieces, a list of names; all matrices are large, all rows long."""
    monkeypatch.setattr(products, "LARGE", 1)
    monkeypatch.setattr(products, "LONG", 1)
    found = []

    class Spy:
        def __getattr__(self, name):
            if name in ("einsum", "matmul"):
                found.append(name)
            return getattr(np, name)

    monkeypatch.setattr(products, "np", Spy())
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("n_rows", [1, 2, 3, 4, 20])
@pytest.mark.parametrize("large", [1, products.LARGE])
def test_rows_times_a_matrix_however_it_is_cut(size, n_rows, large, monkeypatch):
    monkeypatch.setattr(products, "LARGE", large)
    monkeypatch.setattr(products, "UNCOPIED", 1500)
    monkeypatch.setattr(products, "NARROW", 5)
    for n_in, n_out in ((13, 70), (70, 13), (2, 3)):
        x, weight = arrays(n_rows, n_in, n_out)
        assert np.abs(Products(Team(size)).with_matrix(x, weight) - x @ weight).max() <= 1e-12


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("n_rows", [1, 2, 8, 9])
@pytest.mark.parametrize("long", [1, products.LONG])
def test_rows_times_a_table_however_it_is_cut(size, n_rows, long, calls, monkeypatch):
    monkeypatch.setattr(products, "LONG", long)
    monkeypatch.setattr(products, "ONE_ROW_PIECE", 1000)
    monkeypatch.setattr(products, "FEW_ROWS_PIECE", 300)
    x, table = arrays(n_rows, 13, 13)
    table = np.vstack([table, 2 * table, table[:5]])
    assert np.abs(Products(Team(size)).with_table(x, table) - x @ table.T).max() <= 1e-12


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_rows", [1, 4, 9])
def test_the_dtype_stays(dtype, n_rows, calls):
    x, weight = arrays(n_rows, 13, 13, dtype)
    ours = Products(Team(2))
    assert ours.with_matrix(x, weight).dtype == ours.with_table(x, weight).dtype == dtype


def test_few_rows_read_a_large_matrix_in_its_order_and_the_others_leave_it_to_blas(calls):
    ours = Products(Team(1))
    for n_rows, expected in ((1, ["einsum"]), (3, ["einsum"]), (4, [])):
        ours.with_matrix(*arrays(n_rows, 13, 7))
        assert calls == expected
        calls.clear()
    for n_rows, expected in ((1, 1), (8, 8), (9, 1)):
        ours.with_table(*arrays(n_rows, 7, 7))
        assert calls == ["matmul"] * expected
        calls.clear()


@pytest.mark.parametrize("size", SIZES)
def test_several_threads_get_pieces_of_every_product_and_one_thread_takes_it_whole(size, calls, monkeypatch):
    ours, shared = Products(Team(size)), []
    monkeypatch.setattr(ours.team, "each", lambda n, work: shared.append(n))
    ours.with_matrix(*arrays(1, 13, 7)), ours.with_matrix(*arrays(4, 13, 7))
    assert shared == ([] if size == 1 else [2 * size] * 2)
    shared.clear()
    monkeypatch.setattr(products, "ONE_ROW_PIECE", 50)
    ours.with_table(*arrays(1, 7, 7, "float32"))  # 196 bytes
    assert shared == [1 if size == 1 else 4]


def test_small_matrices_short_rows_and_a_gpu_leave_it_to_blas(calls, monkeypatch):
    ours = Products(Team(1))
    monkeypatch.setattr(products, "LONG", 8)
    ours.with_table(*arrays(3, 7, 7))
    assert calls == ["matmul"]  # once for all rows
    calls.clear()
    monkeypatch.setattr(products, "on_host", lambda: False)
    ours.with_matrix(*arrays(1, 7, 7)), ours.with_table(*arrays(1, 7, 7))
    monkeypatch.undo()
    monkeypatch.setattr(products, "np", None)
    ours.with_matrix(*arrays(1, 7, 7)), ours.with_table(*arrays(1, 7, 7))
    assert not calls


@pytest.mark.parametrize(
    ("n_rows", "n_in", "n_out", "n_pieces"),
    [(16, 128, 512, 2), (16, 1024, 128, 1), (17, 128, 512, 1), (8, 384, 1536, 5), (1, 128, 384, 1)],
)
def test_what_openblas_would_copy_is_cut_but_not_narrow(n_rows, n_in, n_out, n_pieces, calls, monkeypatch):
    monkeypatch.setattr(products, "LARGE", 10**9)
    Products(Team(1)).with_matrix(*arrays(n_rows, n_in, n_out, "float32"))
    assert len(calls) == (0 if n_pieces == 1 else n_pieces)
