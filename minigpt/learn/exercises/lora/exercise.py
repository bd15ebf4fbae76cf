"""LoRA, backward."""

FUNCTION = "lora_backward"
OUTPUTS = "dx da db"
GRADIENTS = "x a b"
TITLE = ("LoRA, backward", "LoRA 的反向传播")
TEXT = (
    """LoRA, backward: a frozen matrix W learns a correction of low rank, the product of two thin ones.

    y = x W + s · (x A) B          W (I, O) fixed      A (I, r)      B (r, O)      s = alpha / r

W has no gradient. Take u = x A as a step of its own and go through two linear layers, the last one first;
the scale s goes along into dA and into dB. x is used twice, by W and by A, so dx has two terms.

In the course: docs/derivations.md, "LoRA"; minigpt/finetuning/lora_layers.py.
""",
    """LoRA 的反向传播：矩阵 W 冻结不动，学的是一个低秩的修正，即两个瘦矩阵的乘积。

    y = x W + s · (x A) B          W (I, O) 固定      A (I, r)      B (r, O)      s = alpha / r

W 没有梯度。把 u = x A 看成单独的一步，穿过两个线性层，从后一个开始；系数 s 要带进 dA 和 dB。
x 用了两次（W 一次，A 一次），所以 dx 有两项。

课程中的位置：docs/zh/derivations.md 的“LoRA”一节；minigpt/finetuning/lora_layers.py。
""",
)
DOCSTRINGS = {
    "Given: x (N, I), weight (I, O), a (I, r), b (r, O), scale, a number -> y (N, O).": "已给出：x (N, I)，weight (I, O)，a (I, r)，b (r, O)，scale，一个数 -> y (N, O)。",
    "dy (N, O), the rest as above -> dx (N, I), da (I, r), db (r, O).": "dy (N, O)，其余同上 -> dx (N, I)，da (I, r)，db (r, O)。",
}
HINTS = [
    ("with u = x A: dB = s uᵀ dy", "设 u = x A：dB = s uᵀ dy"),
    ("du = s dy Bᵀ, and from there dA = xᵀ du", "du = s dy Bᵀ，由此 dA = xᵀ du"),
    (
        "dx = dy Wᵀ + du Aᵀ: frozen does not mean that no gradient goes through W",
        "dx = dy Wᵀ + du Aᵀ：冻结不等于梯度不经过 W",
    ),
    (
        "the scale belongs to dA, to dB and to the second term of dx, once each",
        "系数 s 在 dA、dB 和 dx 的第二项里各出现一次",
    ),
]
MISTAKES = [
    ("dB lacks the scale", "dB 漏了系数 s", "scale * ((x @ a).T @ dy)", "(x @ a).T @ dy", 4),
    (
        "dA and the second term of dx lack the scale",
        "dA 和 dx 的第二项漏了系数 s",
        "scale * (dy @ b.T)",
        "dy @ b.T",
        4,
    ),
    ("dA has the scale twice", "dA 里系数 s 乘了两次", "da = x.T @ du", "da = scale * (x.T @ du)", 4),
    ("dA lacks the scale", "dA 漏了系数 s", "da = x.T @ du", "da = x.T @ (dy @ b.T)", 4),
    (
        "dx lacks the way through A and B",
        "dx 漏了经过 A 和 B 的那条路",
        "dy @ weight.T + du @ a.T",
        "dy @ weight.T",
        3,
    ),
    (
        "dx lacks the way through W, as if frozen meant blocked",
        "dx 漏了经过 W 的那条路，好像冻结就是堵住",
        "dy @ weight.T + du @ a.T",
        "du @ a.T",
        3,
    ),
    ("dx lacks the scale in its second term", "dx 的第二项漏了系数 s", "+ du @ a.T", "+ (dy @ b.T) @ a.T", 4),
    (
        "dx has the scale in front of both terms",
        "dx 的两项前面都乘了系数 s",
        "dy @ weight.T + du",
        "scale * dy @ weight.T + du",
        4,
    ),
    (
        "the gradients are means over the rows",
        "梯度对行取了平均",
        "    du = scale",
        "    db = db / len(x)\n    x = x / len(x)\n    du = scale",
        2,
    ),
    ("dB is transposed", "dB 转置了", "scale * ((x @ a).T @ dy)", "scale * (dy.T @ (x @ a))", 1),
    ("dA is transposed", "dA 转置了", "x.T @ du", "du.T @ x", 2),
    (
        "the scale is upside down, 1 / s",
        "系数颠倒了，成了 1 / s",
        "    db = scale",
        "    scale = 1 / scale\n    db = scale",
        4,
    ),
]


def draw(rng, sizes):
    N, I, O, r = sizes("N I O r")
    return {
        "dy": rng.normal(size=(N, O)),
        "x": rng.normal(size=(N, I)),
        "weight": rng.normal(size=(I, O)),
        "a": rng.normal(size=(I, r)),
        "b": rng.normal(size=(r, O)),
        "scale": float(rng.uniform(1.5, 4)),
    }


def loss(dy, x, weight, a, b, scale):
    return (dy * (x @ weight + scale * (x @ a) @ b)).sum()
