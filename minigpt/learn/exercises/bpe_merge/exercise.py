"""One merge of byte-pair encoding."""

FUNCTION = "merge"
OUTPUTS = "ids"
TITLE = ("a BPE merge", "BPE 的一次合并")
TEXT = (
    """A BPE merge: wherever the two ids of a pair stand side by side, one new id takes their place.

    ids              pair      new_id    result
    [1, 2, 3, 1, 2]  (1, 2)    9         [9, 3, 9]
    [1, 1, 1]        (1, 1)    9         [9, 1]

It goes from the left, and an id is used once: that is why the third 1 of the second example stays.

The list that is given stays as it is: return a new one.

In the course: docs/bpe.md; tokenizer/bpe_merge.py.
""",
    """BPE 的一次合并：凡是一对 id 紧挨着出现的地方，都换成一个新的 id。

    ids              pair      new_id    结果
    [1, 2, 3, 1, 2]  (1, 2)    9         [9, 3, 9]
    [1, 1, 1]        (1, 1)    9         [9, 1]

从左往右进行，每个 id 只用一次：所以第二个例子里的第三个 1 留了下来。

给你的列表保持原样，返回一个新的列表。

课程中的位置：docs/zh/bpe.md；tokenizer/bpe_merge.py。
""",
)
DOCSTRINGS = {
    "ids, a list of int; pair, a tuple of two ids; new_id, an int -> a new list of int.": "ids，int 列表；pair，两个 id 的元组；new_id，int -> 新的 int 列表。",
}
HINTS = [
    (
        "walk with an index i of your own: a for loop cannot skip the second id",
        "自己维护下标 i：for 循环没法跳过第二个 id",
    ),
    ("after a merge go on two places further, otherwise one", "合并之后前进两位，否则前进一位"),
    ("the last id has no neighbour, and must not be lost", "最后一个 id 没有右邻居，但不能丢掉"),
]
MISTAKES = [
    (
        "only the first pair that is found is merged",
        "只合并找到的第一对",
        "== list(pair):",
        "== list(pair) and new_id not in merged:",
        1,
    ),
    ("the second id of a merged pair stays", "合并后第二个 id 还留着", "i += 2", "i += 1", 2),
    (
        "the pair is merged in either order, (b, a) like (a, b)",
        "不分先后，(b, a) 也当成 (a, b) 合并",
        "ids[i : i + 2] == list(pair)",
        "sorted(ids[i : i + 2]) == sorted(pair)",
        1,
    ),
    ("the last id is lost", "丢掉最后一个 id", "i < len(ids):", "i < len(ids) - 1:", 3),
    (
        "the new id takes each of the two places",
        "两个位置都放上新 id",
        "merged.append(new_id)",
        "merged += [new_id, new_id]",
        2,
    ),
    (
        "the new id is put behind the pair, which stays",
        "新 id 加在这一对后面，而这一对还留着",
        "merged.append(new_id)",
        "merged += [*pair, new_id]",
        2,
    ),
    ("after a merge the next id is skipped", "合并之后多跳过一个 id", "i += 2", "i += 3", 2),
]


def draw(rng, sizes):
    n = sizes("N", low=20, high=40)
    a, b = [(3, 5), (4, 4)][int(rng.integers(2))]
    ids = [int(i) for i in rng.choice([3, 4, 5], size=n)]
    return {"ids": [a, b, *ids, b, a, a, a, a, 5, a, b, 3], "pair": (a, b), "new_id": 9}
