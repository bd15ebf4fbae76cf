import numpy as np
import pytest

from minigpt.layers.reductions import column_sum, row_max, row_mean, row_sum

X = np.array([[[1.0, -2.0, 4.0], [0.5, 0.5, -3.0]], [[-1.0, -7.0, -4.0], [2.0, 8.0, 2.0]]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_and_columns_are_reduced_and_keep_their_dtype(dtype):
    x = X.astype(dtype)
    assert row_max(x).tolist() == [[[4], [0.5]], [[-1], [8]]]
    assert row_sum(x).tolist() == [[[3], [-2]], [[-12], [12]]]
    assert row_mean(x) == pytest.approx(np.array([[[1], [-2 / 3]], [[-4], [4]]]), rel=1e-6)
    assert column_sum(x).tolist() == [2.5, -0.5, -1]
    for reduced in (row_max(x), row_sum(x), row_mean(x), column_sum(x)):
        assert reduced.dtype == dtype
