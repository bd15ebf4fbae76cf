"""Cross-entropy."""

FUNCTION = "cross_entropy"
OUTPUTS = "loss"
TITLE = ("cross-entropy", "交叉熵")
TEXT = (
    """Cross-entropy: how surprised the model is at what really came next.

    p = softmax(logits)          loss of a place = −log p[its target]
    loss = mean over the places that count

A target of -100 says that a place does not count: it has no loss, and the mean does not divide by it
either. Should no place count, the loss is 0. Scores may be large: take their maximum away before exp.

In the course: docs/derivations.md, "Softmax with cross-entropy"; minigpt/plain.py, forward.
""",
    """交叉熵：真正的下一个词元（token）出现时，模型有多意外。

    p = softmax(logits)          一个位置的损失 = −log p[它的目标]
    loss = 所有计入位置的平均

目标为 -100 表示这个位置不计入：既没有损失，求平均时也不算它。若没有位置计入，损失为 0。
分数可能很大：求 exp 之前先减去最大值。

课程中的位置：docs/zh/derivations.md 的“softmax 加交叉熵”一节；minigpt/plain.py 的 forward。
""",
)
DOCSTRINGS = {
    "logits (B, T, V), targets (B, T) int -> loss, a number; targets of -100 do not count.": "logits (B, T, V)，targets (B, T) int -> loss，一个数；目标 -100 不计入。",
}
HINTS = [
    ("log p_k = z_k − log Σ exp z_j: no division is needed", "log p_k = z_k − log Σ exp z_j：不需要除法"),
    ("counted = targets != -100; a loss times False is 0", "counted = targets != -100；损失乘以 False 得 0"),
    ("the mean divides by how many places count, counted.sum()", "求平均时除以计入的位置数 counted.sum()"),
    ("the natural logarithm, and a minus: a loss is not negative", "用自然对数，并加负号：损失不会是负数"),
]
MISTAKES = [
    (
        "the mean divides by all places, those of -100 too",
        "求平均时把 -100 的位置也算进了除数",
        "counted.sum())",
        "counted.size)",
        3,
    ),
    ("places of -100 have a loss too", "-100 的位置也有损失", "(losses * counted).sum()", "losses.sum()", 2),
    (
        "the losses are summed, and not divided",
        "损失只求了和，没有除",
        "(losses * counted).sum() / max(1, counted.sum())",
        "(losses * counted).sum()",
        3,
    ),
    (
        "every sequence gets a mean of its own, and then these",
        "先对每个序列求平均，再对这些平均求平均",
        "(losses * counted).sum() / max(1, counted.sum())",
        "((losses * counted).sum(1) / np.maximum(1, counted.sum(1))).mean()",
        3,
    ),
    ("the minus is forgotten", "忘了负号", "losses = -np.take", "losses = np.take", 4),
    (
        "the logarithm is that of base 2",
        "用了以 2 为底的对数",
        "z - np.log(np.exp(z).sum(-1, keepdims=True))",
        "(z - np.log(np.exp(z).sum(-1, keepdims=True))) / np.log(2)",
        4,
    ),
    (
        "1 − p stands in the place of −log p",
        "用 1 − p 代替了 −log p",
        "losses = -np.take_along_axis(log_probs",
        "losses = 1 - np.take_along_axis(np.exp(log_probs)",
        4,
    ),
    (
        "the scores themselves are taken for logarithms of probabilities",
        "把分数本身当成了概率的对数",
        "z - np.log(np.exp(z).sum(-1, keepdims=True))",
        "logits",
        1,
    ),
    (
        "the maximum is not taken away, and exp overflows",
        "没有减去最大值，exp 溢出",
        "logits - logits.max(-1, keepdims=True)",
        "logits",
        1,
    ),
]


def draw(rng, sizes):
    B, T, V = sizes("B T V", low=3)
    logits, targets = 2 * rng.normal(size=(B, T, V)), rng.integers(V, size=(B, T))
    logits[1] += 1000.0
    targets[0, :2] = -100
    return {"logits": logits, "targets": targets}
