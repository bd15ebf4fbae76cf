"""What is wrong with a gradient, read off its numbers beside the right ones.

Many mistakes leave the right numbers behind them in another order, with another sign or size, or in a part
of the places: a transpose, a minus, a mean where a sum belongs, a lost row. Such a relation can be tested,
and is said only where it holds for every number of every pair; what the mistake in the code was, is not.
Where no relation holds, nothing is said.
"""

import math
from itertools import combinations, permutations

import numpy as np

EQUAL = 1e-6  # relative, so that finite differences may serve as the right numbers
RIGHT = "the right gradient"


def diagnose_gradient(pairs, shapes):
    """One sentence about what a wrong gradient is to the right one, or None.

    pairs: (gradient, right gradient) for several upstream gradients at the same inputs; a relation must
    hold in all of them. shapes: names and shapes of the layer's arrays, a dict; a factor that equals one
    of their sizes is named with it.
    """
    pairs = [(np.asarray(gradient), np.asarray(right)) for gradient, right in pairs]
    gradient, right = pairs[0]
    unknown = ~np.isfinite(gradient)
    if unknown.any():
        return f"it is nan or inf at {unknown.sum()} of {gradient.size} places"
    if not all(np.isfinite(array).all() for pair in pairs for array in pair) or not right.any():
        return None
    if not any(gradient.any() for gradient, _ in pairs):
        return "it is zero"
    for name, rearrange in rearrangements(gradient.shape, right.shape):
        factor = common_factor([(gradient, rearrange(right)) for gradient, right in pairs])
        if factor == 1 and name == RIGHT:
            return None  # too near for a relation: a rounding, or a small term
        if factor is not None:
            words, same = times(factor, shapes)
            return f"it equals {words}{name}{same}"
    for axes in subsets(gradient.ndim):
        summed = [(gradient.sum(axes), right) for gradient, right in pairs]
        if summed[0][0].shape == right.shape and common_factor(summed) == 1:
            return f"summed over {axis_names(axes)} it would be the right gradient"
    return wrong_places(pairs) if gradient.shape == right.shape else None


def rearrangements(shape, right_shape):
    """(name, function) for everything that brings the right gradient into the shape of the wrong one."""
    ndim = len(right_shape)
    if shape == right_shape:
        yield RIGHT, lambda right: right
    for order in permutations(range(ndim)) if ndim <= 4 else ():
        if order != tuple(range(ndim)) and tuple(right_shape[i] for i in order) == shape:
            name = "transpose of the right gradient" if ndim == 2 else f"right gradient transposed to {order}"
            yield f"the {name}", lambda right, order=order: right.transpose(order)
    for axes in subsets(ndim):
        if math.prod(right_shape[axis] for axis in axes) > 1:
            name = f"the sum of the right gradient over {axis_names(axes)}"
            if shape == tuple(n for axis, n in enumerate(right_shape) if axis not in axes):
                yield name, lambda right, axes=axes: right.sum(axes)
            if shape == right_shape:
                yield (
                    f"{name}, at all its places",
                    lambda right, axes=axes: np.broadcast_to(right.sum(axes, keepdims=True), right.shape),
                )
    if shape != right_shape and math.prod(shape) == math.prod(right_shape):
        yield f"the right gradient in shape {shape}", lambda right: right.reshape(shape)


def common_factor(pairs):
    """The c for which gradient = c · right in all pairs, exactly 1 or −1 where it is near; or None."""
    gradient, right = pairs[0]
    norm = np.square(right).sum()
    if norm == 0:
        return None
    factor = float((gradient * right).sum() / norm)
    for sign in (1.0, -1.0):
        factor = sign if abs(factor - sign) <= EQUAL else factor
    holds = all(
        np.abs(gradient - factor * right).max() <= EQUAL * np.abs(gradient).max() for gradient, right in pairs
    )
    return factor if holds and factor != 0 else None


def times(factor, shapes):
    """A factor in words, "12 times ", and the sizes that equal it, "; 12 is also the size of …"."""
    if abs(factor) == 1:
        return "minus " if factor < 0 else "", ""
    sign, c = "−" if factor < 0 else "", abs(factor)
    for number, text in [(c, "{}"), (1 / c, "1/{}"), (c**2, "√{}"), (c**-2, "1/√{}")]:
        if 2 <= round(number) < 1e5 and abs(number - round(number)) <= 4 * EQUAL * number:
            size = round(number)
            same = ", of ".join(what for what, n in sizes(shapes).items() if n == size)
            same = f"; {size} is also the size of {same}" if same else ""
            return f"{sign}{text.format(size)} times ", same
    return f"{factor:.6g} times ", ""


def sizes(shapes):
    """What has a size, in words, and the size."""
    found = {}
    for name, shape in shapes.items():
        found |= {f"axis {axis} of {name}": n for axis, n in enumerate(shape)}
        if len(shape) > 2:
            found[f"{name} without its last axis"] = math.prod(shape[:-1])
        if len(shape) > 1:
            found[name] = math.prod(shape)
    return found


def wrong_places(pairs):
    """Where the gradient is wrong, if that is not everywhere."""
    wrong = np.zeros(pairs[0][0].shape, dtype=bool)
    for gradient, right in pairs:
        wrong |= np.abs(gradient - right) > EQUAL * (np.abs(right) + 1e-3 * np.abs(right).max())
    if wrong.all() or not wrong.any():
        return None
    zero = ", where it is zero" if not any(gradient[wrong].any() for gradient, _ in pairs) else ""
    places = np.argwhere(wrong)
    if len(places) == 1:
        return f"it is right except at {tuple(places[0].tolist())}{zero}"
    for axis, n in enumerate(wrong.shape):
        indices = np.unique(places[:, axis])
        if len(indices) == 1 and n > 1:
            last = ", the last," if indices[0] == n - 1 else ""
            return f"it is right except at index {indices[0]}{last} of axis {axis}{zero}"
    return f"it is wrong at {len(places)} of {wrong.size} places{zero}, right at the others"


def subsets(ndim):
    """All choices of one or more of the axes."""
    return [axes for count in range(1, ndim + 1) for axes in combinations(range(ndim), count)]


def axis_names(axes):
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
