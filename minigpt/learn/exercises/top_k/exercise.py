"""Top-k."""

FUNCTION = "keep_top_k"
OUTPUTS = "kept"
TITLE = ("top-k", "top-k")
TEXT = (
    """Top-k: only the k likeliest tokens of each row may be drawn.

The scores of all others become −∞, which the softmax turns into a probability of 0. Those that are equal
to the k-th highest all stay. A k above the size of the vocabulary keeps everything.

    k = 2          [1.0, 3.0, 2.0, 0.5]  →  [−∞, 3.0, 2.0, −∞]

In the course: docs/generation.md; minigpt/generation/sampling.py, keep_top_k.
""",
    """top-k：每一行只允许抽取最可能的 k 个词元。

其余的分数变成 −∞，softmax 之后概率就是 0。与第 k 高相等的全部保留。k 大于词表大小时全部保留。

    k = 2          [1.0, 3.0, 2.0, 0.5]  →  [−∞, 3.0, 2.0, −∞]

课程中的位置：docs/zh/generation.md；minigpt/generation/sampling.py 的 keep_top_k。
""",
)
DOCSTRINGS = {
    "logits (B, V), k, an int from 1 on -> (B, V), −inf for all but the k highest of each row.": "logits (B, V)，k，从 1 起的 int -> (B, V)，每行除最高的 k 个外都是 −inf。",
}
HINTS = [
    (
        "np.sort(logits, axis=-1)[:, -k] is the k-th highest of each row",
        "np.sort(logits, axis=-1)[:, -k] 是每行第 k 高的分数",
    ),
    (
        "compare with <, so that equals of the k-th stay; [:, None] makes it a column",
        "用 < 比较，这样与第 k 个相等的会保留；[:, None] 把它变成一列",
    ),
    ("k may be above V: k = min(k, V)", "k 可能大于 V：k = min(k, V)"),
    (
        "hidden scores become −∞, not 0: a score of 0 has a probability",
        "被遮的分数变成 −∞ 而不是 0：分数 0 也有概率",
    ),
]
MISTAKES = [
    (
        "one token too few is kept",
        "少留了一个",
        "[:, -k]",
        "[:, max(-k + 1, -len(logits[0]))] if k > 1 else np.full(len(logits), np.inf)",
        1,
    ),
    ("one token too many is kept", "多留了一个", "[:, -k]", "[:, max(-k - 1, -len(logits[0]))]", 1),
    (
        "the k lowest are kept",
        "留下的是最低的 k 个",
        "    kth_highest = np.sort(logits, axis=-1)[:, -k]\n    return np.where(logits < kth",
        "    kth_highest = np.sort(logits, axis=-1)[:, k - 1]\n    return np.where(logits > kth",
        1,
    ),
    (
        "those that equal the k-th highest are dropped, and it too",
        "与第 k 高相等的（连它自己）都丢了",
        "logits < kth",
        "logits <= kth",
        2,
    ),
    (
        "hidden scores become 0, not −∞",
        "被遮的分数变成了 0，而不是 −∞",
        "-math.inf, logits)",
        "0.0, logits)",
        4,
    ),
    (
        "the k highest of the whole array are kept, not those of each row",
        "留的是整个数组里最高的 k 个，而不是每行的",
        "np.sort(logits, axis=-1)[:, -k]",
        "np.full(len(logits), np.sort(logits, axis=None)[-k])",
        1,
    ),
    (
        "the threshold of the first row serves all rows",
        "所有行都用了第一行的界限",
        "kth_highest[:, None]",
        "kth_highest[0]",
        2,
    ),
    (
        "kept and hidden have changed places",
        "保留的和遮住的弄反了",
        "-math.inf, logits)",
        "logits, -math.inf)",
        2,
    ),
    ("kept scores become 1", "保留的分数变成了 1", "-math.inf, logits)", "-math.inf, 1.0)", 2),
]


def draw(rng, sizes):
    B, V = sizes("B V", low=4)
    logits = rng.normal(size=(B, V))
    logits[0, :2] = logits[0].max() + 1  # two that are equal
    return {"logits": logits, "k": int(rng.choice([1, 2, V - 1, V, V + 3]))}
