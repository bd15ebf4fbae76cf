"""Bugs of the exercises and of what compares a GPT of one's own."""

PLANTED = {
    "minigpt/learn/sentence.py": [
        (
            "half a surrogate pair stays",
            '.decode("utf-16", "replace")',
            '.decode("utf-16", "surrogatepass")',
        ),
        (
            "parts of a character not numbered",
            "if len(parts) > 1",
            "if len(parts) > 9",
        ),
        (
            "the context is not the limit",
            "min(MOST_TOKENS, block_size)",
            "MOST_TOKENS",
        ),
        (
            "targets not moved",
            "[*ids[1:], IGNORED if end is None else end]",
            "ids",
        ),
    ],
    "minigpt/learn/record.py": [
        (
            "floats rounded",
            "if exact else array",
            "if True else array",
        ),
        (
            "the optimiser forgets its steps",
            "self.of(m, name), self.of(v, name)",
            "{}, {}",
        ),
        (
            "the promise of the weights, not of the gradient",
            "(d[name] * step.moves",
            "(param * step.moves",
        ),
        (
            "the lens without the last LayerNorm",
            'plain.layernorm(a[name], w, {}, "ln_f", step.eps)',
            "a[name]",
        ),
        (
            "past and through swapped",
            '"past": lengths(middle)',
            '"past": lengths(below)',
        ),
    ],
    "minigpt/learn/page.py": [
        (
            "a text may end the script",
            'for character in "<>&',
            'for character in "&',
        ),
    ],
    "minigpt/learn/diagnose.py": [
        (
            "of several mistakes that fit the first is named",
            "if len(fitting) == 1 else []",
            "if True else []",
        ),
        (
            "a mistake that fits one draw is named",
            "for k, of_learner in enumerate(results):",
            "for k, of_learner in enumerate(results[:1]):",
        ),
        (
            "one mistake at once is looked for",
            "catalogue, most = outcomes.exercise.mistakes, 2",
            "catalogue, most = outcomes.exercise.mistakes, 1",
        ),
        (
            "a factor of one choice of sizes is named",
            "== found\n        ]",
            "[:1] == found[:1]\n        ]",
        ),
        (
            "relations that differ between sizes are said",
            "if len(keys) != 1 or",
            "if",
        ),
    ],
    "minigpt/learn/numbers.py": [
        (
            "nearly right is right",
            "TOLERANCE = 1e-9",
            "TOLERANCE = 1e-6",
        ),
    ],
    "minigpt/learn/examine.py": [
        (
            "a view is not noticed",
            "if any(np.may_share_memory",
            "if False and any(np.may_share_memory",
        ),
        (
            "a change in place is not noticed",
            "if not unchanged(given[name], before):",
            "if False:",
        ),
        (
            "float32 passes",
            "if dtype != np.float64 and not",
            "if False and not",
        ),
        (
            "the first draw is all that is tried",
            "for values, sizes in self.draws:",
            "for values, sizes in self.draws[:1]:",
        ),
    ],
    "minigpt/learn/process.py": [
        (
            "the loop's line is not asked for",
            "exit=True, file=file)",
            "exit=True)",
        ),
    ],
    "minigpt/learn/names.py": [
        (
            "matrices (out, in) are not turned round",
            "if stores_out_in(found, reference):",
            "if False:",
        ),
        (
            "1/sigma is taken for sigma",
            '"sigma", 1 / array',
            '"sigma", array',
        ),
        (
            "a gradient is taken for its array",
            'before, name = "d.", match[1] or match[2]',
            "name = match[1] or match[2]",
        ),
    ],
    "minigpt/learn/compare.py": [
        (
            "the table is in the order of the alphabet",
            "order = [name for name in reference if",
            "order = [name for name in sorted(reference) if",
        ),
    ],
    "minigpt/learn/reference.py": [
        (
            "m and v begin anew at each step",
            "params, clipped, m, v, step, **ADAMW",
            "params, clipped, {}, {}, step, **ADAMW",
        ),
        (
            "gradients are not clipped before the step",
            "plain.adamw(params, clipped,",
            "plain.adamw(params, {n: d[n] for n in params},",
        ),
        (
            "the weights are not exact in float32",
            'dtype="float32")',
            'dtype="float64")',
        ),
    ],
}
