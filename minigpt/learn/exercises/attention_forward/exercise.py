"""One head of attention, forward."""

FUNCTION = "attention"
OUTPUTS = "y P"
TITLE = ("a head of attention, forward", "一个注意力头的前向计算")
TEXT = (
    """A head of attention: each token asks, all before it answer.

    S = q kᵀ / √D          S_ij = how well key j fits query i; −∞ where j > i
    P = softmax(S)         row by row: the shares of attention of query i
    y = P v                the mixture of values that it takes

D is the number of features of a query and of a key. A value may have another number of them, E.

In the course: docs/derivations.md, "Attention, put together"; minigpt/plain.py, forward.
""",
    """一个注意力头：每个词元提问，它前面的所有词元回答。

    S = q kᵀ / √D          S_ij：第 j 个键与第 i 个查询有多合；j > i 时为 −∞
    P = softmax(S)         逐行计算：第 i 个查询的注意力份额
    y = P v                它由此取到的值的混合

D 是查询和键的特征数。值的特征数可以不同，记作 E。

课程中的位置：docs/zh/derivations.md 的“注意力：合在一起”一节；minigpt/plain.py 的 forward。
""",
)
DOCSTRINGS = {
    "Given: z (..., V) -> probabilities (..., V).": "已给出：z (..., V) -> 概率 (..., V)。",
    "q, k (B, T, D), v (B, T, E) -> y (B, T, E), P (B, T, T): for each token its shares of the others.": "q、k (B, T, D)，v (B, T, E) -> y (B, T, E)，P (B, T, T)：每个词元的注意力份额。",
}
HINTS = [
    (
        "k.swapaxes(-1, -2) transposes the keys of every sequence: (B, D, T)",
        "k.swapaxes(-1, -2) 把每个序列的键转置：(B, D, T)",
    ),
    (
        "a sum of D products has the variance D; dividing by √D, not by D, makes it 1",
        "D 个乘积之和的方差是 D；除以 √D（不是 D）使它变成 1",
    ),
    (
        "np.where(np.tril(np.ones((T, T), dtype=bool)), S, -inf) comes before the softmax",
        "softmax 之前：np.where(np.tril(np.ones((T, T), dtype=bool)), S, -inf)",
    ),
    (
        "the softmax runs along the keys, the last axis of S; y = P @ v",
        "softmax 沿着键，也就是 S 的最后一个轴；y = P @ v",
    ),
]
MISTAKES = [
    (
        "the scores are not divided by √D",
        "分数没有除以 √D",
        " / math.sqrt(q.shape[-1])\n    seen",
        "\n    seen",
        2,
    ),
    (
        "the scores are divided by D, not by √D",
        "分数除以了 D，而不是 √D",
        "math.sqrt(q.shape[-1])",
        "q.shape[-1]",
        2,
    ),
    (
        "the scores are divided by the root of E, the size of a value",
        "分数除以了值的特征数 E 的平方根",
        "math.sqrt(q.shape[-1])",
        "math.sqrt(v.shape[-1])",
        2,
    ),
    ("the scores are divided by √T", "分数除以了 √T", "math.sqrt(q.shape[-1])", "math.sqrt(T)", 2),
    (
        "queries and keys have changed places",
        "查询和键弄反了",
        "q @ k.swapaxes(-1, -2)",
        "k @ q.swapaxes(-1, -2)",
        1,
    ),
    ("there is no mask: the future is seen", "没有掩码：看得见未来", "np.where(seen, S, -math.inf)", "S", 3),
    (
        "the mask lets the next token be seen",
        "掩码放过了下一个词元",
        "dtype=bool))",
        "dtype=bool), k=1)",
        3,
    ),
    ("the past is hidden in the place of the future", "遮住的是过去，而不是未来", "np.tril(", "np.triu(", 3),
    ("hidden scores are 0 and not −∞", "被遮的分数是 0 而不是 −∞", "-math.inf", "0.0", 3),
    (
        "the mask is laid on after the softmax, and the shares do not sum to 1",
        "softmax 之后才加掩码，份额之和不是 1",
        "softmax(np.where(seen, S, -math.inf))",
        "np.where(seen, softmax(S), 0.0)",
        3,
    ),
    (
        "the softmax runs along the queries",
        "softmax 沿着查询的方向",
        "P = softmax(np.where(seen, S, -math.inf))",
        "P = softmax(np.where(seen, S, -1e30).swapaxes(-1, -2)).swapaxes(-1, -2)",
        4,
    ),
    ("y is made with the transpose of P", "y 用了 P 的转置", "y = P @ v", "y = P.swapaxes(-1, -2) @ v", 4),
    (
        "y is made with the scores, without the softmax",
        "y 用的是分数，没有经过 softmax",
        "y = P @ v",
        "y = np.where(seen, S, 0) @ v",
        4,
    ),
]


def draw(rng, sizes):
    B, T, D, E = sizes("B T D E", low=3)
    return {"q": rng.normal(size=(B, T, D)), "k": rng.normal(size=(B, T, D)), "v": rng.normal(size=(B, T, E))}
