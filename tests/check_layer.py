"""One helper that holds any layer against PyTorch and against finite differences."""

import numpy as np

try:
    import torch
except ImportError:  # the finite differences keep the suite's force without it
    torch = None

from minigpt.gradcheck import gradcheck, relative_error

TOLERANCE = 1e-9


def random_arrays(shapes, seed=0):
    """Standard normal float64 arrays: values of order one, at which no term of a formula can hide."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def check_layer(forward, backward, torch_function, shapes, args=(), seed=0):
    """Assert out and every gradient equal PyTorch's, and every gradient the finite differences.

    forward(*arrays, *args); torch_function(*tensors) does the same in torch. Everything in
    float64, with a random upstream gradient.
    """
    arrays = random_arrays(shapes, seed)
    before = [array.copy() for array in arrays]
    for report in gradcheck(forward, backward, arrays, *args, seed=seed, tolerance=TOLERANCE):
        assert report.ok, report

    out, cache = forward(*arrays, *args)
    dout = np.random.default_rng(seed + 1).standard_normal(np.shape(out))
    dout_before = dout.copy()
    grads = backward(dout, cache)
    grads = grads if isinstance(grads, tuple) else (grads,)
    for array, original in zip([*arrays, dout], [*before, dout_before]):
        assert np.array_equal(array, original), "a layer changed an array of its caller"

    if torch is None:
        return
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    expected = torch_function(*tensors)
    expected.backward(torch.tensor(dout))
    assert relative_error(out, expected.detach().numpy()) <= TOLERANCE
    for tensor, grad in zip(tensors, grads):
        assert relative_error(grad, tensor.grad.numpy()) <= TOLERANCE
