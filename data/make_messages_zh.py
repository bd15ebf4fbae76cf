"""Write messages_zh.tsv: short phone messages in Chinese, a label (spam or ham), a tab and the text a line.

    python data/make_messages_zh.py

The messages are laid down in messages_zh.grammar. All banks, firms and people are invented; links end in
.example, a domain that nobody can own (RFC 2606), and no telephone number occurs.
"""

import random
from pathlib import Path

from grammar_zh import Expander, read_sections

HERE = Path(__file__).parent
SEED = 21
PER_LABEL = 400


def _digits(n, seed):
    """60 made-up numbers of n digits."""
    rng = random.Random(seed)
    return ["".join(rng.choice("0123456789") for _ in range(n)) for _ in range(60)]


def _names(n, seed):
    """60 made-up account names: n letters and three digits."""
    rng = random.Random(seed)
    return ["".join(rng.choice("abcdefghkmnpqstwxyz") for _ in range(n)) for _ in range(60)]


def _column(values):
    return [{"value": value} for value in values]


_ACCOUNTS = [name + digits for name, digits in zip(_names(3, 1), _digits(4, 2))]
_LINKS = [f"{name}.example/{digits}" for name, digits in zip(_names(4, 3), _digits(2, 4))]
TABLES = {
    "amount": _column(
        "1200 1500 2000 2600 3000 3800 5000 6000 8000 8888 9800 10000 20000 30000 50000".split()
    ),
    "small": _column("19 28 35 50 66 80 99 120 150 188 200 260 300 399 500 680".split()),
    "big": _column("5万元 8万元 10万元 15万元 20万元 30万元 50万元".split()),
    "month": _column("800 1000 1200 1500 1800 2000 2400 2800".split()),
    "account": _column(_ACCOUNTS),
    "link": _column(_LINKS),
    "school_link": _column(["school.example", "jw.school.example", "my.school.example"]),
    "link_or_room": _column(["302室", "大会议室", *_LINKS[:8]]),
    "tail": _column(_digits(4, 5)),
    "code": _column(_digits(6, 6)),
    "pick": _column([f"{a[0]}-{a[1:]}" for a in _digits(4, 7)]),
    "train": _column([f"G{digits}" for digits in _digits(3, 8)]),
    "seat": _column(
        [f"{car}车{row}{letter}座" for car in (3, 5, 8, 12) for row in (2, 6, 11) for letter in "ACF"]
    ),
    "day": _column([f"{month}月{day}日" for month in (3, 5, 9, 11) for day in (2, 7, 12, 18, 25)]),
    "relative": _column(["妈", "爸", "妈妈", "爸爸", "老婆", "姐", "哥", "奶奶"]),
    "parent": _column(["妈", "爸", "妈妈", "爸爸"]),
    "pal": _column(["小明", "小红", "阿杰", "小林", "丽丽", "大伟", "小雨", "思思"]),
    "boss": _column(["王总", "李经理", "张主任", "陈总", "刘经理"]),
}


def build():
    """Return the whole table: as many messages of either label, all different, in a shuffled order."""
    rng = random.Random(SEED)
    templates = {"spam": [], "ham": []}
    for title, lines in read_sections(HERE / "messages_zh.grammar").items():
        templates[title.split(":")[0]] += lines
    rows = []
    for label, lines in templates.items():
        messages = {}  # a dict keeps its order, a set would not
        while len(messages) < PER_LABEL:
            for line in lines:
                messages[Expander(TABLES, rng).expand(line)] = None
        rows += [f"{label}\t{message}\n" for message in list(messages)[:PER_LABEL]]
    rng.shuffle(rows)
    return "".join(rows)


if __name__ == "__main__":
    path = HERE / "messages_zh.tsv"
    path.write_text(build(), encoding="utf-8", newline="\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")
