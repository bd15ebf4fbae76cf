"""One helper that holds any layer against PyTorch and against finite differences."""

import numpy as np

try:
    import torch
except ImportError:  # the finite differences keep the suite's force without it
    torch = None

from minigpt.gradcheck import gradcheck, relative_error
from minigpt.gradcheck.check import upstream_gradients

TOLERANCE = 1e-9


def random_arrays(shapes, seed=0):
    """Standard normal float64 arrays: values of order one, at which no term of a formula can hide."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def check_layer(forward, backward, torch_function, shapes, args=(), seed=0):
    """Assert out and every gradient equal PyTorch's, and every gradient the finite differences.

    forward(*arrays, *args); torch_function(*tensors) does the same in torch. Everything in float64, with
    the upstream gradients of gradcheck, which are independent of the arrays: one of order one, one large,
    one small with zeros in it. That no array of the caller is changed, gradcheck sees too.
    """
    arrays = random_arrays(shapes, seed)
    before = [array.copy() for array in arrays]
    for report in gradcheck(forward, backward, arrays, *args, seed=seed, tolerance=TOLERANCE):
        assert report.ok, report
    for array, original in zip(arrays, before):
        assert np.array_equal(array, original), "gradcheck changed an array of its caller"

    if torch is None:
        return
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    expected = torch_function(*tensors)
    out, cache = forward(*arrays, *args)
    assert relative_error(out, expected.detach().numpy()) <= TOLERANCE
    for dout in upstream_gradients(arrays, np.shape(out), seed + 1):
        grads = backward(dout, cache)
        grads = grads if isinstance(grads, tuple) else (grads,)
        expected_grads = torch.autograd.grad(expected, tensors, torch.tensor(dout), retain_graph=True)
        assert len(grads) == len(expected_grads)
        for grad, expected_grad in zip(grads, expected_grads):
            assert relative_error(grad, expected_grad.numpy()) <= TOLERANCE
