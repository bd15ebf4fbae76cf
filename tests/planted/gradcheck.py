"""Bugs of the checker of gradients."""

PLANTED = {
    "minigpt/gradcheck/check.py": [
        (
            "dout from the stream of the reader",
            'private_stream("dout", arrays, seed)',
            "np.random.default_rng(seed)",
        ),
        (
            "dout the same for all inputs",
            "for array in arrays:\n        key",
            "for array in []:\n        key",
        ),
        (
            "dout the same for all seeds",
            "{purpose} {seed}",
            "{purpose}",
        ),
        (
            "the inputs as given alone",
            "if moved is None else [arrays, moved]",
            "if True else []",
        ),
        (
            "the inputs are scaled, not moved",
            "for shift in (MOVED, 0.0):",
            "for shift in (0.0,):",
        ),
        (
            "no fallback for a domain",
            "for shift in (MOVED, 0.0):",
            "for shift in (MOVED,):",
        ),
        (
            "no large dout",
            "douts[1] *= LARGE",
            "pass",
        ),
        (
            "no small dout",
            "douts[2] *= SMALL",
            "pass",
        ),
        (
            "no zeros in dout",
            "douts[2].reshape(-1)[1::2] = 0",
            "pass",
        ),
        (
            "an error relative to the largest",
            "np.abs(self.right) + self.doubt / tolerance",
            "np.abs(self.right).max() + self.doubt / tolerance",
        ),
        (
            "the differences are never doubted",
            " + self.doubt / tolerance",
            "",
        ),
        (
            "a corner is compared",
            "seen = doubt <=",
            "seen = doubt <= np.inf *",
        ),
        (
            "nan beside a corner is not seen",
            "self.seen | ~np.isfinite(gap)",
            "self.seen",
        ),
        (
            "nan passes",
            "np.argwhere(~(worst <= tolerance))",
            "np.argwhere(worst > tolerance)",
        ),
        (
            "faults do not count",
            "<= self.tolerance and not self.faults",
            "<= self.tolerance",
        ),
        (
            "what was never compared passes",
            "if never.any():",
            "if False:",
        ),
        (
            "the backward's own rounding is an error",
            "doubt += CAUTION * np.max",
            "doubt += 0 * np.max",
        ),
        (
            "nobody watches the arrays",
            "watch(layer, arrays, moved, up",
            "(layer, arrays, moved, up",
        ),
    ],
    "minigpt/gradcheck/conduct.py": [
        (
            "an output that changes is not noticed",
            "if not same(again, out):",
            "if False:",
        ),
        (
            "a forward gets the caller's arrays",
            "copies = [array.copy() for array",
            "copies = [array for array",
        ),
        (
            "a change of dout is not noticed",
            "if not np.array_equal(given, dout):",
            "if False:",
        ),
        (
            "inputs without a name are not compared",
            "range(len(names), len(arrays))",
            "range(0)",
        ),
        (
            "a change of an argument is not noticed",
            "if before is not None and not",
            "if False and not",
        ),
        (
            "a gradient of float32 is not noticed",
            "if grad.dtype != np.float64:",
            "if False:",
        ),
        (
            "no forward between forward and backward",
            "layer.run_forward(moved)",
            "pass",
        ),
        (
            "a buffer as a gradient is not noticed",
            "        if lost:",
            "        if False:",
        ),
    ],
    "minigpt/gradcheck/differences.py": [
        (
            "a corner at the place itself is not seen",
            " + np.abs(corner) + rounding",
            " + rounding",
        ),
        (
            "a weight of the seven points is wrong",
            "9 * deltas[1] + deltas[2]",
            "9 * deltas[1] - deltas[2]",
        ),
        (
            "the step never shrinks",
            "step /= SHRINK",
            "pass",
        ),
        (
            "the step does not suit the numbers",
            "STEP * max(abs(original), typical_size(array))",
            "STEP",
        ),
        (
            "rounding is not doubted",
            "return best, CAUTION * least",
            "return best, 0 * least",
        ),
    ],
    "minigpt/gradcheck/diagnosis.py": [
        (
            "a relation of one pair is said",
            "for gradient, right in pairs\n    )\n    return factor",
            "for gradient, right in pairs[:1]\n    )\n    return factor",
        ),
        (
            "every gradient has a factor",
            "return factor if holds and factor != 0",
            "return factor if factor != 0",
        ),
        (
            "the first is called the last",
            "if indices[0] == n - 1",
            "if indices[0] == 0",
        ),
        (
            "transposed the other way",
            "tuple(right_shape[i] for i in order) == shape",
            "False",
        ),
        (
            "c for 1/c",
            '(sign, 1 / c, "1/{}")',
            '(sign, 1 / c, "{}")',
        ),
        (
            "a shift in one place only is said",
            "for step, at, of in [",
            "for step, at, of in [] and [",
        ),
        (
            "any term will do",
            "if factor is not None and pairs[0][1].ndim:",
            "if False:",
        ),
        (
            "lost repeats by one id",
            "np.flatnonzero(counts > 1)",
            "np.flatnonzero(counts > 0)",
        ),
        (
            "what is broadcast is not noticed",
            "if n > 1 and same:",
            "if False:",
        ),
        (
            "a rounding is called a relation",
            "if factor == 1 and key == (RIGHT,):",
            "if False:",
        ),
    ],
}
