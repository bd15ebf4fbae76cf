"""The embedding, backward."""

FUNCTION = "embedding_backward"
OUTPUTS = "dtable"
GRADIENTS = "table"
TITLE = ("embedding, backward: repeated ids", "嵌入层的反向传播：重复的 id")
TEXT = (
    """The embedding, backward: a row of the table for each id.

    x[b, t] = table[idx[b, t]]

Backward, row v collects the gradients of all places where id v stands; they are added. A row whose id
does not occur has a gradient of zero. Beware of dtable[idx] += dx: NumPy keeps only the last of several
values for one row.

In the course: docs/derivations.md, "Embeddings"; minigpt/plain.py, the end of backward.
""",
    """嵌入层的反向传播：每个 id 对应表中的一行。

    x[b, t] = table[idx[b, t]]

反向时，第 v 行把所有出现 id v 的位置的梯度收集起来，加在一起。没有出现的 id，那一行的梯度为零。
当心 dtable[idx] += dx：同一行有好几个值时，NumPy 只留下最后一个。

课程中的位置：docs/zh/derivations.md 的“嵌入”一节；minigpt/plain.py 的 backward 结尾。
""",
)
DOCSTRINGS = {
    "Given: table (V, C), idx (B, T) int -> x (B, T, C): for each id its row of the table.": "已给出：table (V, C)，idx (B, T) int -> x (B, T, C)：每个 id 取表中的一行。",
    "dx (B, T, C), idx (B, T) int from 0 to V - 1 -> dtable (V, C).": "dx (B, T, C)，idx (B, T)，0 到 V - 1 的 int -> dtable (V, C)。",
}
HINTS = [
    (
        "the plainest way is a loop over all places (b, t), adding dx[b, t] to the row of its id",
        "最朴素的写法：对所有位置 (b, t) 循环，把 dx[b, t] 加到它的 id 那一行",
    ),
    (
        "an id that stands in ten places gets the sum of ten gradients, no mean",
        "一个 id 出现在十个位置，就得到十个梯度的和，不是平均",
    ),
    ("np.add.at(dtable, idx, dx) adds repeats too", "np.add.at(dtable, idx, dx) 对重复的也会相加"),
]
MISTAKES = [
    (
        "a whole sequence is added at once, and of equal ids in it only the last counts",
        "一次加上整个序列，其中相同的 id 只有最后一个算数",
        "    for b, t in np.ndindex(idx.shape):\n        dtable[idx[b, t]] += dx[b, t]\n",
        "    for b in range(len(idx)):\n        dtable[idx[b]] += dx[b]\n",
        1,
    ),
    (
        "of equal ids only the last counts",
        "相同的 id 只有最后一个算数",
        "dtable[idx[b, t]] += d",
        "dtable[idx[b, t]] = d",
        3,
    ),
    (
        "of equal ids only the first counts",
        "相同的 id 只有第一个算数",
        "dtable[idx[b, t]] += dx[b, t]",
        "dtable[idx[b, t]] += 0 if dtable[idx[b, t]].any() else dx[b, t]",
        1,
    ),
    (
        "a row is the mean over its places, not the sum",
        "一行取的是各位置的平均，而不是和",
        "+= dx[b, t]",
        "+= dx[b, t] / (idx == idx[b, t]).sum()",
        2,
    ),
    (
        "a row is divided by the number of all tokens",
        "一行除以了全部词元数",
        "+= dx[b, t]",
        "+= dx[b, t] / idx.size",
        2,
    ),
    (
        "each gradient goes to the row after its own",
        "每个梯度都加到了下一行",
        "dtable[idx[b, t]] +=",
        "dtable[(idx[b, t] + 1) % V] +=",
        1,
    ),
    (
        "the last token of each sequence is left out",
        "漏掉了每个序列的最后一个词元",
        "np.ndindex(idx.shape)",
        "np.ndindex(len(idx), idx.shape[1] - 1)",
        1,
    ),
    (
        "only the first sequence of the batch is counted",
        "只算了批次里的第一个序列",
        "np.ndindex(idx.shape)",
        "np.ndindex(1, idx.shape[1])",
        1,
    ),
    ("rows begin at one, not at zero", "各行从一开始，而不是从零", "np.zeros((V", "np.ones((V", 1),
]


def draw(rng, sizes):
    B, T, V, C = sizes("B T V C", low=3)
    idx = rng.integers(V - 1, size=(B, T))  # the last id does not occur
    idx[0, 0] = idx[1, 2] = idx[1, 1]
    return {"dx": rng.normal(size=(B, T, C)), "idx": idx, "V": V, "table": rng.normal(size=(V, C))}


def loss(dx, idx, table):
    return (dx * table[idx]).sum()
