"""The feed-forward layer of a block (Vaswani et al., 2017, section 3.3): each token thinks for itself.

    y = gelu(x W₁ + b₁) W₂ + b₂              W₁ (C, 4C)   W₂ (4C, C)

Backward is the chain of the three layers' backwards, last first.
"""

from minigpt.layers.gelu import gelu_backward, gelu_forward
from minigpt.layers.linear import linear_backward, linear_forward


def feedforward_forward(x, fc_weight, fc_bias, proj_weight, proj_bias):
    """x (..., C), fc (C, F) and (F,), proj (F, C) and (C,), F = 4C in GPT-2 -> out (..., C), cache."""
    hidden, fc_cache = linear_forward(x, fc_weight, fc_bias)  # (..., F)
    hidden, gelu_cache = gelu_forward(hidden)
    out, proj_cache = linear_forward(hidden, proj_weight, proj_bias)  # (..., C)
    return out, (fc_cache, gelu_cache, proj_cache)


def feedforward_backward(dout, cache):
    """dout (..., C) -> dx, dfc_weight, dfc_bias, dproj_weight, dproj_bias."""
    fc_cache, gelu_cache, proj_cache = cache
    dhidden, dproj_weight, dproj_bias = linear_backward(dout, proj_cache)
    dhidden = gelu_backward(dhidden, gelu_cache)
    dx, dfc_weight, dfc_bias = linear_backward(dhidden, fc_cache)
    return dx, dfc_weight, dfc_bias, dproj_weight, dproj_bias
