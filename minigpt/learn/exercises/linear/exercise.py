"""The linear layer, backward."""

FUNCTION = "linear_backward"
OUTPUTS = "dx dweight dbias"
GRADIENTS = "x weight bias"
TITLE = ("linear layer, backward", "线性层的反向传播")
TEXT = (
    """The linear layer, backward. B sequences of T tokens, I features in, O features out:

    y = x @ weight + bias                  y_o = Σ_i x_i W_io + b_o for each token

dy says how the loss changes with each number of y. Then, by the chain rule,

    dx_i = Σ_o dy_o W_io          dW_io = Σ x_i dy_o          db_o = Σ dy_o

The sums without an index run over all tokens of all sequences, because all of them share W and b.

In the course: docs/derivations.md, "Linear"; minigpt/plain.py, linear_backward.
""",
    """线性层的反向传播。B 个序列，每个 T 个词元，输入 I 个特征，输出 O 个特征：

    y = x @ weight + bias                  对每个词元：y_o = Σ_i x_i W_io + b_o

dy 表示 y 的每个数变化时损失怎样变化。由链式法则：

    dx_i = Σ_o dy_o W_io          dW_io = Σ x_i dy_o          db_o = Σ dy_o

没有写下标的求和跑遍所有序列的所有词元，因为它们共用 W 和 b。

课程中的位置：docs/zh/derivations.md 的“线性层”一节；minigpt/plain.py 的 linear_backward。
""",
)
HINTS = [
    (
        "a gradient has the shape of its array: that alone tells most transposes",
        "梯度与它的数组形状相同：光凭这一点就能判断多数转置",
    ),
    (
        "all B·T tokens share the weight, so their contributions are added, not averaged",
        "B·T 个词元共用权重，所以它们的贡献要相加，不是取平均",
    ),
    (
        "for one sequence dW = xᵀ dy: x.swapaxes(1, 2) @ dy does it for each, then sum over the batch",
        "对一个序列 dW = xᵀ dy：x.swapaxes(1, 2) @ dy 对每个序列都算出来，再沿批次求和",
    ),
]
MISTAKES = [
    (
        "dW is a mean over the batch",
        "dW 沿批次取了平均",
        "(x.swapaxes(1, 2) @ dy).sum(0)",
        "(x.swapaxes(1, 2) @ dy).mean(0)",
        2,
    ),
    (
        "dW is a mean over all tokens",
        "dW 对所有词元取了平均",
        "@ dy).sum(0)",
        "@ dy).mean(0) / dy.shape[1]",
        2,
    ),
    (
        "dW is divided by the number of tokens in a sequence",
        "dW 除以了一个序列的词元数",
        "@ dy).sum(0)",
        "@ dy).sum(0) / dy.shape[1]",
        2,
    ),
    ("dW is transposed", "dW 转置了", "(x.swapaxes(1, 2) @ dy).sum(0)", "(dy.swapaxes(1, 2) @ x).sum(0)", 1),
    ("dW is that of the first sequence only", "dW 只算了第一个序列", "@ dy).sum(0)", "@ dy)[0]", 2),
    ("dW keeps the batch, unsummed", "dW 没有沿批次求和", "@ dy).sum(0)", "@ dy)", 3),
    (
        "dW multiplies the sums of x and dy, not token by token",
        "dW 用的是 x 与 dy 各自的和的乘积，而不是逐词元相乘",
        "(x.swapaxes(1, 2) @ dy).sum(0)",
        "x.sum((0, 1))[:, None] * dy.sum((0, 1))",
        3,
    ),
    ("db is a mean over all tokens", "db 对所有词元取了平均", "dy.sum((0, 1))", "dy.mean((0, 1))", 2),
    (
        "db is summed over the batch only, and keeps the time",
        "db 只沿批次求和，还留着时间轴",
        "dy.sum((0, 1))",
        "dy.sum(0)",
        2,
    ),
    (
        "db is summed over the time only, and keeps the batch",
        "db 只沿时间求和，还留着批次轴",
        "dy.sum((0, 1))",
        "dy.sum(1)",
        2,
    ),
    (
        "dx is divided by the number of tokens",
        "dx 除以了词元数",
        "dy @ weight.T",
        "dy @ weight.T / (dy.shape[0] * dy.shape[1])",
        2,
    ),
    ("dx without the signs of the weight", "dx 丢了权重的正负号", "weight.T", "abs(weight).T", 1),
    (
        "dx is divided by the square root of the number of features that come in",
        "dx 除以了输入特征数的平方根",
        "dy @ weight.T",
        "dy @ weight.T / x.shape[-1] ** 0.5",
        1,
    ),
]


def draw(rng, sizes):
    B, T, I, O = sizes("B T I O")
    return {
        "dy": rng.normal(size=(B, T, O)),
        "x": rng.normal(size=(B, T, I)),
        "weight": rng.normal(size=(I, O)),
        "bias": rng.normal(size=O),
    }


def loss(dy, x, weight, bias):
    return (dy * (x @ weight + bias)).sum()
