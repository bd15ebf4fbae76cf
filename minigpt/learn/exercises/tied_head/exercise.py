"""The tied head, backward."""

import numpy as np

FUNCTION = "tied_backward"
OUTPUTS = "dtable"
GRADIENTS = "table"
TITLE = ("the tied head, backward", "共享输出层的反向传播")
TEXT = (
    """The tied head, backward: one table is used twice, and its gradient has two terms.

    x = table[idx]          hidden = network(x)          logits = hidden @ tableᵀ

At the end the table is a linear layer without bias, transposed; at the beginning it is an embedding. The
gradient of an array that is used twice is the sum of both. network_backward(dhidden) is given and
returns dx. Whoever forgets one term still has a model that trains, only worse.

In the course: docs/one-batch.md; minigpt/model.py, backward_head and backward_embed; minigpt/plain.py.
""",
    """共享输出层的反向传播：一张表用了两次，它的梯度有两项。

    x = table[idx]          hidden = network(x)          logits = hidden @ tableᵀ

在末端，这张表是一个没有偏置的线性层（转置的）；在开头，它是嵌入层。一个数组用了两次，梯度就是两项之和。
network_backward(dhidden) 已给出，返回 dx。漏掉一项，模型照样能训练，只是更差。

课程中的位置：docs/zh/one-batch.md；minigpt/model.py 的 backward_head 和 backward_embed；minigpt/plain.py。
""",
)
DOCSTRINGS = {
    "Given: table (V, C), idx (B, T) int -> logits (B, T, V). The table is used at both ends.": "已给出：table (V, C)，idx (B, T) int -> logits (B, T, V)。表在两头各用一次。",
}
HINTS = [
    (
        "logits = hidden @ table.T: the head's term is Σ dlogitsᵀ hidden, in the shape of the table",
        "logits = hidden @ table.T：输出端的一项是 Σ dlogitsᵀ hidden，形状与表相同",
    ),
    (
        "dhidden = dlogits @ table goes down through the network to dx",
        "dhidden = dlogits @ table，穿过网络回到 dx",
    ),
    (
        "the embedding's term adds dx[b, t] to the row of idx[b, t]; repeated ids add up",
        "嵌入端的一项把 dx[b, t] 加到 idx[b, t] 那一行；重复的 id 要累加",
    ),
    ("both terms are added", "两项要相加"),
]
MISTAKES = [
    ("the head's term is dropped", "丢了输出端的一项", "dtable + dhead", "dtable", 4),
    ("the embedding's term is dropped", "丢了嵌入端的一项", "dtable + dhead", "dhead", 4),
    ("the two terms are averaged", "两项取了平均", "dtable + dhead", "(dtable + dhead) / 2", 4),
    (
        "the embedding's term is taken away, not added",
        "嵌入端的一项写成了减",
        "dtable + dhead",
        "dhead - dtable",
        4,
    ),
    (
        "of equal ids only the last counts",
        "相同的 id 只有最后一个算数",
        "dtable[idx[b, t]] += d",
        "dtable[idx[b, t]] = d",
        3,
    ),
    (
        "the head's term is a mean over the batch",
        "输出端的一项沿批次取了平均",
        "@ hidden).sum(0)",
        "@ hidden).mean(0)",
        1,
    ),
    (
        "the gradient does not go through the network: dhidden stands in the place of dx",
        "梯度没有穿过网络：用 dhidden 代替了 dx",
        "network_backward(dhidden)",
        "dhidden",
        2,
    ),
    (
        "x stands in the place of hidden in the head's term",
        "输出端的一项里用 x 代替了 hidden",
        "dlogits.swapaxes(1, 2) @ hidden",
        "dlogits.swapaxes(1, 2) @ table[idx]",
        1,
    ),
    (
        "rows that stand in idx get the embedding's term alone",
        "出现在 idx 里的行只得到嵌入端的一项",
        "return dtable + dhead",
        "return np.where(dtable != 0, dtable, dhead)",
        4,
    ),
    (
        "the embedding's rows are those of the likeliest tokens, not of idx",
        "嵌入端加到了分数最高的词元那一行，而不是 idx 那一行",
        "dtable[idx[b, t]] +=",
        "dtable[(hidden[b, t] @ table.T).argmax()] +=",
        3,
    ),
]


class Linear:
    """A linear map of the features, as a stand-in for a network's backward."""

    def __init__(self, matrix):
        self.matrix = matrix

    def __call__(self, d):
        return d @ self.matrix

    def __eq__(self, other):
        return np.array_equal(self.matrix, other.matrix)


def draw(rng, sizes):
    B, T, V, C = sizes("B T V C", low=3)
    table, idx = rng.normal(size=(V, C)), rng.integers(V - 1, size=(B, T))
    idx[0, 0] = idx[1, 2] = idx[1, 1]
    backward = Linear(rng.normal(size=(C, C)))
    hidden = table[idx] @ backward.matrix.T
    return {"dlogits": rng.normal(size=(B, T, V)), "table": table, "idx": idx, "hidden": hidden} | {
        "network_backward": backward
    }


def loss(dlogits, table, idx, network_backward):
    return (dlogits * (table[idx] @ network_backward.matrix.T @ table.T)).sum()
