import numpy as np
from check_layer import check_layer, random_arrays

from minigpt.layers import layernorm_backward, layernorm_forward


def torch_layernorm(eps):
    def function(x, weight, bias):
        import torch.nn.functional as F

        return F.layer_norm(x, x.shape[-1:], weight, bias, eps)

    return function


def test_layernorm_matches_torch_and_finite_differences():
    check_layer(layernorm_forward, layernorm_backward, torch_layernorm(1e-5), [(2, 3, 5), (5,), (5,)])


def test_eps_is_added_to_the_variance_inside_the_root():
    shapes = [(2, 3, 5), (5,), (5,)]
    check_layer(layernorm_forward, layernorm_backward, torch_layernorm(0.5), shapes, args=(0.5,))


def test_shifting_or_scaling_a_token_meets_no_gradient():
    x, weight, bias, dout = random_arrays([(4, 7), (7,), (7,), (4, 7)])
    _, cache = layernorm_forward(x, weight, bias, eps=0.0)
    dx, _, _ = layernorm_backward(dout, cache)
    np.testing.assert_allclose(dx.sum(-1), 0, atol=1e-12)
    np.testing.assert_allclose((dx * x).sum(-1), 0, atol=1e-12)


def test_with_eps_shifting_still_meets_no_gradient_and_scaling_meets_the_share_of_eps():
    x, weight, bias, dout = random_arrays([(4, 7), (7,), (7,), (4, 7)])
    out, cache = layernorm_forward(x, weight, bias, eps=0.5)
    dx, _, _ = layernorm_backward(dout, cache)
    np.testing.assert_allclose(dx.sum(-1), 0, atol=1e-12)
    share = 0.5 / (x.var(-1) + 0.5)
    np.testing.assert_allclose((dx * x).sum(-1), share * (dout * (out - bias)).sum(-1), atol=1e-12)
