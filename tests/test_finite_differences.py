"""A slope by finite differences is right to many digits, and knows when it is not."""

import numpy as np
import pytest

from minigpt.gradcheck.differences import numerical_gradient, slope


@pytest.mark.parametrize("size", [1e-8, 1e-3, 1.0, 1e3, 1e8])
def test_a_slope_has_eleven_digits_whatever_the_size_of_the_numbers(size):
    x = np.array([size, 3 * size])
    value, doubt = slope(lambda: np.tanh(x / size), x, 0)
    expected = [(1 - np.tanh(1) ** 2) / size, 0]
    assert value.shape == doubt.shape == (2,)
    assert np.abs(value - expected).max() <= 1e-11 / size
    assert doubt.max() <= 1e-9 / size


@pytest.mark.parametrize(
    "function, x",
    [(np.abs, 0.0), (np.sign, 0.0), (np.floor, 2.0), (np.float32, 1.0), (np.cbrt, 0.0)],
)
def test_where_there_is_no_slope_the_doubt_is_large(function, x):
    array = np.array([x])
    value, doubt = slope(lambda: function(array), array, 0)
    assert doubt[0] > 1e-5 * max(1, abs(value[0]))


@pytest.mark.parametrize("x", [1e-4, 1e-5, -1e-5])
def test_beside_a_corner_a_smaller_step_finds_the_slope(x):
    array = np.array([x, 1.0])
    value, doubt = slope(lambda: np.abs(array), array, 0)
    assert value == pytest.approx([np.sign(x), 0], abs=1e-9)
    assert doubt.max() <= 1e-8


def test_outside_of_the_domain_nothing_is_known():
    x = np.array([-1.0, 2.0])
    with np.errstate(invalid="ignore"):
        _, doubt = slope(lambda: np.log(x), x, 0)
    assert doubt[0] == np.inf


@pytest.mark.parametrize("shift", [0, 1e3])
def test_the_error_is_hardly_ever_larger_than_the_doubt(shift):
    """What is added and taken away again leaves rounding that the size of the result does not show."""
    x = np.random.default_rng(5).standard_normal(200)
    larger = 0
    for one in np.split(x, len(x)):
        value, doubt = slope(lambda one=one: np.sin(3 * one.sum()) + shift - shift, one, 0)
        larger += abs(value - 3 * np.cos(3 * one.sum())) > doubt
    assert larger <= 2


def test_the_array_is_restored_and_the_gradient_is_that_of_all_entries():
    x = np.random.default_rng(0).standard_normal((2, 3))
    before = x.copy()
    gradient = numerical_gradient(lambda: (x**3).sum(), x)
    assert np.array_equal(x, before)
    np.testing.assert_allclose(gradient, 3 * x**2, rtol=1e-10)
