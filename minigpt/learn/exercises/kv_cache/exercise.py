"""One step with a key/value cache."""

FUNCTION = "attention_step"
OUTPUTS = "y keys values"
TITLE = ("a step with a key/value cache", "用键值缓存走一步")
TEXT = (
    """A step with a key/value cache: one new token, and nothing of the old ones is computed again.

What a token was, as key and value, depends on nothing that comes later; so it is kept. The new token puts
its own key and value behind those kept, and its query meets all of them, itself included:

    keys ← [keys, k]          values ← [values, v]          y = softmax(q keysᵀ / √D) values

No mask is needed: there is no future. B rows, T tokens so far, D features of the head. The arrays that
are given stay as they are; return new ones.

In the course: docs/generation.md; minigpt/generation/decoder.py.
""",
    """用键值缓存走一步：来了一个新词元，旧的什么都不用重算。

一个词元的键和值不依赖后来的任何东西，所以可以留着。新词元把自己的键和值接在后面，
它的查询面对所有的键，包括它自己的：

    keys ← [keys, k]          values ← [values, v]          y = softmax(q keysᵀ / √D) values

不需要掩码：没有未来。B 行，已有 T 个词元，头有 D 个特征。给你的数组保持原样，返回新的数组。

课程中的位置：docs/zh/generation.md；minigpt/generation/decoder.py。
""",
)
DOCSTRINGS = {
    "Given: z (..., V) -> probabilities (..., V).": "已给出：z (..., V) -> 概率 (..., V)。",
    "q, k, v (B, 1, D) of the new token; keys, values (B, T, D) of those before.": "q、k、v (B, 1, D) 是新词元的；keys、values (B, T, D) 是以前那些词元的。",
}
HINTS = [
    (
        "np.concatenate([keys, k], axis=1): the time is axis 1, and the new token comes last",
        "np.concatenate([keys, k], axis=1)：时间是第 1 轴，新词元排在最后",
    ),
    ("the new token sees itself: first append, then attend", "新词元看得见自己：先接上，再算注意力"),
    (
        "scores divided by √D, a softmax along the keys, then times values",
        "分数除以 √D，沿着键做 softmax，再乘值",
    ),
]
MISTAKES = [
    (
        "the new token does not see itself",
        "新词元看不见自己",
        "    P = softmax(q @ keys.swapaxes(-1, -2) / math.sqrt(q.shape[-1]))  # (B, 1, T + 1)\n    y = P @ values",
        "    P = softmax(q @ keys[:, :-1].swapaxes(-1, -2) / math.sqrt(q.shape[-1]))\n    y = P @ values[:, :-1]",
        2,
    ),
    ("the new token sees itself alone", "新词元只看见自己", "y = P @ values", "y = 1 * v", 2),
    (
        "the new token is put in front",
        "新词元接到了最前面",
        "    keys = np.concatenate([keys, k], axis=1)\n    values = np.concatenate([values, v], axis=1)",
        "    keys = np.concatenate([k, keys], axis=1)\n    values = np.concatenate([v, values], axis=1)",
        1,
    ),
    (
        "keys and values have changed places in the cache",
        "缓存里键和值弄反了",
        "return y, keys, values",
        "return y, values, keys",
        1,
    ),
    (
        "the value is put among the keys",
        "把值接到了键里",
        "np.concatenate([keys, k], axis=1)",
        "np.concatenate([keys, v], axis=1)",
        1,
    ),
    (
        "the key is put among the values",
        "把键接到了值里",
        "np.concatenate([values, v], axis=1)",
        "np.concatenate([values, k], axis=1)",
        1,
    ),
    (
        "the query is put among the keys",
        "把查询接到了键里",
        "np.concatenate([keys, k], axis=1)",
        "np.concatenate([keys, q], axis=1)",
        1,
    ),
    ("the scores are not divided by √D", "分数没有除以 √D", " / math.sqrt(q.shape[-1])", "", 3),
    (
        "the scores are divided by the root of the number of tokens",
        "分数除以了词元数的平方根",
        "math.sqrt(q.shape[-1])",
        "math.sqrt(keys.shape[1])",
        3,
    ),
    (
        "the oldest token is forgotten",
        "忘掉了最早的词元",
        "    keys = np.concatenate([keys, k], axis=1)\n    values = np.concatenate([values, v], axis=1)",
        "    keys = np.concatenate([keys[:, 1:], k], axis=1)\n    values = np.concatenate([values[:, 1:], v], axis=1)",
        1,
    ),
    (
        "the last kept token is written over",
        "覆盖掉了缓存里最后一个词元",
        "    keys = np.concatenate([keys, k], axis=1)\n    values = np.concatenate([values, v], axis=1)",
        "    keys = np.concatenate([keys[:, :-1], k], axis=1)\n    values = np.concatenate([values[:, :-1], v], axis=1)",
        1,
    ),
]


def draw(rng, sizes):
    B, T, D = sizes("B T D", low=3)
    q, k, v = (rng.normal(size=(B, 1, D)) for _ in range(3))
    keys, values = (rng.normal(size=(B, T, D)) for _ in range(2))
    return {"q": q, "k": k, "v": v, "keys": keys, "values": values}
