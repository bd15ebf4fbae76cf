"""Characters to ids."""

FUNCTION = "characters_to_ids"
OUTPUTS = "ids characters"
TITLE = ("characters to ids", "把字符变成 id")
TEXT = (
    """Characters to ids: a model counts, so every character of a text gets a number.

The vocabulary is the list of all different characters, in sorted order. The id of a character is its
place in that list, counted from 0.

    text          "abba"            "你好，你"
    characters    ["a", "b"]        ["你", "好", "，"]
    ids           [0, 1, 1, 0]      [0, 1, 2, 0]

The function returns both, the ids of the text and the vocabulary.
In the course: tokenizer/char.py.
""",
    """把字符变成 id：模型只会算数，所以文本里的每个字符都要有一个编号。

词表是所有不同字符排序后的列表；一个字符的 id 就是它在列表中的位置，从 0 数起。

    text          "abba"            "你好，你"
    characters    ["a", "b"]        ["你", "好", "，"]
    ids           [0, 1, 1, 0]      [0, 1, 2, 0]

函数返回两样东西：文本的 id 和词表。

课程中的位置：tokenizer/char.py。
""",
)
DOCSTRINGS = {
    "text, a str -> ids, a list of int, one for each character; characters, a list: characters[id].": "text，字符串 -> ids，int 列表，每个字符一个；characters，列表：characters[id] 是字符。",
}
HINTS = [
    (
        "set(text) has every character once; sorted() makes a list of it",
        "set(text) 让每个字符只出现一次；sorted() 把它排成列表",
    ),
    (
        "every character of the text becomes one id, repeated ones too",
        "文本里每个字符都对应一个 id，重复的也一样",
    ),
    (
        "a dict from character to place answers at once: {c: i for i, c in enumerate(characters)}",
        "用字典从字符查位置最快：{c: i for i, c in enumerate(characters)}",
    ),
]
MISTAKES = [
    (
        "characters stand in the order in which they come in the text",
        "字符按在文本中出现的先后排列",
        "sorted(set(text))",
        "list(dict.fromkeys(text))",
        1,
    ),
    (
        "characters are sorted backwards",
        "字符按倒序排列",
        "sorted(set(text))",
        "sorted(set(text), reverse=True)",
        1,
    ),
    (
        "the most frequent characters come first",
        "把最常见的字符排在最前面",
        "sorted(set(text))",
        "sorted(set(text), key=lambda c: (-text.count(c), c))",
        1,
    ),
    ("ids are counted from 1", "id 从 1 数起", "enumerate(characters)", "enumerate(characters, 1)", 3),
    (
        "Unicode's number of a character, ord(), is taken for its id",
        "把字符的 Unicode 编号 ord() 当成 id",
        "id_of[character] for",
        "ord(character) for",
        3,
    ),
    (
        "a repeated character gets an id the first time only",
        "重复的字符只在第一次出现时给 id",
        "for character in text]",
        "for character in dict.fromkeys(text)]",
        2,
    ),
]


def draw(rng, sizes):
    letters = list("hello, 你好世界abcxyz")
    chosen = rng.choice(len(letters), size=sizes("K", low=5), replace=False)
    places = [*chosen, *rng.choice(chosen, size=sizes("N", low=15, high=40)), chosen[1], chosen[1]]
    return {"text": "".join(letters[i] for i in places)}
