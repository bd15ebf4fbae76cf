from check_layer import check_layer

from minigpt.layers import unembedding_backward, unembedding_forward


def test_unembedding_matches_torch_and_finite_differences():
    check_layer(unembedding_forward, unembedding_backward, lambda x, w: x @ w.T, [(2, 3, 4), (5, 4)])


def test_unembedding_takes_rows_alone():
    check_layer(unembedding_forward, unembedding_backward, lambda x, w: x @ w.T, [(6, 4), (3, 4)])
