import numpy as np
from check_layer import check_layer

from minigpt.layers import gelu_backward, gelu_forward


def torch_gelu(x):
    import torch.nn.functional as F

    return F.gelu(x, approximate="tanh")


def test_gelu_matches_torch_and_finite_differences():
    check_layer(gelu_forward, gelu_backward, torch_gelu, [(3, 4, 7)])


def test_gelu_is_the_identity_far_right_and_zero_far_left():
    out, cache = gelu_forward(np.array([-20.0, 0.0, 20.0]))
    assert out.tolist() == [0.0, 0.0, 20.0]
    assert gelu_backward(np.ones(3), cache).tolist() == [0.0, 0.5, 1.0]


def test_gelu_of_one_is_the_number_that_gpt2_computes():
    """To more digits than the constant has: 0.0447 in the place of 0.044715 would be seen in the sixth."""
    out, _ = gelu_forward(np.array([1.0, -1.0]))
    assert abs(out - [0.8411919906082768, -0.15880800939172324]).max() < 1e-15
