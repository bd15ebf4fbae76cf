"""Gradients by finite differences, for anyone's layer: is my backward the derivative of my forward?

A backward maps the gradient of some scalar loss with respect to the output, dout, to its gradient with
respect to each input. With J_ji = ∂out_j/∂x_i it has to return, for every dout there is,

    dx_i = Σ_j J_ji dout_j

Finite differences give the column J_·i without any calculus, by moving the one number x_i, and a column
once known serves any dout (differences.py). Every number of every gradient is compared with its
sum, relative to its own size: a small entry that is wrong does not hide behind a large one. What differences
cannot tell is allowed for: by how much they disagree among themselves, and how far the gradients move
when only the last bits of the inputs do.

What is equal at one special place proves little, so nothing here is left to one draw. A dout of ones gives
zero through a softmax or a LayerNorm, whatever the formula; with dout = x, dW = xᵀ x is symmetric, and its
transpose passes. Therefore

- dout is drawn from a stream of its own, which depends on the inputs and shares its key with nobody;
- three are drawn: of order one, ten thousand times as large, and small with every other number zero.
  A backward is linear in dout, and one that clips, squares or divides by it fails;
- all is done twice: at the inputs given and at inputs moved by a tenth, for equal rows, zeros or a
  symmetric matrix make wrong formulas equal right ones.

Some mistakes leave the numbers right: an array of the caller changed in place, a result that the next call
overwrites, a cache that serves only once. These are looked for too, and make a gradient OFF (conduct.py).
A note says what could not be seen here: an input whose gradient is zero, an entry at a corner (relu at 0).
Nobody can see from here what happens at other shapes and far away: take unequal dimensions, for a formula
may be right for square matrices alone, and values like those that the layer will meet.

    >>> reports = gradcheck(layernorm_forward, layernorm_backward, [x, weight, bias])
    >>> print(*reports, sep="\\n")
    x            ok  relative error 2.1e-12 at (0, 3, 1): backward 0.418…, differences 0.418…
"""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from minigpt.gradcheck.conduct import Layer, check_output, watch, watch_float32
from minigpt.gradcheck.diagnosis import diagnose_gradient
from minigpt.gradcheck.differences import CAUTION, EPS, STEP, slope, typical_size

TOLERANCE = 1e-8
LARGE, SMALL = 1e4, 1e-4  # the sizes of the second and the third dout
DRAWN = ("normal", "large", "small")
NUDGES = 3  # times that the backward's own rounding is tried out
MOVED = 0.1  # by how much of their size the inputs are moved for the second comparison
CORNER = 1e-6  # a slope that is in doubt by this share of the largest is no slope


@dataclass
class GradientReport:
    """How far one gradient is from its finite differences, where the gap is widest, and what else."""

    name: str
    relative_error: float  # max |backward − differences| / |differences|, where these can tell; of the
    # first dout and the inputs as given, or of the first that is off
    where: tuple  # the index of the widest gap
    backward: float  # the backward's value there
    differences: float  # the value there by finite differences
    tolerance: float
    faults: list  # sentences: what is wrong though the numbers may be right
    notes: list  # sentences: what the wrong numbers are, and what could not be seen

    @property
    def ok(self):
        return self.relative_error <= self.tolerance and not self.faults  # False for a nan

    def __str__(self):
        verdict = "ok " if self.ok else "OFF"
        line = (
            f"{self.name:<12} {verdict} relative error {self.relative_error:.1e} at {self.where}: "
            f"backward {self.backward:.10g}, differences {self.differences:.10g}"
        )
        return "\n".join([line, *(" " * 17 + sentence for sentence in [*self.faults, *self.notes])])


class Comparison(NamedTuple):
    """One gradient at one point: a row of numbers for each dout."""

    gradient: np.ndarray  # (K, *shape), the backward's
    right: np.ndarray  # (K, *shape), by finite differences
    doubt: np.ndarray  # (K, *shape), by how much these may be wrong
    seen: np.ndarray  # (K, *shape) bool: False at a corner, where there are no differences

    def errors(self, tolerance):
        """|gradient − right| / |right|, where a gap as small as the doubt is as good as the tolerance."""
        gap, scale = np.abs(self.gradient - self.right), np.abs(self.right) + self.doubt / tolerance
        errors = np.where(gap == 0, 0.0, gap / np.where(scale == 0, 1e-300, scale))
        return np.where(self.seen | ~np.isfinite(gap), errors, 0.0)


def gradcheck(forward, backward, arrays, *args, seed=0, tolerance=TOLERANCE):
    """Compare a backward with finite differences of its forward, one report for each input.

    forward(*arrays, *args) -> out, cache; backward(dout, cache) -> the gradient of each array, in order
    (one array alone may come without a tuple). arrays: float64, so that rounding hides nothing. The
    forward runs fourteen times for every number in them, so take few.
    Raises ValueError for other dtypes, a forward that is not deterministic or not finite, and gradients
    of another number or shape than the arrays.
    """
    layer = Layer(forward, backward, arrays, args)
    with np.errstate(all="ignore"):  # a nan or an inf is reported, and need not be warned of
        out, _, _ = layer.run_forward(arrays)
        check_output(out, layer.run_forward(arrays)[0])
        moved = moved_inputs(layer, arrays, np.shape(out), seed)
        watch(layer, arrays, moved, upstream_gradients(arrays, np.shape(out), seed))
        watch_float32(layer, arrays)
        points = [arrays] if moved is None else [arrays, moved]
        comparisons = [compare(layer, point, np.shape(out), seed) for point in points]
        shapes = {name: array.shape for name, array in zip(layer.names, arrays)} | {"out": np.shape(out)}
        known = [known_arrays(layer, point, np.shape(out), seed) for point in points]
        return [
            report(layer, name, of_points, shapes, tolerance, known)
            for name, of_points in zip(layer.names, zip(*comparisons))
        ]


def private_stream(purpose, arrays, seed):
    """A random generator that nobody else has: its key is hashed from purpose, inputs and seed."""
    key = hashlib.sha256(f"minigpt.gradcheck {purpose} {seed}".encode())
    for array in arrays:
        key.update(f"{array.shape}".encode() + array.tobytes())
    return np.random.default_rng(int.from_bytes(key.digest(), "big"))


def upstream_gradients(arrays, shape, seed=0):
    """Three dout for inputs and a shape of output: (3, *shape), of order one, large, small with zeros."""
    douts = private_stream("dout", arrays, seed).standard_normal((3, *shape))
    douts[1] *= LARGE
    douts[2] *= SMALL
    douts[2].reshape(-1)[1::2] = 0
    return douts


def moved_inputs(layer, arrays, shape, seed):
    """Inputs near the given ones but without their equal rows, zeros, symmetries; None if forward has none.

    Every number is scaled by up to a tenth, and moved by up to a tenth of its array's size. Where the
    forward is not finite there, as a logarithm below zero, scaling alone has to do.
    """
    rng = private_stream("moved inputs", arrays, seed)
    for shift in (MOVED, 0.0):
        moved = []
        for array in arrays:
            scaled = array * (1 + MOVED * rng.uniform(-1, 1, array.shape))
            moved.append(np.array(scaled + shift * typical_size(array) * rng.uniform(-1, 1, array.shape)))
        try:
            out, _, _ = layer.run_forward(moved)
        except (ValueError, ArithmeticError):  # the forward says itself what it does not take
            continue
        if np.shape(out) == shape and np.isfinite(out).all():
            return moved
    for name in layer.names:
        layer.notes[name].append("compared at these inputs alone: moved by a tenth they give no finite out")
    return None


def gradients_at(layer, arrays, douts):
    """What backward returns for each dout: for each input an array (K, *shape)."""
    grads = []
    for dout in douts:
        _, cache, _ = layer.run_forward(arrays)
        grads.append([grad.copy() for grad in layer.run_backward(dout, cache)])
    return [np.array(of_one_input) for of_one_input in zip(*grads)]


def nudges(arrays, seed):
    """The inputs with their last bits changed: what moves in the gradients then is their own rounding."""
    rng = private_stream("nudges", arrays, seed)
    for _ in range(NUDGES):
        yield [np.array(array * (1 + 2 * EPS * rng.choice([-1.0, 1.0], array.shape))) for array in arrays]


def compare(layer, arrays, shape, seed):
    """Backward and finite differences at some inputs: a Comparison for each of them."""
    douts = upstream_gradients(arrays, shape, seed)
    out, _, _ = layer.run_forward(arrays)
    gradients = gradients_at(layer, arrays, douts)
    nudged = [gradients_at(layer, nearly, douts) for nearly in nudges(arrays, seed)]
    rows = douts.reshape(len(douts), -1)  # (K, M)
    loss_size = np.abs(rows) @ np.abs(np.ravel(out))  # (K,)
    comparisons = []
    moving = [array.copy() for array in arrays]
    for n, (name, array, grads) in enumerate(zip(layer.names, moving, gradients)):
        right, doubt, reach = (np.zeros((len(rows), *array.shape)) for _ in range(3))
        for index in np.ndindex(array.shape):
            slopes, doubts = slope(lambda: layer.run_forward(moving)[0], array, index)
            slopes, doubts = slopes.ravel(), np.minimum(doubts.ravel(), 1e300)  # 0 · inf would be nan
            place = (slice(None), *index)
            right[place] = rows @ slopes
            doubt[place] = np.abs(rows) @ doubts
            reach[place] = np.abs(rows) @ np.abs(slopes)
        if grads[0].shape != array.shape:
            what = diagnose_gradient(list(zip(grads, right)), {})
            raise ValueError(
                f"gradient has shape {grads[0].shape} but its array has shape {array.shape}: {name}"
                + (f"; {what}" if what else "")
            )
        doubt += CAUTION * np.max([np.abs(others[n] - grads) for others in nudged], axis=0)
        rounding = (
            1e3 * EPS * loss_size / (STEP * typical_size(array))
        )  # what differences of a constant come to, and more
        limit = CORNER * reach.reshape(len(rows), -1).max(1) + rounding
        seen = doubt <= limit.reshape(-1, *[1] * array.ndim)
        comparisons.append(Comparison(grads, right, doubt, seen))
    return comparisons


def known_arrays(layer, arrays, shape, seed):
    """For each dout a dict of the arrays that went in, by name, for a gradient may consist of one of them."""
    of_all = dict(zip(layer.names, arrays))
    of_all |= {f"argument {i}": arg for i, arg in enumerate(layer.args, 1) if isinstance(arg, np.ndarray)}
    return [of_all | {"dout": dout} for dout in upstream_gradients(arrays, shape, seed)]


def report(layer, name, comparisons, shapes, tolerance, known):
    """What the comparisons of one input, at the given and at moved inputs, come to."""
    faults, notes = list(layer.faults[name]), list(layer.notes[name])
    errors = [comparison.errors(tolerance) for comparison in comparisons]
    worst = np.array([error.reshape(len(error), -1).max(1) for error in errors])  # (points, K)
    off = np.argwhere(~(worst <= tolerance))
    point, k = off[0] if len(off) else (0, 0)
    shown, error = comparisons[point], errors[point][k]
    where = tuple(int(i) for i in np.unravel_index(error.argmax(), error.shape))

    if len(off):
        if point:
            notes.append("the inputs as given hide it: it shows at inputs moved by a tenth")
        if k:
            notes.append(f"only a {DRAWN[k]} dout shows it: is backward linear in dout?")
        notes.append(diagnose_gradient(list(zip(shown.gradient, shown.right)), shapes, known[point]))
    seen = [comparison.seen[0] for comparison in comparisons]  # by the dout that has no zeros
    never = ~np.any(seen, axis=0)
    corners = np.argwhere(~seen[0] & ~never)
    if never.any():
        faults.append(
            f"no slope at {some(np.argwhere(never))} to compare with: forward jumps, or rounds its numbers"
        )
    if len(corners):
        notes.append(
            f"not compared at {some(corners)} of the inputs given: forward has a corner or jump there"
        )
    if not any((np.abs(comparison.right) > comparison.doubt).any() for comparison in comparisons):
        notes.append("its gradient is zero here: a wrong formula that is zero here too would pass")
    return GradientReport(
        name,
        float(error[where]),
        where,
        float(shown.gradient[k][where]),
        float(shown.right[k][where]),
        tolerance,
        faults,
        [note for note in notes if note],
    )


def some(places):
    """A list of indices in words, the first of them by name."""
    first = str(tuple(places[0].tolist()))
    return first if len(places) == 1 else f"{len(places)} places, the first {first},"
