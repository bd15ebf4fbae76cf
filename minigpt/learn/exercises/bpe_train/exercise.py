"""Training byte-pair encoding."""

FUNCTION = "train"
OUTPUTS = "merges"
TITLE = ("training BPE", "训练 BPE")
TEXT = (
    """Training BPE: again and again the most frequent pair of neighbours becomes a new id.

Count all pairs of neighbours, take the most frequent one, merge it everywhere, and note it. The first
new id is 256 (0 to 255 are the bytes), the next one 257. Of equally frequent pairs the smallest one is
taken, as Python compares tuples: (1, 9) before (2, 3). Pairs are counted wherever they stand, so
[7, 7, 7] has (7, 7) twice.

In the course: docs/bpe.md; tokenizer/bpe_trainer.py.
""",
    """训练 BPE：一遍又一遍，把最常见的相邻一对变成新的 id。

数出所有相邻的对，取最常见的一对，处处合并，并记下来。第一个新 id 是 256（0 到 255 是字节），
下一个是 257。次数相同时取最小的一对，按 Python 比较元组的方式：(1, 9) 在 (2, 3) 前面。
每个位置上的对都要数，所以 [7, 7, 7] 里有两个 (7, 7)。

课程中的位置：docs/zh/bpe.md；tokenizer/bpe_trainer.py。
""",
)
DOCSTRINGS = {
    "Given: the ids with new_id wherever the pair stood.": "已给出：凡是 pair 出现的地方都换成 new_id。",
    "ids, a list of int from 0 to 255; n_merges, an int -> merges, a list of pairs (tuples) of int.": "ids，0 到 255 的 int 列表；n_merges，int -> merges，一列由两个 int 组成的元组。",
}
HINTS = [
    ("zip(ids, ids[1:]) gives every pair of neighbours", "zip(ids, ids[1:]) 给出每一对相邻的 id"),
    ("after a merge other pairs stand there: count anew each time", "合并之后相邻的对变了：每一轮都要重新数"),
    (
        "min with key (-count, pair) takes the most frequent, then the smallest",
        "min 配上 key (-次数, 对)：先取次数最多的，再取最小的",
    ),
    (
        "the new id of the first merge is 256, and later pairs may contain it",
        "第一次合并的新 id 是 256，以后的对里可以有它",
    ),
]
MISTAKES = [
    (
        "of equally frequent pairs the largest is taken",
        "次数相同时取最大的一对",
        "(-counts[pair], pair)",
        "(-counts[pair], -pair[0], -pair[1])",
        3,
    ),
    (
        "of equally frequent pairs the first in the text is taken",
        "次数相同时取文本中最先出现的一对",
        "(-counts[pair], pair)",
        "-counts[pair]",
        3,
    ),
    ("the rarest pair is merged", "合并的是最少见的一对", "(-counts[pair], pair)", "(counts[pair], pair)", 3),
    (
        "the counts of the rounds before stay",
        "前几轮的计数没有清零",
        "        counts = {}\n",
        "        counts = counts if merges else {}\n",
        2,
    ),
    (
        "the pairs are counted, and the ids are never merged",
        "只数了对，从不合并 id",
        "ids = merge(ids, best, new_id)",
        "pass",
        2,
    ),
    (
        "the first new id is 257",
        "第一个新 id 是 257",
        "range(256, 256 + n_merges)",
        "range(257, 257 + n_merges)",
        4,
    ),
    (
        "only every other pair of neighbours is counted",
        "相邻的对隔一个数一个",
        "zip(ids, ids[1:])",
        "zip(ids[::2], ids[1::2])",
        1,
    ),
    ("one merge too few is learned", "少学了一次合并", "256 + n_merges)", "255 + n_merges)", 4),
]


def draw(rng, sizes):
    words = [[int(i) for i in rng.integers(97, 101, size=n)] for n in (2, 3, 3, 4)]
    ids = [97, 98]
    for i in rng.integers(4, size=sizes("N", low=25, high=40)):
        ids += words[i]
    return {"ids": ids, "n_merges": sizes("M", low=5, high=9)}
