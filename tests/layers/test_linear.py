from check_layer import check_layer

from minigpt.layers import linear_backward, linear_forward


def test_linear_matches_torch_and_finite_differences():
    check_layer(linear_forward, linear_backward, lambda x, w, b: x @ w + b, [(2, 3, 4), (4, 5), (5,)])


def test_linear_takes_any_number_of_leading_dimensions():
    check_layer(linear_forward, linear_backward, lambda x, w, b: x @ w + b, [(6, 4), (4, 3), (3,)])
