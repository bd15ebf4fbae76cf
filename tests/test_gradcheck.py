import numpy as np
import pytest
from check_layer import random_arrays

from minigpt.gradcheck import gradcheck


def product_forward(x, y):
    return x * y, (x, y)


def product_backward(dout, cache):
    x, y = cache
    return dout * y, dout * x


def test_a_right_backward_is_reported_ok_for_every_input():
    reports = gradcheck(product_forward, product_backward, random_arrays([(2, 3), (2, 3)]))
    assert [report.name for report in reports] == ["x", "y"]
    assert all(report.ok for report in reports)


def test_a_wrong_gradient_is_named_with_place_and_size():
    def one_entry_off(dout, cache):
        dx, dy = product_backward(dout, cache)
        dy[1, 2] += 0.25
        return dx, dy

    dx, dy = gradcheck(product_forward, one_entry_off, random_arrays([(2, 3), (2, 3)]))
    assert dx.ok
    assert not dy.ok
    assert dy.where == (1, 2)
    assert dy.backward - dy.differences == pytest.approx(0.25)
    assert "y" in str(dy) and "OFF" in str(dy) and "(1, 2)" in str(dy)


def test_an_upstream_gradient_of_ones_would_not_have_been_enough():
    """A softmax whose backward returns zeros passes with ones; gradcheck's random dout convicts it."""

    def softmax(x):
        exps = np.exp(x - x.max(-1, keepdims=True))
        return exps / exps.sum(-1, keepdims=True), x

    (report,) = gradcheck(softmax, lambda dout, x: np.zeros_like(x), random_arrays([(2, 4)]))
    assert not report.ok


def test_a_nan_is_off():
    (report,) = gradcheck(lambda x: (x * 2, None), lambda dout, cache: dout * np.nan, random_arrays([(3,)]))
    assert not report.ok


def test_float32_a_missing_gradient_and_a_wrong_shape_are_refused_in_words():
    x, y = random_arrays([(2, 3), (2, 3)])
    with pytest.raises(ValueError, match="x is float32"):
        gradcheck(product_forward, product_backward, [x.astype("float32"), y])
    with pytest.raises(ValueError, match="returned 1 gradients for 2 arrays"):
        gradcheck(product_forward, lambda dout, cache: dout, [x, y])
    with pytest.raises(ValueError, match=r"gradient has shape \(3, 2\) but its array has shape \(2, 3\)"):
        gradcheck(product_forward, lambda dout, cache: (dout.T, dout), [x, y])


def test_the_callers_arrays_are_left_as_they_were():
    x, y = random_arrays([(2, 3), (2, 3)])
    before = x.copy()
    gradcheck(product_forward, product_backward, [x, y])
    assert np.array_equal(x, before)
