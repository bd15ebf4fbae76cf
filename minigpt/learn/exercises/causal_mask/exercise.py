"""The causal mask."""

FUNCTION = "causal_mask"
OUTPUTS = "S_masked"
TITLE = ("the causal mask", "因果掩码")
TEXT = (
    """The causal mask: a token may look at itself and at what came before it, never ahead.

S[b, h, i, j] is the score of query i for key j. Where j > i the key lies in the future of the query:
there the score becomes −∞, so that the softmax gives it a share of exactly 0. The rest stays.

In the course: minigpt/layers/attention.py; minigpt/plain.py, S_masked.
""",
    """因果掩码：一个词元可以看自己和它前面的词元，不能往后看。

S[b, h, i, j] 是第 i 个查询对第 j 个键的分数。j > i 时，这个键在查询的未来：把分数换成 −∞，
softmax 之后它的份额就正好是 0。其余的分数不变。

课程中的位置：minigpt/layers/attention.py；minigpt/plain.py 的 S_masked。
""",
)
DOCSTRINGS = {
    "S (B, H, T, T), scores of query i (row) and key j (column) -> the same, −inf where j > i.": "S (B, H, T, T)，查询 i（行）对键 j（列）的分数 -> 同样的分数，j > i 处为 −inf。",
}
HINTS = [
    (
        "np.tril keeps the diagonal and all below it: row i, columns 0 … i",
        "np.tril 保留对角线和它下面的部分：第 i 行的第 0 … i 列",
    ),
    ("a token sees itself: the diagonal is not masked", "token 看得见自己：对角线不遮"),
    ("the score must become −∞: exp(−∞) is 0, exp(0) is 1", "分数要变成 −∞：exp(−∞) 是 0，而 exp(0) 是 1"),
]
MISTAKES = [
    ("the next token is seen too", "还看得见下一个词元", "dtype=bool))", "dtype=bool), k=1)", 1),
    ("a token does not see itself", "token 看不见自己", "dtype=bool))", "dtype=bool), k=-1)", 2),
    ("the past is hidden and the future seen", "遮住了过去，却看得见未来", "np.tril(", "np.triu(", 1),
    (
        "hidden scores become 0, not −∞",
        "被遮的分数变成了 0，而不是 −∞",
        "np.where(seen, S, -math.inf)",
        "np.where(seen, S, 0.0)",
        3,
    ),
    (
        "hidden scores become −9: the softmax still gives them a share",
        "被遮的分数变成了 −9：softmax 还会给它们份额",
        "-math.inf",
        "-9.0",
        3,
    ),
    ("hidden scores become +∞", "被遮的分数变成了 +∞", "-math.inf", "math.inf", 3),
    (
        "everything but the token itself is hidden",
        "除了自己全都遮住了",
        "np.tril(np.ones((T, T), dtype=bool))",
        "np.eye(T, dtype=bool)",
        1,
    ),
    (
        "only the next token is hidden, and those after it are seen",
        "只遮了下一个词元，更后面的还看得见",
        "np.tril(np.ones((T, T), dtype=bool))",
        "~np.eye(T, k=1, dtype=bool)",
        1,
    ),
    (
        "mask and scores have changed places: the seen scores are hidden",
        "掩码用反了：看得见的反而被遮住",
        "np.where(seen, S, -math.inf)",
        "np.where(seen, -math.inf, S)",
        1,
    ),
]


def draw(rng, sizes):
    B, H, T = sizes("B H T", low=3)
    return {"S": rng.normal(size=(B, H, T, T))}
