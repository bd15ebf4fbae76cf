"""Right or wrong: comparing what a function returned with what it should have, number by number."""

import numpy as np

TOLERANCE = 1e-9  # relative to the largest number of an array


def plain(value):
    """Lists for tuples and arrays, Python's own numbers for NumPy's: what is compared with ==."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def is_real(value):
    """An array or a number that is not whole."""
    return isinstance(value, (float, np.floating)) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "f"
    )


def off_entries(actual, expected, tolerance=TOLERANCE):
    """Where two arrays of one shape differ: bool, in their shape."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if expected.dtype.kind != "f":
        return actual != expected
    size = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    with np.errstate(invalid="ignore"):
        near = np.abs(actual - expected) <= tolerance * size
    return ~(near | (actual == expected) | (np.isnan(actual) & np.isnan(expected)))


def equal(actual, expected, tolerance=TOLERANCE):
    """Whether a result is as good as another."""
    if is_real(expected) or isinstance(expected, np.ndarray):
        try:
            actual = np.asarray(actual)
        except ValueError:  # rows of unequal lengths
            return False
        if actual.shape != np.shape(expected) or actual.dtype.kind not in "fiu":
            return False
        return not off_entries(actual, expected, tolerance).any()
    return plain(actual) == plain(expected)


def all_equal(results, expected):
    """Whether all results, a dict by name, are as good as others."""
    return results.keys() == expected.keys() and all(
        equal(results[name], expected[name]) for name in expected
    )


def unchanged(value, before):
    """Whether an argument, with all that is in it, is to the bit what it was."""
    if isinstance(before, np.ndarray):
        return (
            isinstance(value, np.ndarray)
            and value.dtype == before.dtype
            and np.array_equal(value, before, equal_nan=before.dtype.kind == "f")
        )
    if isinstance(before, dict):
        return value.keys() == before.keys() and all(unchanged(value[key], before[key]) for key in before)
    if isinstance(before, (list, tuple)):
        return len(value) == len(before) and all(map(unchanged, value, before))
    return value == before


def arrays_in(value):
    """All arrays in an argument."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [array for item in value for array in arrays_in(item)]
    return []
