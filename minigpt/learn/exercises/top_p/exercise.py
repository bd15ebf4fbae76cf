"""Top-p."""

import numpy as np

FUNCTION = "keep_top_p"
OUTPUTS = "kept"
TITLE = ("top-p", "top-p（核采样）")
TEXT = (
    """Top-p: only the fewest tokens that together reach probability p may be drawn.

Go through the tokens of a row from the likeliest on and keep them until their sum is at least p; the one
that reaches p is kept too, and so there is always at least one. The others get 0, and what is kept is
divided by its sum, so that every row sums to 1 again.

    p = 0.7        [0.1, 0.5, 0.3, 0.1]  →  [0, 0.625, 0.375, 0]

In the course: docs/generation.md; minigpt/generation/sampling.py, keep_top_p.
""",
    """top-p：只允许抽取合起来概率达到 p 的最少几个词元。

从一行中最可能的词元开始，一个个保留，直到它们的和至少为 p；使和达到 p 的那一个也保留，
所以至少会留一个。其余的得 0；保留的除以它们的和，让每一行之和又是 1。

    p = 0.7        [0.1, 0.5, 0.3, 0.1]  →  [0, 0.625, 0.375, 0]

课程中的位置：docs/zh/generation.md；minigpt/generation/sampling.py 的 keep_top_p。
""",
)
DOCSTRINGS = {
    "probs (B, V), p, a number in (0, 1] -> (B, V): what is kept, each row summing to 1 again.": "probs (B, V)，p，(0, 1] 中的数 -> (B, V)：保留下来的，每行之和又是 1。",
}
HINTS = [
    ("np.argsort(-row) lists the tokens from the likeliest on", "np.argsort(-row) 从最可能的词元排起"),
    (
        "a token stays if the sum of the likelier ones, itself not included, is still below p",
        "若比它更可能的那些（不含它自己）之和还小于 p，它就保留",
    ),
    ("every row has its own nucleus, and is divided by its own sum", "每一行有自己的核，除以自己的和"),
]
MISTAKES = [
    (
        "the token that reaches p is dropped (the likeliest one is always kept)",
        "使和达到 p 的那个词元被丢掉了（最可能的总是保留）",
        "likelier < p]",
        "(np.cumsum(row[order]) < p) | (np.arange(len(row)) == 0)]",
        2,
    ),
    (
        "one token more is kept after p is reached",
        "达到 p 之后又多留了一个",
        "likelier < p]",
        "likelier - np.append(0, row[order][:-1]) < p]",
        2,
    ),
    (
        "tokens are taken in the order of the vocabulary, not of likelihood",
        "按词表的次序取词元，而不是按可能性",
        "np.argsort(-row)",
        "np.arange(len(row))",
        1,
    ),
    (
        "the least likely tokens come first",
        "从最不可能的词元排起",
        "np.argsort(-row)",
        "np.argsort(row)",
        1,
    ),
    (
        "what is kept is not divided by its sum",
        "保留的没有除以它们的和",
        "return kept / kept.sum(-1, keepdims=True)",
        "return kept",
        3,
    ),
    ("all rows are divided by one sum", "所有行除以同一个和", "kept.sum(-1, keepdims=True)", "kept.sum()", 3),
    (
        "every token likelier than 1 − p is kept",
        "概率大于 1 − p 的词元都保留了",
        "order[likelier < p]",
        "np.flatnonzero((row > 1 - p) | (row == row.max()))",
        2,
    ),
    (
        "the kept ones become equally likely",
        "保留的变成了等概率",
        "kept[b, nucleus] = row[nucleus]",
        "kept[b, nucleus] = 1.0",
        3,
    ),
    (
        "the nucleus of the first row serves all rows",
        "所有行都用了第一行的核",
        "nucleus = order[likelier < p]",
        "nucleus = np.argsort(-probs[0])[np.cumsum(np.sort(probs[0])[::-1]) - np.sort(probs[0])[::-1] < p]",
        3,
    ),
    (
        "likelier tokens are summed after the sort was undone",
        "求和时把排序弄丢了：累加的是未排序的概率",
        "np.cumsum(row[order]) - row[order]",
        "np.cumsum(row) - row",
        2,
    ),
]


def draw(rng, sizes):
    B, V = sizes("B V", low=5, high=10)
    return {"probs": rng.dirichlet(np.full(V, 1.5), size=B), "p": float(rng.uniform(0.3, 0.95))}
