"""The position embedding, backward."""

FUNCTION = "position_embedding_backward"
OUTPUTS = "dx dweight"
GRADIENTS = "x weight"
TITLE = ("position embedding, backward", "位置嵌入的反向传播")
TEXT = (
    """The position embedding, backward: every position has a row that is added to its token.

    out[b, t] = x[b, t] + weight[t]

The table has block_size rows, and a text of T tokens uses the first T. All sequences of the batch get
the same rows. Rows that were not used have a gradient of zero.

In the course: minigpt/layers/embedding.py; minigpt/plain.py, the end of backward.
""",
    """位置嵌入的反向传播：每个位置有一行，加到该位置的词元上。

    out[b, t] = x[b, t] + weight[t]

表有 block_size 行，长为 T 的文本用前 T 行。批次里所有序列用的是同样的行。没有用到的行梯度为零。

课程中的位置：minigpt/layers/embedding.py；minigpt/plain.py 的 backward 结尾。
""",
)
DOCSTRINGS = {
    "Given: x (B, T, C), weight (block_size, C), T at most block_size -> x with a row for each position.": "已给出：x (B, T, C)，weight (block_size, C)，T 不超过 block_size -> 每个位置加上一行的 x。",
}
HINTS = [
    (
        "a sum sends its gradient to both of its terms unchanged; return a copy for dx",
        "加法把梯度原样传给两项；dx 返回一个副本",
    ),
    ("one row was used B times: sum over the batch", "一行被用了 B 次：沿批次求和"),
    (
        "dweight has block_size rows, the first T of which are filled",
        "dweight 有 block_size 行，填的是前 T 行",
    ),
]
MISTAKES = [
    ("dweight is a mean over the batch", "dweight 沿批次取了平均", "dout.sum(0)", "dout.mean(0)", 2),
    ("dweight is that of the first sequence only", "dweight 只算了第一个序列", "dout.sum(0)", "dout[0]", 2),
    (
        "positions are counted from the end of the table",
        "位置从表的末尾数起",
        "dweight[:T] =",
        "dweight[-T:] =",
        3,
    ),
    ("every position is off by one", "每个位置都错开一位", "dweight[:T] =", "dweight[1 : T + 1] =", 3),
    (
        "dweight has T rows, not block_size",
        "dweight 只有 T 行，而不是 block_size 行",
        "return dx, dweight",
        "return dx, dweight[:T]",
        3,
    ),
    (
        "all positions get the sum over all positions",
        "所有位置都得到了全部位置的和",
        "dout.sum(0)",
        "dout.sum((0, 1))",
        2,
    ),
    (
        "dx is divided by two, as if the two terms shared the gradient",
        "dx 除以了二，好像两项要分梯度似的",
        "dout.copy()",
        "dout / 2",
        1,
    ),
    ("dx is summed over the batch", "dx 沿批次求了和", "dout.copy()", "dout.sum(0)", 1),
]


def draw(rng, sizes):
    B, T, C = sizes("B T C", low=3)
    block_size = T + 2
    return {
        "dout": rng.normal(size=(B, T, C)),
        "block_size": block_size,
        "x": rng.normal(size=(B, T, C)),
        "weight": rng.normal(size=(block_size, C)),
    }


def loss(dout, x, weight):
    return (dout * (x + weight[: x.shape[1]])).sum()
