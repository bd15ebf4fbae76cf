"""One step of AdamW."""

FUNCTION = "adamw"
OUTPUTS = "w m v"
TITLE = ("a step of AdamW", "AdamW 的一步")
TEXT = (
    """A step of AdamW: two running means for every parameter, of its gradient g and of g².

    m ← β₁ m + (1 − β₁) g          m̂ = m / (1 − β₁ᵗ)
    v ← β₂ v + (1 − β₂) g²         v̂ = v / (1 − β₂ᵗ)
    w ← w − lr · (m̂ / (√v̂ + ε) + λ w)

m and v begin at zero and are too small at first; the hats correct that. What is kept for the next step is
m and v without hats. λ, weight_decay, shrinks matrices only (two axes or more), never a bias.

In the course: docs/derivations.md, "AdamW's bias correction"; minigpt/optim.py; minigpt/plain.py, adamw.
""",
    """AdamW 的一步：每个参数有两个滑动平均，一个是梯度 g 的，一个是 g² 的。

    m ← β₁ m + (1 − β₁) g          m̂ = m / (1 − β₁ᵗ)
    v ← β₂ v + (1 − β₂) g²         v̂ = v / (1 − β₂ᵗ)
    w ← w − lr · (m̂ / (√v̂ + ε) + λ w)

m 和 v 从零开始，起初太小，带帽的量把它校正过来。留给下一步的是不带帽的 m 和 v。
λ（weight_decay）只让矩阵（两个轴或更多）收缩，从不动偏置。

课程中的位置：docs/zh/derivations.md 的“AdamW 的偏差修正”一节；minigpt/optim.py；minigpt/plain.py 的 adamw。
""",
)
DOCSTRINGS = {
    "w, g, m, v, arrays of one shape; t = 1, 2, …; the rest numbers -> new w, m, v in that shape.": "w、g、m、v，形状相同的数组；t = 1, 2, …；其余是数 -> 同样形状的新的 w、m、v。",
}
HINTS = [
    ("v is a mean of squares, g**2", "v 是平方 g**2 的平均"),
    (
        "m̂ uses β₁, v̂ uses β₂, both to the power t; t counts from 1",
        "m̂ 用 β₁，v̂ 用 β₂，都是 t 次方；t 从 1 数起",
    ),
    ("m and v are returned without the hats", "返回的 m 和 v 不带帽"),
    ("ε is added to the root, not under it", "ε 加在根号外面，不在根号里面"),
    (
        "the decay stands beside the fraction: it goes through neither m nor √v̂, and lr multiplies it",
        "衰减与分式并列：它不进 m，也不除以 √v̂，但要乘 lr",
    ),
    (
        "a bias or a LayerNorm weight has one axis and is not decayed: g.ndim >= 2",
        "偏置和 LayerNorm 的权重只有一个轴，不衰减：g.ndim >= 2",
    ),
]
MISTAKES = [
    (
        "neither m nor v is corrected",
        "m 和 v 都没有校正",
        "    m_hat = m / (1 - beta1**t)\n    v_hat = v / (1 - beta2**t)\n",
        "    m_hat, v_hat = m, v\n",
        2,
    ),
    ("m̂ is not corrected", "m̂ 没有校正", "m / (1 - beta1**t)", "m", 2),
    ("v̂ is not corrected", "v̂ 没有校正", "v / (1 - beta2**t)", "v", 2),
    ("v̂ is corrected with β₁", "v̂ 用 β₁ 校正了", "v / (1 - beta2**t)", "v / (1 - beta1**t)", 2),
    (
        "v is a mean of |g|, not of g²",
        "v 是 |g| 的平均，而不是 g² 的",
        "(1 - beta2) * g**2",
        "(1 - beta2) * abs(g)",
        1,
    ),
    (
        "v takes the square of m in the place of g²",
        "v 里用 m² 代替了 g²",
        "(1 - beta2) * g**2",
        "(1 - beta2) * m**2",
        1,
    ),
    ("m adds g whole, without 1 − β₁", "m 加上了整个 g，漏了 1 − β₁", "(1 - beta1) * g", "g", 2),
    ("ε stands under the root", "ε 写到了根号里面", "np.sqrt(v_hat) + eps", "np.sqrt(v_hat + eps)", 4),
    ("the root of v̂ is left out", "v̂ 没有开根号", "np.sqrt(v_hat) + eps", "v_hat + eps", 4),
    ("biases are decayed too", "偏置也衰减了", "if g.ndim >= 2 else 0", "if g.ndim >= 1 else 0", 6),
    ("nothing is decayed", "什么也没有衰减", "if g.ndim >= 2 else 0", "if g.ndim >= 9 else 0", 6),
    ("the decay lacks the learning rate", "衰减漏了学习率", "+ decay)", ") - decay", 5),
    (
        "the decay goes through the moments, as in Adam with L2",
        "衰减进了 m 和 v，像带 L2 的 Adam 那样",
        "    m = beta1 * m + (1 - beta1) * g\n    v = beta2 * v + (1 - beta2) * g**2\n    m_hat = m / (1 - beta1**t)\n    v_hat = v / (1 - beta2**t)\n    decay = weight_decay * w if g.ndim >= 2 else 0\n",
        "    g = g + (weight_decay * w if g.ndim >= 2 else 0)\n    m = beta1 * m + (1 - beta1) * g\n    v = beta2 * v + (1 - beta2) * g**2\n    m_hat = m / (1 - beta1**t)\n    v_hat = v / (1 - beta2**t)\n    decay = 0\n",
        5,
    ),
    ("the step goes uphill", "朝上坡走了一步", "w = w - lr * (m_hat", "w = w - lr * (-m_hat", 5),
    (
        "the corrected m and v are returned",
        "返回的是校正过的 m 和 v",
        "return w, m, v",
        "return w, m_hat, v_hat",
        3,
    ),
    (
        "the powers are those of the step before, t − 1",
        "次方用了上一步的 t − 1",
        "    m_hat = m / (1 - beta1**t)\n    v_hat = v / (1 - beta2**t)",
        "    m_hat = m / (1 - beta1 ** (t - 1))\n    v_hat = v / (1 - beta2 ** (t - 1))",
        2,
    ),
    (
        "β₁ and β₂ have changed places in m and v",
        "m 和 v 里 β₁ 与 β₂ 弄反了",
        "    m = beta1 * m + (1 - beta1) * g\n    v = beta2 * v + (1 - beta2) * g**2",
        "    m = beta2 * m + (1 - beta2) * g\n    v = beta1 * v + (1 - beta1) * g**2",
        2,
    ),
]


def draw(rng, sizes):
    I, O = sizes("I O")
    shape = (I, O) if sizes.rng.random() < 0.5 or sizes.square else (I,)
    w, g, m = (rng.normal(size=shape) for _ in range(3))
    return {
        "w": w,
        "g": g,
        "m": 0.5 * m,
        "v": rng.uniform(0.1, 1, size=shape),
        "t": int(rng.integers(2, 6)),
    } | {
        "lr": 0.1,
        "beta1": 0.8,
        "beta2": 0.95,
        "eps": 0.05,
        "weight_decay": 0.3,
    }
