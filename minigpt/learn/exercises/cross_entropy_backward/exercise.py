"""Cross-entropy, backward."""

import numpy as np

FUNCTION = "cross_entropy_backward"
OUTPUTS = "dlogits"
GRADIENTS = "logits"
TITLE = ("cross-entropy, backward", "交叉熵的反向传播")
TEXT = (
    """Cross-entropy, backward: what was predicted minus what came.

    loss = mean over the N places that count of −log softmax(logits)[target]
    dlogits = dloss / N · (softmax(logits) − onehot(target)),     0 where the target is -100

onehot(3) is a row of zeros with a 1 at place 3. dloss is the gradient of whatever comes after the loss;
at the end of a network it is 1.

In the course: docs/derivations.md, "Softmax with cross-entropy"; minigpt/plain.py, backward.
""",
    """交叉熵的反向传播：预测的减去真正出现的。

    loss = 对 N 个计入的位置求 −log softmax(logits)[目标] 的平均
    dlogits = dloss / N · (softmax(logits) − onehot(目标))，    目标为 -100 处是 0

onehot(3) 是一行零，只有第 3 个位置是 1。dloss 是损失之后的部分传来的梯度；在网络末端它等于 1。

课程中的位置：docs/zh/derivations.md 的“softmax 加交叉熵”一节；minigpt/plain.py 的 backward。
""",
)
DOCSTRINGS = {
    "Given: z (..., V) -> probabilities (..., V).": "已给出：z (..., V) -> 概率 (..., V)。",
    "dloss, a number; logits (B, T, V), targets (B, T) int or -100 -> dlogits (B, T, V).": "dloss，一个数；logits (B, T, V)，targets (B, T) int 或 -100 -> dlogits (B, T, V)。",
}
HINTS = [
    (
        "onehot = targets[:, :, None] == np.arange(V): a comparison makes all rows at once",
        "onehot = targets[:, :, None] == np.arange(V)：一次比较就得到所有行",
    ),
    (
        "a mean over N places gives each of them 1/N, the probabilities and the one-hot alike",
        "对 N 个位置取平均，每个位置得到 1/N，概率和 one-hot 都要除",
    ),
    (
        "N counts the places whose target is not -100; the others have a gradient of zero",
        "N 是目标不为 -100 的位置数；其余位置的梯度为零",
    ),
    (
        "a score that is raised lowers the loss at the target only: there p − 1 is negative",
        "只有抬高目标的分数才会降低损失：那里 p − 1 是负的",
    ),
]
MISTAKES = [
    ("it is not divided by N", "没有除以 N", " / max(1, counted.sum())", "", 2),
    (
        "N counts all places, those of -100 too",
        "N 把 -100 的位置也算了进去",
        "counted.sum())",
        "counted.size)",
        3,
    ),
    (
        "places of -100 have a gradient",
        "-100 的位置也有梯度",
        "dloss * counted /",
        "dloss * np.ones(counted.shape) /",
        3,
    ),
    ("the one-hot is not taken away", "没有减去 one-hot", "(probs - onehot)", "probs", 4),
    ("the sign is wrong: onehot − p", "符号反了：写成 onehot − p", "(probs - onehot)", "(onehot - probs)", 4),
    (
        "only the probabilities are divided by N, the one-hot is not",
        "只有概率除以了 N，one-hot 没有除",
        "return dlosses[:, :, None] * (probs - onehot)",
        "return dlosses[:, :, None] * probs - dloss * counted[:, :, None] * onehot",
        2,
    ),
    ("dloss is not used", "没有用 dloss", "dloss * counted", "1.0 * counted", 2),
    (
        "the gradient goes to the target's score alone",
        "梯度只给了目标的那个分数",
        "(probs - onehot)",
        "(probs - 1) * onehot",
        4,
    ),
    (
        "the derivative of the softmax is taken a second time",
        "把 softmax 的导数又乘了一遍",
        "(probs - onehot)",
        "(probs * (1 - probs) - onehot * (1 - probs))",
        4,
    ),
    (
        "the scores stand in the place of their softmax",
        "用分数代替了 softmax",
        "probs = softmax(logits)",
        "probs = logits",
        4,
    ),
]


def draw(rng, sizes):
    B, T, V = sizes("B T V", low=3)
    targets = rng.integers(V, size=(B, T))
    targets[0, :2] = -100
    return {"dloss": float(rng.normal()) + 2.5, "logits": 2 * rng.normal(size=(B, T, V)), "targets": targets}


def loss(dloss, logits, targets):
    counted = targets != -100
    rows = logits[counted]
    return dloss * (np.logaddexp.reduce(rows, axis=1) - rows[np.arange(len(rows)), targets[counted]]).mean()
