"""One step of an RNN through time, backward."""

import numpy as np

FUNCTION = "rnn_step_backward"
OUTPUTS = "dx dh_before dWx dWh db"
GRADIENTS = "x h_before Wx Wh b"
TITLE = ("a step of an RNN back through time", "RNN 沿时间反向走一步")
TEXT = (
    """A step of an RNN back through time: before the transformer a text was read with one state.

    a = x Wx + h_before Wh + b          h = tanh(a)

The same weights serve every step. Backward through time goes from the last step to the first: dh, the
gradient of the state after a step, becomes dh_before, which goes on to the step before. Each step adds its
part to dWx, dWh and db; here you write the part of one step. tanh′(a) = 1 − tanh²(a) = 1 − h².

In the course: what attention replaced. In minigpt/layers/recurrence.py recurrence_backward is the mirror of
recurrence_forward: your step for every t, with the products that need not wait taken for all t at once. In
minigpt/plain.py no step waits for another.
""",
    """RNN 沿时间反向走一步：在 Transformer 之前，文本是用一个状态一步步读过来的。

    a = x Wx + h_before Wh + b          h = tanh(a)

每一步用的是同样的权重。反向沿时间从最后一步走到第一步：一步之后的状态的梯度 dh 变成 dh_before，
再传给前一步。每一步都往 dWx、dWh、db 里加上自己的一份；这里写一步的那一份。tanh′(a) = 1 − tanh²(a) = 1 − h²。

课程中的位置：注意力所取代的东西。真正的层在 minigpt/layers/recurrence.py：recurrence_backward 是 recurrence_forward
的镜像，对每个 t 走你写的这一步；不必等别的步的乘法，放到最后一起做。minigpt/plain.py 里则没有哪一步要等另一步。
""",
)
DOCSTRINGS = {
    "Given: x (B, T, I), Wx (I, H), Wh (H, H), b (H,), h0 (B, H) -> h (B, T, H), all states.": "已给出：x (B, T, I)，Wx (I, H)，Wh (H, H)，b (H,)，h0 (B, H) -> h (B, T, H)，所有状态。",
    "dh, h, h_before (B, H), x (B, I), Wx (I, H), Wh (H, H), of one step.": "一步的 dh、h、h_before (B, H)，x (B, I)，Wx (I, H)，Wh (H, H)。",
}
HINTS = [
    (
        "first through tanh: da = dh ⊙ (1 − h²), and everything else takes da",
        "先穿过 tanh：da = dh ⊙ (1 − h²)，其余都用 da",
    ),
    (
        "a is the sum of two linear layers and a bias: dWx = xᵀ da, dWh = h_beforeᵀ da, db = Σ da",
        "a 是两个线性层与偏置之和：dWx = xᵀ da，dWh = h_beforeᵀ da，db = Σ da",
    ),
    (
        "to the inputs: dx = da Wxᵀ, dh_before = da Whᵀ, transposed both",
        "传给输入：dx = da Wxᵀ，dh_before = da Whᵀ，两个都要转置",
    ),
]
MISTAKES = [
    ("tanh is left out: da = dh", "漏掉了 tanh：da = dh", "dh * (1 - h**2)", "dh", 1),
    ("the derivative of tanh is taken for 1 − h", "把 tanh 的导数当成了 1 − h", "1 - h**2", "1 - h", 1),
    (
        "the derivative of tanh is taken for h (1 − h), that of the logistic function",
        "用了 h (1 − h)，那是逻辑函数的导数",
        "(1 - h**2)",
        "h * (1 - h)",
        1,
    ),
    (
        "the derivative of tanh is taken at the state before",
        "tanh 的导数用了前一个状态",
        "1 - h**2",
        "1 - h_before**2",
        1,
    ),
    (
        "dWh uses the state after the step, not the one before",
        "dWh 用了这一步之后的状态，而不是之前的",
        "h_before.T @ da",
        "h.T @ da",
        2,
    ),
    ("dWh is transposed", "dWh 转置了", "h_before.T @ da", "da.T @ h_before", 2),
    ("dWx is transposed", "dWx 转置了", "x.T @ da", "da.T @ x", 2),
    (
        "dh_before is made with Wh that is not transposed",
        "dh_before 用的 Wh 没有转置",
        "da @ Wh.T",
        "da @ Wh",
        3,
    ),
    (
        "dh_before has the gradient dh added, as if there were a residual",
        "dh_before 又加上了 dh，好像有残差似的",
        "da @ Wh.T",
        "da @ Wh.T + dh",
        3,
    ),
    ("dh_before does not go through tanh", "dh_before 没有穿过 tanh", "da @ Wh.T", "dh @ Wh.T", 1),
    ("dx does not go through tanh", "dx 没有穿过 tanh", "da @ Wx.T", "dh @ Wx.T", 1),
    ("db does not go through tanh", "db 没有穿过 tanh", "da.sum(0)", "dh.sum(0)", 1),
    ("db is a mean over the batch", "db 沿批次取了平均", "da.sum(0)", "da.mean(0)", 2),
    (
        "dWx and dWh are means over the batch",
        "dWx 和 dWh 沿批次取了平均",
        "    dWx = x.T @ da\n    dWh = h_before.T @ da\n",
        "    dWx = x.T @ da / len(x)\n    dWh = h_before.T @ da / len(x)\n",
        2,
    ),
]


def draw(rng, sizes):
    B, I, H = sizes("B I H")
    x, h_before = rng.normal(size=(B, I)), np.tanh(rng.normal(size=(B, H)))
    Wx, Wh, b = 0.5 * rng.normal(size=(I, H)), 0.5 * rng.normal(size=(H, H)), 0.5 * rng.normal(size=H)
    h = np.tanh(x @ Wx + h_before @ Wh + b)
    return {"dh": rng.normal(size=(B, H)), "x": x, "h": h, "h_before": h_before, "Wx": Wx, "Wh": Wh, "b": b}


def loss(dh, x, h_before, Wx, Wh, b):
    return (dh * np.tanh(x @ Wx + h_before @ Wh + b)).sum()
