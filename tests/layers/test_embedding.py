import numpy as np
from check_layer import check_layer

from minigpt.layers import (
    embedding_backward,
    embedding_forward,
    position_embedding_backward,
    position_embedding_forward,
)

IDX = np.array([[1, 4, 1, 1], [0, 4, 2, 1]])  # 1 comes four times, 4 twice, 3 never


def test_token_embedding_sums_the_gradients_of_repeated_ids():
    check_layer(embedding_forward, embedding_backward, lambda w: w[IDX], [(5, 3)], args=(IDX,))


def test_a_row_that_was_not_used_has_no_gradient():
    weight = np.ones((6, 3))
    out, cache = embedding_forward(weight, IDX)
    dweight = embedding_backward(np.ones_like(out), cache)
    assert dweight[:, 0].tolist() == [1, 4, 1, 0, 2, 0]


def test_position_embedding_adds_the_first_rows_of_its_table():
    check_layer(
        position_embedding_forward,
        position_embedding_backward,
        lambda x, w: x + w[: x.shape[1]],
        [(2, 4, 3), (6, 3)],
    )
