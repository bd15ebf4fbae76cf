"""Splitting q, k, v and their heads."""

FUNCTION = "split_heads"
OUTPUTS = "q k v"
VIEWS = True
TITLE = ("splitting heads", "拆分注意力头")
TEXT = (
    """Splitting heads: one linear layer makes queries, keys and values of all heads at once, side by side.

Of the 3C features of qkv the first C are q, the next C are k, the last C are v. Within each of them the
first D belong to head 0, the next D to head 1 and so on, C = H · D. Every head is to be a matrix (T, D)
of its own, so the axis of the heads comes before that of the time:

    qkv (B, T, 3C)  →  q, k, v (B, H, T, D)

In the course: minigpt/layers/attention.py; minigpt/plain.py, split_heads.
""",
    """拆分注意力头：一个线性层一次算出所有头的查询、键和值，并排放着。

qkv 的 3C 个特征里，前 C 个是 q，接下来 C 个是 k，最后 C 个是 v。在它们各自之中，前 D 个属于第 0 个头，
接着 D 个属于第 1 个头，依此类推，C = H · D。每个头要成为自己的 (T, D) 矩阵，所以头的轴排在时间轴前面：

    qkv (B, T, 3C)  →  q, k, v (B, H, T, D)

课程中的位置：minigpt/layers/attention.py；minigpt/plain.py 的 split_heads。
""",
)
DOCSTRINGS = {
    "qkv (B, T, 3C) -> q, k, v, each (B, H, T, D) with D = C / n_head.": "qkv (B, T, 3C) -> q、k、v，都是 (B, H, T, D)，D = C / n_head。",
}
HINTS = [
    (
        "np.split(qkv, 3, axis=-1) cuts the features into q, k and v",
        "np.split(qkv, 3, axis=-1) 把特征切成 q、k、v",
    ),
    (
        "reshape(B, T, n_head, D) first: reshape never moves numbers, it only sets the commas anew",
        "先 reshape(B, T, n_head, D)：reshape 不移动数，只是重新断开",
    ),
    ("then swapaxes(1, 2) exchanges time and heads", "然后 swapaxes(1, 2) 交换时间和头"),
]
_K = "k = k.reshape(B, T, n_head, -1).swapaxes(1, 2)"
_BODY = "    q, k, v = np.split(qkv, 3, axis=-1)\n"
_ALL = """    q = q.reshape(B, T, n_head, -1).swapaxes(1, 2)
    k = k.reshape(B, T, n_head, -1).swapaxes(1, 2)
    v = v.reshape(B, T, n_head, -1).swapaxes(1, 2)
"""
MISTAKES = [
    (
        "the heads are cut by one reshape to (B, H, T, D), which mixes time and features",
        "用一次 reshape 切成 (B, H, T, D)，把时间和特征搅在了一起",
        _ALL,
        "    q, k, v = (part.reshape(B, n_head, T, -1) for part in (q, k, v))\n",
        2,
    ),
    (
        "the features of a head lie n_head apart, not side by side",
        "一个头的特征隔着取，而不是挨着取",
        _ALL,
        "    q, k, v = (part.reshape(B, T, -1, n_head).transpose(0, 3, 1, 2) for part in (q, k, v))\n",
        2,
    ),
    (
        "time and heads are not exchanged",
        "没有交换时间和头",
        _ALL,
        "    q, k, v = (part.reshape(B, T, n_head, -1) for part in (q, k, v))\n",
        3,
    ),
    (
        "each head's q, k and v lie together, in the place of all q, all k, all v",
        "按每个头放 q、k、v，而不是先全部 q、再全部 k、再全部 v",
        _BODY + _ALL,
        "    q, k, v = qkv.reshape(B, T, n_head, 3, -1).transpose(3, 0, 2, 1, 4)\n",
        1,
    ),
    ("q and k have changed places", "q 和 k 弄反了", "    q, k, v = np.split", "    k, q, v = np.split", 1),
    ("k and v have changed places", "k 和 v 弄反了", "    q, k, v = np.split", "    q, v, k = np.split", 1),
    (
        "q, k and v take every third feature",
        "q、k、v 隔三个取一个特征",
        "np.split(qkv, 3, axis=-1)",
        "(qkv[:, :, i::3] for i in range(3))",
        1,
    ),
    (
        "all three are q",
        "三个都成了 q",
        "    q, k, v = np.split(qkv, 3, axis=-1)",
        "    q = k = v = np.split(qkv, 3, axis=-1)[0]",
        1,
    ),
    ("the last two axes of k are exchanged too", "k 的最后两个轴也被交换了", _K, _K + ".swapaxes(2, 3)", 3),
]


def draw(rng, sizes):
    B, T, H, D = sizes("B T H D")
    return {"qkv": rng.normal(size=(B, T, 3 * H * D)), "n_head": H}
