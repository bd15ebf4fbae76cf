"""A block with residuals, backward."""

import numpy as np

FUNCTION = "block_backward"
OUTPUTS = "dx"
GRADIENTS = "x"
TITLE = ("a block with residuals, backward", "带残差的块的反向传播")
TEXT = (
    """A block with residuals, backward: each part adds something to the stream x, and the stream goes on.

    x = x + attention(x)
    x = x + feedforward(x)

At x + f(x) the gradient goes both ways: straight on, and through f; where the ways meet, it is added.
Backward begins with what the forward did last. attention_backward(d) and feedforward_backward(d) are
given: they turn the gradient of their output into that of their input (LayerNorm included).

In the course: minigpt/model.py, block_backward; minigpt/plain.py, backward.
""",
    """带残差的块的反向传播：每个部分往主干 x 上加一点东西，主干继续向前。

    x = x + attention(x)
    x = x + feedforward(x)

在 x + f(x) 处，梯度分两路走：一路直接过去，一路穿过 f；两路会合时相加。反向从前向的最后一步开始。
attention_backward(d) 和 feedforward_backward(d) 已给出：它们把输出的梯度变成输入的梯度（含 LayerNorm）。

课程中的位置：minigpt/model.py 的 block_backward；minigpt/plain.py 的 backward。
""",
)
DOCSTRINGS = {
    "Given: x (B, T, C) and two parts, each (B, T, C) -> (B, T, C): the stream after both.": "已给出：x (B, T, C) 和两个部分（各自 (B, T, C) -> (B, T, C)）：两部分之后的主干。",
    "dout (B, T, C) and the two parts' backward, each gradient -> gradient (B, T, C) -> dx (B, T, C).": "dout (B, T, C) 和两个部分的反向（梯度 -> 梯度，形状都是 (B, T, C)） -> dx (B, T, C)。",
}
HINTS = [
    (
        "the gradient of x + f(x) is d + f_backward(d): two terms at each of the two residuals",
        "x + f(x) 的梯度是 d + f_backward(d)：两处残差各有两项",
    ),
    ("what the forward did last comes first: the feed-forward layer", "前向最后做的，反向最先做：前馈层"),
    (
        "the attention's backward gets the whole gradient of the stream there, both terms of it",
        "注意力的反向拿到的是主干在那里的全部梯度，两项都在内",
    ),
]
MISTAKES = [
    (
        "the straight way around the feed-forward layer is lost",
        "丢了绕过前馈层的那条直路",
        "dx = dout + feedforward_backward(dout)",
        "dx = feedforward_backward(dout)",
        1,
    ),
    (
        "the straight way around attention is lost",
        "丢了绕过注意力的那条直路",
        "dx = dx + attention_backward(dx)",
        "dx = attention_backward(dx)",
        1,
    ),
    (
        "the way through the feed-forward layer is lost",
        "丢了穿过前馈层的那条路",
        "dx = dout + feedforward_backward(dout)",
        "dx = dout",
        1,
    ),
    (
        "the way through attention is lost",
        "丢了穿过注意力的那条路",
        "dx = dx + attention_backward(dx)",
        "pass",
        1,
    ),
    (
        "attention comes before the feed-forward layer, as in the forward",
        "像前向那样，先注意力后前馈层",
        "    dx = dout + feedforward_backward(dout)\n    dx = dx + attention_backward(dx)\n",
        "    dx = dout + attention_backward(dout)\n    dx = dx + feedforward_backward(dx)\n",
        2,
    ),
    (
        "attention's backward gets dout alone, without what came through the feed-forward layer",
        "注意力的反向只拿到 dout，缺了从前馈层传来的",
        "dx = dx + attention_backward(dx)",
        "dx = dx + attention_backward(dout)",
        3,
    ),
    (
        "attention's backward gets only what came through the feed-forward layer",
        "注意力的反向只拿到从前馈层传来的",
        "attention_backward(dx)",
        "attention_backward(dx - dout)",
        3,
    ),
    (
        "the straight way counts once more at the end",
        "最后又多加了一次直路",
        "return dx",
        "return dx + dout",
        1,
    ),
    (
        "the gradient is halved at each sum",
        "在每个加法处梯度都减半了",
        "    dx = dout + feedforward_backward(dout)\n    dx = dx + attention_backward(dx)\n",
        "    dx = (dout + feedforward_backward(dout)) / 2\n    dx = (dx + attention_backward(dx)) / 2\n",
        1,
    ),
]


class Linear:
    """A linear map of the features, the time and the batch together, as a stand-in for a part's backward."""

    def __init__(self, matrix):
        self.matrix = matrix

    def __call__(self, d):
        return d @ self.matrix

    def __eq__(self, other):
        return np.array_equal(self.matrix, other.matrix)


def draw(rng, sizes):
    B, T, C = sizes("B T C")
    return {
        "dout": rng.normal(size=(B, T, C)),
        "attention_backward": Linear(rng.normal(size=(C, C))),
        "feedforward_backward": Linear(rng.normal(size=(C, C))),
        "x": rng.normal(size=(B, T, C)),
    }


def loss(dout, x, attention_backward, feedforward_backward):
    x = x + x @ attention_backward.matrix.T
    return (dout * (x + x @ feedforward_backward.matrix.T)).sum()
