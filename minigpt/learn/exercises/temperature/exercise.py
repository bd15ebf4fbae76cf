"""Temperature."""

FUNCTION = "probabilities"
OUTPUTS = "p"
TITLE = ("temperature", "温度")
TEXT = (
    """Temperature: how bold or how wild the choice of the next token is.

    p = softmax(logits / temperature)          for each row

Below 1 likely tokens become likelier still, above 1 all become more alike. Temperature 0 means: the
likeliest token has probability 1, all others 0 (the first of them, should several be equal). Scores may be
large, and dividing by a small temperature makes them larger: take the maximum away first.

In the course: docs/generation.md; minigpt/generation/sampling.py.
""",
    """温度：选下一个词元时，是稳一点还是野一点。

    p = softmax(logits / temperature)          逐行计算

小于 1 时，可能的更可能；大于 1 时，大家更接近。温度为 0 表示：最可能的词元概率为 1，其余为 0
（若有几个并列，取第一个）。分数可能很大，除以小的温度会更大：先减去最大值。

课程中的位置：docs/zh/generation.md；minigpt/generation/sampling.py。
""",
)
DOCSTRINGS = {
    "logits (B, V), temperature, a number from 0 on -> probabilities (B, V).": "logits (B, V)，temperature，不小于 0 的数 -> 概率 (B, V)。",
}
HINTS = [
    ("the scores are divided by the temperature before the softmax", "在 softmax 之前，分数除以温度"),
    (
        "every row has a maximum of its own, axis -1 with keepdims=True",
        "每一行有自己的最大值：axis=-1，keepdims=True",
    ),
    (
        "temperature 0 cannot be divided by: argmax, and a row of the unit matrix for each",
        "温度 0 不能当除数：用 argmax，再取单位矩阵的那一行",
    ),
]
MISTAKES = [
    (
        "the scores are multiplied by the temperature",
        "分数乘以了温度",
        ") / temperature",
        ") * temperature",
        1,
    ),
    ("the temperature is not used", "没有用温度", ") / temperature", ")", 1),
    (
        "the probabilities are divided by the temperature, not the scores",
        "除以温度的是概率，而不是分数",
        "    z = (logits - logits.max(-1, keepdims=True)) / temperature\n    exps = np.exp(z)\n    return exps / exps.sum(-1, keepdims=True)",
        "    exps = np.exp(logits - logits.max(-1, keepdims=True))\n    return exps / exps.sum(-1, keepdims=True) / temperature",
        1,
    ),
    (
        "the maximum is not taken away, and exp overflows",
        "没有减去最大值，exp 溢出",
        "(logits - logits.max(-1, keepdims=True))",
        "logits",
        2,
    ),
    (
        "the scores are divided by the square of the temperature",
        "分数除以了温度的平方",
        ") / temperature",
        ") / temperature**2",
        1,
    ),
    (
        "the rows are normalised together",
        "所有行一起归一化了",
        "exps.sum(-1, keepdims=True)",
        "exps.sum()",
        2,
    ),
    (
        "temperature 0 gives equal probabilities",
        "温度 0 给出了相等的概率",
        "np.eye(logits.shape[-1])[logits.argmax(-1)]",
        "np.full(logits.shape, 1 / logits.shape[-1])",
        3,
    ),
    (
        "temperature 0 picks the least likely token",
        "温度 0 选了最不可能的词元",
        "logits.argmax(-1)",
        "logits.argmin(-1)",
        3,
    ),
    (
        "temperature 0 is treated as 1",
        "把温度 0 当成了 1",
        "        return np.eye(logits.shape[-1])[logits.argmax(-1)]",
        "        temperature = 1",
        3,
    ),
]


def draw(rng, sizes):
    B, V = sizes("B V", low=3)
    logits = 2 * rng.normal(size=(B, V))
    logits[0] += 1500.0
    return {"logits": logits, "temperature": float(rng.choice([0.0, 0.5, 0.6, 1.7, 2.5]))}
