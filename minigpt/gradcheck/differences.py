"""Slopes by finite differences: how a function answers when one number is moved a little, without calculus.

With Δ_k = f(x + kh) − f(x − kh) the central differences over five and over seven points are

    D₅ = (8 Δ₁ − Δ₂) / 12h                    errs by h⁴ f⁽⁵⁾ / 30
    D₇ = (45 Δ₁ − 9 Δ₂ + Δ₃) / 60h            errs by h⁶ f⁽⁷⁾ / 140

(Abramowitz & Stegun, 25.3.6; the longer one follows in the same way from Taylor's series). D₇ is the
answer. |D₇ − D₅| says how far it can be trusted: it grows when h is too large for the curve, when h is so
small that rounding shows, and when f has a corner within reach.

A corner at x itself, as relu has at 0, is seen by none of the Δ. There f(x + kh) + f(x − kh) − 2 f(x) = E_k
grows like k, while for a smooth f it is made of k² and k⁴, which 15 E₁ − 6 E₂ + E₃ does not contain: what
is left is six times h · (slope to the right − slope to the left).
"""

import numpy as np

STEP = 3e-3  # of the size of the numbers: D₇ then errs by 1e-17 and rounding by 1e-13 of a smooth function
SHRINK = 32
ATTEMPTS = 6
CAUTION = 8  # the estimates of the doubt may be small by chance, and D₇ − D₅ has a seventh of D₇'s rounding
EPS = np.finfo(np.float64).eps


def typical_size(array):
    """The root of the mean square of an array, or 1 where all of it is zero."""
    return float(np.sqrt(np.square(array).mean())) or 1.0


def slope(function, array, index):
    """∂function()/∂array[index], and by how much it may be wrong.

    function: without arguments, reads `array` and returns a number or an array of any shape; array:
    float64, moved and restored in place. The first step suits the size of the array's numbers; where the
    differences disagree, or leave the domain, smaller steps are tried and the least doubtful is taken.
    Returns slope and doubt, float64 in the shape of function(); doubt is inf where no step gave numbers.
    """
    original = array[index]
    step = STEP * max(abs(original), typical_size(array))
    here = np.array(function(), dtype=np.float64)
    best, least = np.zeros_like(here), np.full_like(here, np.inf)
    for _ in range(ATTEMPTS):
        deltas, bends = [], []
        for k in (1, 2, 3):
            array[index] = original + k * step
            right = np.array(function(), dtype=np.float64)
            array[index] = original - k * step
            left = np.array(function(), dtype=np.float64)
            deltas.append(right - left)
            bends.append(right + left - 2 * here)
        array[index] = original

        seven = (45 * deltas[0] - 9 * deltas[1] + deltas[2]) / (60 * step)
        five = (8 * deltas[0] - deltas[1]) / (12 * step)
        corner = (15 * bends[0] - 6 * bends[1] + bends[2]) / (6 * step)
        rounding = 4 * EPS * np.abs(here) / step
        doubt = np.abs(seven - five) + np.abs(corner) + rounding
        stairs = ~np.any(deltas, axis=0) & (
            np.abs(best) > CAUTION * least
        )  # between two roundings all is flat
        doubt = np.where(np.isfinite(doubt) & ~stairs, doubt, np.inf)
        if (
            doubt.sum() < least.sum() / SHRINK
        ):  # rounding alone would be so much worse: a little better is chance
            best, least = np.where(np.isfinite(doubt), seven, 0.0), doubt
        if least.sum() <= 1e-10 * np.abs(best).sum() + 8 * rounding.sum():
            break  # a smaller step would bring more rounding than it takes away
        step /= SHRINK
    return best, CAUTION * least


def numerical_gradient(loss, array):
    """∂loss/∂array by finite differences.

    loss: a function without arguments that reads `array`; array: float64, moved and restored in place.
    """
    return np.array([slope(loss, array, index)[0] for index in np.ndindex(array.shape)]).reshape(array.shape)


def relative_error(actual, expected):
    """max |actual − expected| / max |expected|: one figure for a whole array; shapes must agree."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape:
        raise ValueError(f"gradient has shape {actual.shape} but its array has shape {expected.shape}")
    if expected.size == 0:
        return 0.0
    return float(np.abs(actual - expected).max() / max(np.abs(expected).max(), 1e-30))
