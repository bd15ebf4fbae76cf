import numpy as np
import pytest
from check_layer import check_layer, random_arrays

from minigpt.finetuning.lora_layers import FrozenMatrix, lora_linear_backward, lora_linear_forward
from minigpt.layers import linear_forward

SCALE = 0.7
SHAPES = [(2, 3, 5), (5, 2), (2, 4)]  # x (..., I), A (I, r), B (r, O)
WEIGHT, BIAS = random_arrays([(5, 4), (4,)], seed=9)


def adapted_forward(x, a, b):
    return lora_linear_forward(x, FrozenMatrix(WEIGHT, a, b, SCALE), BIAS)


def adapted_backward(dout, cache):
    dx, (da, db), dbias = lora_linear_backward(dout, cache)
    assert dbias is None
    return dx, da, db


def torch_adapted(x, a, b):
    import torch

    return x @ (torch.tensor(WEIGHT) + SCALE * a @ b) + torch.tensor(BIAS)


def test_an_adapted_matrix_matches_torch_and_finite_differences():
    check_layer(adapted_forward, adapted_backward, torch_adapted, SHAPES)


def test_an_adapted_matrix_takes_any_number_of_leading_dimensions():
    check_layer(adapted_forward, adapted_backward, torch_adapted, [(7, 5), (5, 3), (3, 4)])


def test_a_frozen_matrix_passes_the_gradient_on_and_has_none():
    def backward(dout, cache):
        dx, dcorrection, dbias = lora_linear_backward(dout, cache)
        assert dcorrection is None and dbias is None
        return dx

    check_layer(
        lambda x: lora_linear_forward(x, FrozenMatrix(WEIGHT), BIAS),
        backward,
        lambda x: torch_adapted(x, *map(_tensor, (np.zeros((5, 1)), np.zeros((1, 4))))),
        SHAPES[:1],
    )


def _tensor(array):
    import torch

    return torch.tensor(array)


def test_a_correction_of_zero_leaves_the_linear_layer_as_it_is():
    x, a = random_arrays(SHAPES[:2])
    out, _ = adapted_forward(x, a, np.zeros((2, 4)))
    expected, _ = linear_forward(x, WEIGHT, BIAS)
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_is_kept(dtype):
    x, a, b = (array.astype(dtype) for array in random_arrays(SHAPES))
    weight, bias = WEIGHT.astype(dtype), BIAS.astype(dtype)
    out, cache = lora_linear_forward(x, FrozenMatrix(weight, a, b, SCALE), bias)
    dx, (da, db), _ = lora_linear_backward(out, cache)
    assert {array.dtype.name for array in (out, dx, da, db)} == {dtype}
