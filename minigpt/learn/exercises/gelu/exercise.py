"""GELU, backward."""

import math

import numpy as np

FUNCTION = "gelu_backward"
OUTPUTS = "dx"
GRADIENTS = "x"
TITLE = ("GELU, backward", "GELU 的反向传播")
TEXT = (
    """GELU, backward: x acts directly, and through the gate.

    u = √(2/π) (x + A x³)      gate = ½ (1 + tanh u)      y = x ⊙ gate

A product has two derivatives: dy ⊙ gate for the x in front, dy ⊙ x for the gate. From the gate it goes
on to u, with tanh′ = 1 − tanh², that is ∂gate/∂u = 2 gate (1 − gate), and from u to x.

In the course: docs/derivations.md, "GELU"; minigpt/plain.py, backward.
""",
    """GELU 的反向传播：x 直接起作用，也通过门起作用。

    u = √(2/π) (x + A x³)      gate = ½ (1 + tanh u)      y = x ⊙ gate

乘积有两个导数：前面的 x 得到 dy ⊙ gate，门得到 dy ⊙ x。再从门往回到 u：tanh′ = 1 − tanh²，
也就是 ∂gate/∂u = 2 gate (1 − gate)；最后从 u 回到 x。

课程中的位置：docs/zh/derivations.md 的“GELU”一节；minigpt/plain.py 的 backward。
""",
)
DOCSTRINGS = {
    "Given: x, an array of any shape -> y in the same shape.": "已给出：x，任意形状的数组 -> 同样形状的 y。",
    "dy and x, arrays of one shape -> dx in that shape.": "dy 和 x，形状相同的数组 -> 同样形状的 dx。",
}
HINTS = [
    (
        "dx has two terms: dy ⊙ gate, and what comes through the gate",
        "dx 有两项：dy ⊙ gate，以及从门传回来的",
    ),
    (
        "tanh′ = 1 − tanh², so ∂gate/∂u = ½ (1 − tanh² u) = 2 gate (1 − gate)",
        "tanh′ = 1 − tanh²，所以 ∂gate/∂u = ½ (1 − tanh² u) = 2 gate (1 − gate)",
    ),
    (
        "∂u/∂x = √(2/π) (1 + 3 A x²): the 3 comes down from the cube",
        "∂u/∂x = √(2/π) (1 + 3 A x²)：三次方求导带下来一个 3",
    ),
    ("the chain's parts multiply: dy · x · ∂gate/∂u · ∂u/∂x", "链上的各段相乘：dy · x · ∂gate/∂u · ∂u/∂x"),
]
MISTAKES = [
    (
        "the path through the gate is left out",
        "漏掉了经过门的那条路",
        "return dy * gate + du * du_dx",
        "return dy * gate",
        1,
    ),
    (
        "the direct path dy ⊙ gate is left out",
        "漏掉了直接的一项 dy ⊙ gate",
        "return dy * gate + du * du_dx",
        "return du * du_dx",
        1,
    ),
    ("∂u/∂x lacks the 3", "∂u/∂x 漏了 3", "1 + 3 * A", "1 + A", 3),
    ("∂u/∂x lacks the term of the cube", "∂u/∂x 漏了三次方那一项", "(1 + 3 * A * x**2)", "1", 3),
    (
        "∂u/∂x lacks √(2/π)",
        "∂u/∂x 漏了 √(2/π)",
        "math.sqrt(2 / math.pi) * (1 + 3 * A * x**2)",
        "(1 + 3 * A * x**2)",
        3,
    ),
    (
        "∂u/∂x keeps x³, which should have become x²",
        "∂u/∂x 里还是 x³，应该变成 x²",
        "3 * A * x**2",
        "3 * A * x**3",
        3,
    ),
    (
        "the derivative of tanh is taken for 1 − tanh",
        "把 tanh 的导数当成了 1 − tanh",
        "dgate * 2 * gate * (1 - gate)",
        "dgate * 2 * (1 - gate)",
        2,
    ),
    (
        "∂gate/∂u is gate (1 − gate), as for the logistic function of u, without the 2",
        "∂gate/∂u 写成了 gate (1 − gate)，漏了 2",
        "dgate * 2 * gate",
        "dgate * gate",
        2,
    ),
    ("x is left out of dgate", "dgate 漏了 x", "dgate = dy * x", "dgate = dy", 4),
    ("∂u/∂x is left out", "漏掉了 ∂u/∂x", "du * du_dx", "du", 4),
    (
        "the derivative is that of ReLU",
        "用了 ReLU 的导数",
        "return dy * gate + du * du_dx",
        "return dy * (x > 0)",
        1,
    ),
]


def draw(rng, sizes):
    shape = sizes("B T C")
    return {"dy": rng.normal(size=shape), "x": 1.5 * rng.normal(size=shape)}


def loss(dy, x):
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return (dy * x * (1 + np.tanh(u)) / 2).sum()
