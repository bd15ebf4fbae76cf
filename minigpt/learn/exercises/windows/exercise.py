"""Windows and their targets."""

import numpy as np

FUNCTION = "windows"
OUTPUTS = "x y"
TITLE = ("windows and targets", "窗口与目标")
TEXT = (
    """Windows and targets: what a language model sees, and what it should say.

A text is one long array of ids. A window x begins at some place and has T ids. At each of its places the
model should say which id comes next, so the targets y are the same T places one id further on:

    ids  5 1 4 1 5 9 2         start 2, T 3:   x = 4 1 5    y = 1 5 9

B windows make a batch, (B, T). In the course: docs/one-batch.md; minigpt/training/corpus.py.
""",
    """窗口与目标：语言模型看到什么，又应该说出什么。

文本是一长串 id。窗口 x 从某处开始，含 T 个 id。在窗口的每个位置上，模型应该说出下一个 id，
所以目标 y 就是同样的 T 个位置各往后移一位：

    ids  5 1 4 1 5 9 2         起点 2，T = 3：   x = 4 1 5    y = 1 5 9

B 个窗口组成一批，形状 (B, T)。课程中的位置：docs/zh/one-batch.md；minigpt/training/corpus.py。
""",
)
DOCSTRINGS = {
    "ids (N,) int, starts (B,) int, T an int -> x (B, T) int, y (B, T) int.": "ids (N,) int，starts (B,) int，T 是 int -> x (B, T) int，y (B, T) int。"
}
HINTS = [
    (
        "x is ids[start : start + T] for each start; np.stack makes one array of them",
        "对每个起点，x 是 ids[start : start + T]；np.stack 把它们叠成一个数组",
    ),
    ("y begins one id later and ends one id later", "y 的开头和结尾都晚一位"),
    (
        "the last target of a window is an id that x does not contain",
        "窗口的最后一个目标是 x 里没有的那个 id",
    ),
]
MISTAKES = [
    (
        "the targets are the window itself, not moved",
        "目标就是窗口本身，没有移位",
        "ids[start + 1 : start + T + 1]",
        "ids[start : start + T]",
        2,
    ),
    (
        "the targets are moved by two",
        "目标移了两位",
        "ids[start + 1 : start + T + 1]",
        "ids[start + 2 : start + T + 2]",
        2,
    ),
    (
        "the targets are the ids before, not after",
        "目标取成了前一个 id，而不是后一个",
        "ids[start + 1 : start + T + 1]",
        "ids[start - 1 : start + T - 1]",
        2,
    ),
    (
        "the last target of a window is the window's first id",
        "窗口的最后一个目标成了窗口的第一个 id",
        "np.stack([ids[start + 1 : start + T + 1] for start in starts])",
        "np.roll(x, -1, axis=1)",
        3,
    ),
    (
        "the windows begin one id too late, and the targets with them",
        "窗口晚了一位，目标也跟着晚",
        "    y = np.stack([ids[start + 1 : start + T + 1] for start in starts])\n",
        "    x, y = (np.stack([ids[start + k : start + T + k] for start in starts]) for k in (1, 2))\n",
        1,
    ),
    (
        "the windows stand side by side from the beginning, whatever the starts are",
        "窗口从头一个挨一个地排，没有用 starts",
        "    x = np.stack",
        "    starts = range(0, len(starts) * T, T)\n    x = np.stack",
        1,
    ),
    (
        "all windows are the first one",
        "所有窗口都是第一个窗口",
        "    x = np.stack",
        "    starts = [starts[0]] * len(starts)\n    x = np.stack",
        1,
    ),
    ("x and y are returned in the wrong order", "x 和 y 返回的次序反了", "return x, y", "return y, x", 2),
]


def draw(rng, sizes):
    B, T = sizes("B T", low=3)
    ids = rng.integers(1000, size=B * T + 20)
    return {"ids": ids, "starts": rng.choice(np.arange(1, len(ids) - T - 2), size=B, replace=False), "T": T}
