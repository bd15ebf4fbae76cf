"""Softmax."""

FUNCTION = "softmax"
OUTPUTS = "p"
TITLE = ("softmax", "softmax")
TEXT = (
    """Softmax: any scores become probabilities.

    p_k = exp(z_k) / Σ_j exp(z_j)            the sum runs along the last axis

exp(1000) is more than a float holds. But p stays the same when one number is taken from all scores of a
row; take away their maximum, and the largest exponent is 0.

In the course: docs/derivations.md, "Softmax"; minigpt/plain.py, softmax.
""",
    """softmax：把任意的分数变成概率。

    p_k = exp(z_k) / Σ_j exp(z_j)            沿最后一个轴求和

exp(1000) 超出了浮点数的范围。但一行分数同减一个数，p 不变；减去该行的最大值，最大的指数就是 0。

课程中的位置：docs/zh/derivations.md 的“softmax 加交叉熵”一节；minigpt/plain.py 的 softmax。
""",
)
DOCSTRINGS = {
    "z (..., V) -> probabilities (..., V): along the last axis each at least 0, together 1.": "z (..., V) -> 概率 (..., V)：沿最后一个轴，每个至少为 0，合起来为 1。",
}
HINTS = [
    ("the largest score of a row is z.max(-1, keepdims=True)", "一行的最大分数是 z.max(-1, keepdims=True)"),
    (
        "every row has its own maximum and its own sum: axis -1, with keepdims=True",
        "每一行有自己的最大值和自己的和：axis=-1，并用 keepdims=True",
    ),
    ("e to the power of the score: np.exp", "是 e 的分数次方：np.exp"),
]
MISTAKES = [
    (
        "the maximum is not taken away, and exp overflows",
        "没有减去最大值，exp 溢出",
        "z - z.max(-1, keepdims=True)",
        "z",
        1,
    ),
    (
        "one maximum of the whole array is taken away: rows far below it vanish",
        "减去的是整个数组的最大值：比它小得多的行全变成了 0",
        "z.max(-1, keepdims=True)",
        "z.max()",
        2,
    ),
    ("all rows together sum to 1", "让所有行合起来的和为 1", "exps.sum(-1, keepdims=True)", "exps.sum()", 2),
    (
        "the sum runs along the first axis",
        "沿第一个轴求和",
        "exps.sum(-1, keepdims=True)",
        "exps.sum(0, keepdims=True)",
        2,
    ),
    (
        "the exponent has the wrong sign, and small scores win",
        "指数的符号反了，分数小的反而概率大",
        "np.exp(z - z.max(-1, keepdims=True))",
        "np.exp(z.min(-1, keepdims=True) - z)",
        3,
    ),
    ("powers of 2 are taken, not of e", "取的是 2 的幂，而不是 e 的幂", "np.exp(", "np.exp2(", 3),
    (
        "the exponentials are not divided by their sum",
        "没有除以指数之和",
        "return exps / exps.sum(-1, keepdims=True)",
        "return exps",
        2,
    ),
]


def draw(rng, sizes):
    z = rng.normal(size=sizes("B T V", low=3))
    z[0, 0, 1] = 1000.0
    z[1, 1] -= 2000.0
    return {"z": z}
