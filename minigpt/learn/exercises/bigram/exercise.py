"""Bigram probabilities."""

import numpy as np

FUNCTION = "bigram_probabilities"
OUTPUTS = "P"
TITLE = ("bigram probabilities", "二元（bigram）概率")
TEXT = (
    """Bigram probabilities: the smallest language model looks back one id and counts what came next.

    count[a, b] = 1 + how often b comes right after a in the text
    P[a, b] = count[a, b] / Σ_b count[a, b]

Every count begins at 1, not at 0: so nothing is impossible, and the row of an id that never occurs is no
division by zero. Every row of P sums to 1.

In the course: minigpt/bigram.py.
""",
    """二元（bigram）概率：最小的语言模型只回看一个 id，数一数它后面跟着什么。

    count[a, b] = 1 + 文本中 b 紧跟在 a 后面的次数
    P[a, b] = count[a, b] / Σ_b count[a, b]

计数从 1 开始而不是 0：这样没有什么是不可能的，没出现过的 id 那一行也不会除以零。P 的每一行之和为 1。

课程中的位置：minigpt/bigram.py。
""",
)
DOCSTRINGS = {
    "ids (N,) int from 0 to V - 1 -> P (V, V): P[a, b], the probability that b comes after a.": "ids (N,)，0 到 V - 1 的 int -> P (V, V)：P[a, b] 是 b 跟在 a 后面的概率。",
}
HINTS = [
    ("zip(ids, ids[1:]) gives each id and the one after it", "zip(ids, ids[1:]) 给出每个 id 和它后面的一个"),
    (
        "counts[a, b] += 1 in a loop; with arrays of ids in the place of a and b, += counts repeats once",
        "在循环里写 counts[a, b] += 1；若 a、b 是整个 id 数组，+= 对重复的只加一次",
    ),
    (
        "each row is divided by its own sum: sum over axis 1, and keepdims=True keeps it a column",
        "每一行除以自己的和：沿第 1 轴求和，keepdims=True 让它保持为一列",
    ),
]
MISTAKES = [
    (
        "columns are made to sum to 1, not rows",
        "让每一列之和为 1，而不是每一行",
        "counts.sum(1, keepdims=True)",
        "counts.sum(0, keepdims=True)",
        3,
    ),
    (
        "keepdims is left out, so that each column is divided by the sum of another row",
        "漏掉 keepdims，于是每一列除以了别的行的和",
        "counts.sum(1, keepdims=True)",
        "counts.sum(1)",
        3,
    ),
    (
        "all counts are divided by their total",
        "所有计数都除以总和",
        "counts.sum(1, keepdims=True)",
        "counts.sum()",
        3,
    ),
    (
        "P[b, a] is counted in the place of P[a, b]",
        "把 P[a, b] 数成了 P[b, a]",
        "counts[a, b] += 1",
        "counts[b, a] += 1",
        1,
    ),
    ("repeated pairs are counted once", "重复的对只数一次", "counts[a, b] += 1", "counts[a, b] = 2", 2),
    ("counts begin at 0", "计数从 0 开始", "np.ones((V, V))", "np.zeros((V, V))", 2),
    (
        "the id two places further on is counted",
        "数的是隔一位的 id",
        "zip(ids, ids[1:])",
        "zip(ids, ids[2:])",
        1,
    ),
    ("every other pair is left out", "每隔一对漏掉一对", "zip(ids, ids[1:])", "zip(ids[::2], ids[1::2])", 1),
    (
        "the last id is followed by the first",
        "把第一个 id 接在最后一个后面",
        "zip(ids, ids[1:])",
        "zip(ids, np.roll(ids, -1))",
        1,
    ),
    (
        "the counts are not divided at all",
        "计数没有除以任何数",
        "return counts / counts.sum(1, keepdims=True)",
        "return counts",
        3,
    ),
]


def draw(rng, sizes):
    V = sizes("V", low=4)
    ids = rng.integers(V - 1, size=sizes("N", low=30, high=60))  # the last id never occurs
    return {"ids": np.append(ids, [0, 0, 0, 0, 1]), "V": V}
