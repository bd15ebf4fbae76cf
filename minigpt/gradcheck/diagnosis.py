"""What is wrong with a gradient, read off its numbers beside the right ones.

Many mistakes leave the right numbers behind them in another order, with another sign or size, or in a part
of the places: a transpose, a minus, a mean where a sum belongs, a lost row. Such a relation can be tested,
and is said only where it holds for every number of every pair; what the mistake in the code was, is not.
Where no relation holds, nothing is said.

`find_relation` serves whatever can be compared with the right numbers, in English and in Chinese; a text is
a pair of both. `diagnose_gradient` is its English sentence about a gradient.
"""

import math
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

EQUAL = 1e-6  # relative, so that finite differences may serve as the right numbers
GRADIENT = ("the right gradient", "正确梯度")
RIGHT = "right"  # the key of the relation that is none: equal


@dataclass
class Relation:
    """What wrong numbers are to the right ones: "12 times", where there is a factor, and a text."""

    key: tuple  # the same for the same relation at other sizes
    text: tuple  # English, Chinese: what the numbers are, or where there is no factor the whole sentence
    factor: float | None = None


def diagnose_gradient(pairs, shapes, known=()):
    """One sentence about what a wrong gradient is to the right one, or None.

    pairs: (gradient, right gradient) for several upstream gradients at the same inputs; a relation must
    hold in all of them. shapes: names and shapes of the layer's arrays, a dict; a factor that equals one
    of their sizes is named with it. known: for each pair a dict of the arrays that went in, by name.
    """
    relation = find_relation(pairs, GRADIENT, known)
    if relation is None:
        return None
    if relation.factor is None:
        return relation.text[0]
    words, same = times(relation.factor, shapes)
    return f"it equals {words}{relation.text[0]}{same}"


def find_relation(pairs, right_name=GRADIENT, known=()):
    """The first Relation that holds for all pairs (wrong, right) of arrays of one shape, or None.

    right_name: what the right numbers are called, a text. known: as diagnose_gradient has it.
    """
    pairs = [(np.asarray(wrong), np.asarray(right)) for wrong, right in pairs]
    gradient, right = pairs[0]
    unknown = ~np.isfinite(gradient)
    if unknown.any() and np.isfinite(right).all():
        n, of = unknown.sum(), gradient.size
        return Relation(
            ("nan",), (f"it is nan or inf at {n} of {of} places", f"{of} 处中有 {n} 处是 nan 或 inf")
        )
    if not all(np.isfinite(array).all() for pair in pairs for array in pair) or not right.any():
        return None
    if not any(gradient.any() for gradient, _ in pairs):
        return Relation(("zero",), ("it is zero", "它全是零"))
    for key, text, rearrange in rearrangements(gradient.shape, right.shape, right_name):
        factor = common_factor([(gradient, rearrange(right)) for gradient, right in pairs])
        if factor == 1 and key == (RIGHT,):
            return None  # too near for a relation: a rounding, or a small term
        if factor is not None:
            return Relation(key, text, factor)
    for axes in subsets(gradient.ndim):
        summed = [(gradient.sum(axes), right) for gradient, right in pairs]
        if summed[0][0].shape == right.shape and common_factor(summed) == 1:
            return Relation(
                ("sum forgotten", axes),
                (
                    f"summed over {axis_names(axes)[0]} it would be {right_name[0]}",
                    f"再沿{axis_names(axes)[1]}求和，它就是{right_name[1]}",
                ),
            )
    if gradient.shape != right.shape:
        return None
    known = [{name: np.asarray(array) for name, array in of_pair.items()} for of_pair in known]
    return (
        lost_repeats(pairs, known)
        or wrong_places(pairs)
        or shifted(pairs, right_name)
        or other_term(pairs, known, right_name)
        or broadcast_term(pairs, right_name)
        or some_places(pairs)
    )


def rearrangements(shape, right_shape, right_name=GRADIENT):
    """(key, text, function) for everything that brings the right numbers into the shape of the wrong ones."""
    (en, zh), ndim = right_name, len(right_shape)
    if shape == right_shape:
        yield (RIGHT,), right_name, lambda right: right
    for order in permutations(range(ndim)) if ndim <= 4 else ():
        if order != tuple(range(ndim)) and tuple(right_shape[i] for i in order) == shape:
            text = (f"the transpose of {en}", f"{zh}的转置")
            if ndim > 2:
                text = f"{en} transposed to {order}", f"{zh}把各轴换成 {order} 的次序"
            yield ("transposed", order), text, lambda right, order=order: right.transpose(order)
    for axes in subsets(ndim):
        if math.prod(right_shape[axis] for axis in axes) > 1:
            names = axis_names(axes)
            text = (f"the sum of {en} over {names[0]}", f"{zh}沿{names[1]}的和")
            if shape == tuple(n for axis, n in enumerate(right_shape) if axis not in axes):
                yield ("summed", axes), text, lambda right, axes=axes: right.sum(axes)
            if shape == right_shape:
                yield (
                    ("summed, everywhere", axes),
                    (f"{text[0]}, at all its places", f"{text[1]}，每个位置都是它"),
                    lambda right, axes=axes: np.broadcast_to(right.sum(axes, keepdims=True), right.shape),
                )
    if shape != right_shape and math.prod(shape) == math.prod(right_shape):
        text = (f"{en} in shape {shape}", f"{zh}，但形状是 {shape}")
        yield ("reshaped",), text, lambda right: right.reshape(shape)


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


def forms(factor):
    """The ways to write a factor by a whole number: (sign, number as a float, its form as "1/√{}")."""
    sign, c = "−" if factor < 0 else "", abs(factor)
    return [(sign, c, "{}"), (sign, 1 / c, "1/{}"), (sign, c**2, "√{}"), (sign, c**-2, "1/√{}")]


def times(factor, shapes):
    """A factor in words, "12 times ", and the sizes that equal it, "; 12 is also the size of …"."""
    if abs(factor) == 1:
        return "minus " if factor < 0 else "", ""
    for sign, number, text in forms(factor):
        if is_whole(number):
            size = round(number)
            same = ", of ".join(what for what, n in sizes(shapes).items() if n == size)
            same = f"; {size} is also the size of {same}" if same else ""
            return f"{sign}{text.format(size)} times ", same
    return f"{factor:.6g} times ", ""


def is_whole(number):
    return 2 <= round(number) < 1e5 and abs(number - round(number)) <= 4 * EQUAL * number


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


def lost_repeats(pairs, known):
    """Wrong in the rows of ids that occur more than once, right in all others: what + = does with repeats."""
    rows_wrong = {
        tuple(np.flatnonzero(off.reshape(len(off), -1).any(1))) for off in map(off_places, pairs) if off.ndim
    }
    if len(rows_wrong) != 1 or not known or pairs[0][1].ndim < 1:
        return None
    wrong = np.array(rows_wrong.pop(), dtype=int)
    for name, ids in known[0].items():
        if ids.dtype.kind not in "iu" or not ids.size or ids.min() < 0 or ids.max() >= len(pairs[0][1]):
            continue
        counts = np.bincount(ids.ravel(), minlength=len(pairs[0][1]))
        if len(wrong) and np.array_equal(np.flatnonzero(counts > 1), wrong) and (counts == 1).any():
            return Relation(
                ("repeats", name),
                (
                    f"it is wrong in the rows of the {len(wrong)} ids that {name} has more than once, "
                    "right in all others: are repeats lost?",
                    f"只有在 {name} 中出现不止一次的 {len(wrong)} 个 id 的行是错的，其余各行都对："
                    "重复的 id 是不是丢了？",
                ),
            )
    return None


def wrong_places(pairs):
    """The one index, or the one index of an axis, where the gradient is wrong."""
    wrong = np.any([off_places(pair) for pair in pairs], axis=0)
    if wrong.all() or not wrong.any():
        return None
    zero = ("", "")
    if not any(gradient[wrong].any() for gradient, _ in pairs):
        zero = (", where it is zero", "，那里是零")
    places = np.argwhere(wrong)
    if len(places) == 1:
        place = tuple(places[0].tolist())
        return Relation(
            ("place", tuple(index - n if index else 0 for index, n in zip(place, wrong.shape))),
            (f"it is right except at {place}{zero[0]}", f"除了 {place} 处都对{zero[1]}"),
        )
    for axis, n in enumerate(wrong.shape):
        indices = np.unique(places[:, axis])
        if len(indices) == 1 and n > 1:
            last = (", the last,", "，即最后一个") if indices[0] == n - 1 else ("", "")
            index = indices[0]
            return Relation(
                ("index", axis, int(index - n if index else 0)),
                (
                    f"it is right except at index {index}{last[0]} of axis {axis}{zero[0]}",
                    f"除了第 {axis} 轴的下标 {index}{last[1]}，都对{zero[1]}",
                ),
            )
    return None


def some_places(pairs):
    """How many places are wrong, where it is not all of them."""
    wrong = np.any([off_places(pair) for pair in pairs], axis=0)
    if wrong.all() or not wrong.any():
        return None
    zero = (
        ("", "")
        if any(gradient[wrong].any() for gradient, _ in pairs)
        else (", where it is zero", "，那里是零")
    )
    n, of = wrong.sum(), wrong.size
    return Relation(
        ("some",),
        (
            f"it is wrong at {n} of {of} places{zero[0]}, right at the others",
            f"{of} 处中有 {n} 处错{zero[1]}，其余都对",
        ),
    )


def off_places(pair):
    """Where two arrays of one shape differ, relative to the size of each number."""
    gradient, right = pair
    return np.abs(gradient - right) > EQUAL * (np.abs(right) + 1e-3 * np.abs(right).max())


def shifted(pairs, right_name):
    """The right numbers one place further on along an axis, whatever fills the gap."""
    for axis, n in enumerate(pairs[0][1].shape):
        if n < 3:
            continue
        front, back = ((slice(None),) * axis + (part,) for part in (slice(None, -1), slice(1, None)))
        for step, at, of in [("later", back, front), ("earlier", front, back)]:
            if common_factor([(gradient[at], right[of]) for gradient, right in pairs]) == 1:
                where = {"later": ("further on", "后"), "earlier": ("further to the front", "前")}[step]
                return Relation(
                    ("shifted", axis, step),
                    (
                        f"it is {right_name[0]} moved by one place {where[0]} along axis {axis}",
                        f"它是{right_name[1]}沿第 {axis} 轴向{where[1]}错开一位",
                    ),
                )
    return None


def other_term(pairs, known, right_name):
    """The right numbers and c times an array that went in: a term too many, or one too few."""
    if not known:
        return None
    for name in known[0]:
        arrays = [of_pair.get(name) for of_pair in known]
        if not all(a is not None and is_term(a, right) for a, (_, right) in zip(arrays, pairs)):
            continue
        factor = common_factor([(gradient - right, array) for (gradient, right), array in zip(pairs, arrays)])
        if factor is not None and pairs[0][1].ndim:
            number = "" if abs(factor) == 1 else f"{abs(factor):.6g} · "
            sign, missing = ("minus", "减去") if factor < 0 else ("plus", "加上")
            return Relation(
                ("term", name, round(factor, 6)),
                (
                    f"it is {right_name[0]} {sign} {number}{name}",
                    f"它是{right_name[1]}{missing} {number}{name}",
                ),
            )
    return None


def is_term(array, right):
    """Whether an array could have been added: real and finite numbers in the same shape."""
    return array.shape == right.shape and array.dtype.kind == "f" and np.isfinite(array).all()


def broadcast_term(pairs, right_name):
    """What it differs by is the same all along one axis: a mean, a bias or a sum that was left out."""
    for axis, n in enumerate(pairs[0][1].shape):
        gaps = [gradient - right for gradient, right in pairs]
        same = all(np.ptp(gap, axis=axis).max() <= EQUAL * np.abs(gap).max() for gap in gaps)
        if n > 1 and same:
            return Relation(
                ("broadcast", axis),
                (
                    f"what it differs from {right_name[0]} by is the same all along axis {axis}: is a term "
                    "missing, or one too many, that is broadcast along it, as a mean or a bias is?",
                    f"它与{right_name[1]}之差沿第 {axis} 轴处处相同：是不是缺了（或多了）"
                    "一个沿这个轴广播的项，比如均值或偏置？",
                ),
            )
    return None


def subsets(ndim):
    """All choices of one or more of the axes."""
    return [axes for count in range(1, ndim + 1) for axes in combinations(range(ndim), count)]


def axis_names(axes):
    numbers = ", ".join(map(str, axes))
    return (f"axis {numbers}" if len(axes) == 1 else f"axes {numbers}"), f"第 {numbers} 轴"
