"""Gradients by finite differences, for anyone's layer: is my backward the derivative of my forward?

A backward maps the gradient of some scalar loss with respect to the output, dout, to its gradient with
respect to each input. Take loss = Σ out ⊙ dout with a random dout; then every input's gradient can be
had without any calculus, by moving one number at a time:

    ∂loss/∂x ≈ [ loss(x − 2h) − 8 loss(x − h) + 8 loss(x + h) − loss(x + 2h) ] / 12h

These central differences over five points err by O(h⁴) (Abramowitz & Stegun, 25.3.6), so that with
h = 1e-3 and float64 about eleven digits agree. A dout of ones would hide mistakes: through a softmax or
a LayerNorm it gives zero, whatever the formula. Use it like this:

    >>> reports = gradcheck(layernorm_forward, layernorm_backward, [x, weight, bias])
    >>> print(*reports, sep="\\n")
    x       ok   relative error 2.1e-12 at (0, 3, 1): backward 0.418…, differences 0.418…
"""

import inspect
from dataclasses import dataclass

import numpy as np

TOLERANCE = 1e-8
STEP = 1e-3


@dataclass
class GradientReport:
    """How far one gradient is from its finite differences, and where the gap is widest."""

    name: str
    relative_error: float  # max |backward − differences| / max |differences|
    where: tuple  # the index of the widest gap
    backward: float  # the backward's value there
    differences: float  # the value there by finite differences
    tolerance: float

    @property
    def ok(self):
        return self.relative_error <= self.tolerance  # False for a nan

    def __str__(self):
        verdict = "ok " if self.ok else "OFF"
        return (
            f"{self.name:<12} {verdict} relative error {self.relative_error:.1e} at {self.where}: "
            f"backward {self.backward:.10g}, differences {self.differences:.10g}"
        )


def relative_error(actual, expected):
    """max |actual − expected| / max |expected|: one figure for a whole array; shapes must agree."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape:
        raise ValueError(f"gradient has shape {actual.shape} but its array has shape {expected.shape}")
    if expected.size == 0:
        return 0.0
    return float(np.abs(actual - expected).max() / max(np.abs(expected).max(), 1e-30))


def numerical_gradient(loss, array):
    """∂loss/∂array by five-point central differences.

    loss: a function without arguments that reads `array`; array: float64, changed and restored in place.
    """
    grad = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        original = array[index]
        losses = []
        for offset in (-2, -1, 1, 2):
            array[index] = original + offset * STEP
            losses.append(loss())
        array[index] = original
        grad[index] = (losses[0] - 8 * losses[1] + 8 * losses[2] - losses[3]) / (12 * STEP)
    return grad


def gradcheck(forward, backward, arrays, *args, seed=0, tolerance=TOLERANCE):
    """Compare a backward with finite differences of its forward, one report for each input.

    forward(*arrays, *args) -> out, cache; backward(dout, cache) -> the gradient of each array, in order
    (one array alone may come without a tuple). arrays: float64, so that rounding hides nothing.
    Raises ValueError for other dtypes, or when the number of gradients or a shape is not right.
    """
    names = list(inspect.signature(forward).parameters)[: len(arrays)]
    for name, array in zip(names, arrays):
        if array.dtype != np.float64:
            raise ValueError(
                f"{name} is {array.dtype}: gradients are checked in float64, use array.astype('float64')"
            )

    arrays = [array.copy() for array in arrays]
    out, cache = forward(*arrays, *args)
    dout = np.random.default_rng(seed).standard_normal(np.shape(out))
    grads = backward(dout, cache)
    grads = grads if isinstance(grads, tuple) else (grads,)
    if len(grads) != len(arrays):
        raise ValueError(
            f"backward returned {len(grads)} gradients for {len(arrays)} arrays ({', '.join(names)})"
        )

    reports = []
    for name, array, grad in zip(names, arrays, grads):
        expected = numerical_gradient(lambda: float((forward(*arrays, *args)[0] * dout).sum()), array)
        error = relative_error(grad, expected)
        where = np.unravel_index(np.abs(grad - expected).argmax(), expected.shape)
        where = tuple(int(i) for i in where)
        reports.append(
            GradientReport(name, error, where, float(grad[where]), float(expected[where]), tolerance)
        )
    return reports
