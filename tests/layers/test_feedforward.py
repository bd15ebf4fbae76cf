from check_layer import check_layer

from minigpt.layers import feedforward_backward, feedforward_forward


def torch_feedforward(x, fc_weight, fc_bias, proj_weight, proj_bias):
    import torch.nn.functional as F

    return F.gelu(x @ fc_weight + fc_bias, approximate="tanh") @ proj_weight + proj_bias


def test_feedforward_matches_torch_and_finite_differences():
    shapes = [(2, 3, 4), (4, 7), (7,), (7, 4), (4,)]
    check_layer(feedforward_forward, feedforward_backward, torch_feedforward, shapes)
