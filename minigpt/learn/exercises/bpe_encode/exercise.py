"""Encoding with byte-pair encoding."""

FUNCTION = "encode"
OUTPUTS = "ids"
TITLE = ("encoding with BPE", "用 BPE 编码")
TEXT = (
    """Encoding with BPE: a new text is merged with the pairs that training has learned.

Merge number i (counted from 0) made the id 256 + i. Of all pairs in the text that were learned, the one
learned earliest is merged, everywhere; then look again, until no learned pair is left. So a text is cut
as the text of the training was.

In the course: docs/bpe.md; tokenizer/bpe_merge.py.
""",
    """用 BPE 编码：用训练学到的那些对来合并新的文本。

第 i 次合并（从 0 数起）造出的 id 是 256 + i。在文本里所有学过的对中，先处处合并最早学到的那一对；
然后再看，直到没有学过的对为止。这样，新文本的切法就和训练文本一样。

课程中的位置：docs/zh/bpe.md；tokenizer/bpe_merge.py。
""",
)
DOCSTRINGS = {
    "Given: the ids with new_id wherever the pair stood.": "已给出：凡是 pair 出现的地方都换成 new_id。",
    "ids, a list of bytes as int; merges, a list of pairs in the order of learning -> a list of int.": "ids，字节的 int 列表；merges，按学习次序排列的对 -> int 列表。",
}
HINTS = [
    (
        "a dict from pair to new id also says which was learned earlier: the smaller id",
        "用字典从对查新 id，它也说明谁学得早：id 小的早",
    ),
    (
        "a merge makes new pairs, so look again until nothing is found",
        "合并会造出新的对，所以要反复查找，直到找不到为止",
    ),
    (
        "not the leftmost pair and not the most frequent one: the earliest learned",
        "不是最左的一对，也不是最常见的一对，而是最早学到的",
    ),
]
MISTAKES = [
    (
        "the leftmost pair is merged first, whichever was learned earlier",
        "先合并最左边的一对，不管谁学得早",
        "min(found, key=new_id.get)",
        "found[0]",
        3,
    ),
    (
        "the pair learned last is merged first",
        "先合并最晚学到的一对",
        "min(found, key=new_id.get)",
        "max(found, key=new_id.get)",
        3,
    ),
    (
        "the most frequent pair of this text is merged first",
        "先合并这段文本里最常见的一对",
        "min(found, key=new_id.get)",
        "max(found, key=lambda pair: (found.count(pair), -new_id[pair]))",
        3,
    ),
    (
        "one pair is merged, and nothing after it",
        "只合并一对就停了",
        "ids = merge(ids, pair, new_id[pair])",
        "return merge(ids, pair, new_id[pair])",
        2,
    ),
    ("the first merge is given the id 257", "第一次合并得到的 id 成了 257", "256 + i", "257 + i", 1),
    (
        "the last merge that was learned is not used",
        "没有用上最后学到的合并",
        "enumerate(merges)",
        "enumerate(merges[:-1])",
        1,
    ),
    (
        "the first merge gets the last id, and the last the first",
        "合并与 id 的次序颠倒了",
        "256 + i for i, pair in enumerate(merges)",
        "255 + len(merges) - i for i, pair in enumerate(merges)",
        1,
    ),
]


def draw(rng, sizes):
    """Merges that were learned from a text of syllables, and another text of the same syllables."""
    syllables = [[97, 98], [98, 97, 99], [99, 98, 97], [97, 97, 98, 99]]
    texts = [[letter for i in rng.integers(4, size=60) for letter in syllables[i]] for _ in range(2)]
    ids, merges = texts[0], []
    for new_id in range(256, 256 + sizes("M", low=6, high=10)):
        pairs = list(zip(ids, ids[1:]))
        best = min(set(pairs), key=lambda pair: (-pairs.count(pair), pair))
        merged, i = [], 0
        while i < len(ids):
            found = tuple(ids[i : i + 2]) == best
            merged.append(new_id if found else ids[i])
            i += 2 if found else 1
        ids = merged
        merges.append(best)
    return {"ids": texts[1], "merges": merges}
