"""GELU, forward."""

FUNCTION = "gelu"
OUTPUTS = "y"
TITLE = ("GELU, forward", "GELU 的前向计算")
TEXT = (
    """GELU: every number is multiplied by a gate between 0 and 1, which opens as the number grows.

    u = √(2/π) (x + A x³)          A = 0.044715
    gate = ½ (1 + tanh u)          y = x ⊙ gate

Far to the right the gate is 1, far to the left 0, at x = 0 it is ½. Without it two linear layers one
after the other would be a single linear layer.

In the course: docs/derivations.md, "GELU"; minigpt/plain.py, forward.
""",
    """GELU：每个数都乘上一个 0 到 1 之间的门，数越大门开得越大。

    u = √(2/π) (x + A x³)          A = 0.044715
    gate = ½ (1 + tanh u)          y = x ⊙ gate

往右足够远门是 1，往左足够远门是 0，在 x = 0 处是 ½。没有它，接连两个线性层就只相当于一个线性层。

课程中的位置：docs/zh/derivations.md 的“GELU”一节；minigpt/plain.py 的 forward。
""",
)
DOCSTRINGS = {
    "x, an array of any shape -> y in the same shape.": "x，任意形状的数组 -> 同样形状的 y。",
}
HINTS = [
    ("√(2/π) multiplies both x and A x³", "√(2/π) 同时乘 x 和 A x³"),
    ("tanh runs from −1 to 1; (1 + tanh) / 2 from 0 to 1", "tanh 从 −1 到 1；(1 + tanh) / 2 从 0 到 1"),
    ("the result is x times the gate, not the gate itself", "结果是 x 乘以门，而不是门本身"),
]
MISTAKES = [
    ("the cubic term is left out", "漏掉了三次项", "(x + A * x**3)", "x", 1),
    ("the square stands in the place of the cube", "三次方写成了平方", "x**3", "x**2", 1),
    (
        "√(2/π) multiplies x alone",
        "√(2/π) 只乘了 x",
        "math.sqrt(2 / math.pi) * (x + A * x**3)",
        "math.sqrt(2 / math.pi) * x + A * x**3",
        1,
    ),
    ("the root around 2/π is left out", "2/π 漏了开根号", "math.sqrt(2 / math.pi)", "(2 / math.pi)", 1),
    ("π/2 stands in the place of 2/π", "2/π 写成了 π/2", "2 / math.pi", "math.pi / 2", 1),
    ("the gate is not halved", "门没有除以二", "(1 + np.tanh(u)) / 2", "(1 + np.tanh(u))", 2),
    ("the gate is tanh alone", "门只取了 tanh", "(1 + np.tanh(u)) / 2", "np.tanh(u)", 2),
    ("the gate itself is returned", "返回的是门本身", "return x * gate", "return gate", 3),
    ("u is multiplied by the gate, not x", "用 u 乘了门，而不是 x", "return x * gate", "return u * gate", 3),
    ("the constant is 0.0447", "常数写成了 0.0447", "A * x**3", "0.0447 * x**3", 1),
]


def draw(rng, sizes):
    return {"x": 2 * rng.normal(size=sizes("B T C"))}
