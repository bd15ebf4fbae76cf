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
