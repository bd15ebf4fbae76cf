"""The figures in a chapter's prose are those that the chapter shows: one that is printed no longer is found.

Every number of two digits and more, and every decimal, has to stand in a block, an output, a comment or a
table of its page, or of a chapter that the same paragraph names; one of two decimals and more may be rounded
from there. Years and the terms of 14 · 16 + 5 need not, nor does ln N = …, which is reckoned here. A stale
figure that happens to stand there for another reason is not found.
"""

import math
import re
from decimal import Decimal
from functools import cache

import pytest

from docs.markdown import CHAPTERS, DOCS, READMES, cells, prose_and_shown
from minigpt.tasks.arguments import train_arguments

DIGITS = r"\d+(?:[,_]\d{3})*(?:\.\d+)?"
OF_PROSE = re.compile(rf"(?<![A-Za-z\d.-]){DIGITS}(?![A-Za-z\d])")  # not the 2 of GPT-2, nor that of 2C
TERMS = re.compile(rf"{DIGITS}(?: [+−·×/] {DIGITS})+")
YEAR = re.compile(r"(19|20)\d\d")
LN = re.compile(r"ln (\d+) = (\d+)\.(\d+)")
NAMED = re.compile(r"[Cc]hapters? \d+(?:(?:,| and| to) \d+)*|第 \d+(?:[、到 ]+\d+)* 章")

GPT_2 = "124 1.24 768 1,024 50,257"  # million parameters, the same in 亿, features, context, vocabulary
NOT_SHOWN = {
    1: "99",  # seeds to try
    2: "16 255 914",  # the base of e5 8a; the largest byte; the largest of 915 ids
    4: "22 0.40 2.718",  # letters and darkest cell of the picture; e
    5: "512",  # 32 windows of 16 places
    6: "0.1 0.6 3.1",  # another first number; milliseconds, where the page can only print …
    9: "96 240",  # GPT-3's blocks; seconds for each of the three models
    11: "2,400 8,192 0.387 4,000 0.791",  # two runs, of which the page shows none
    13: "80",  # % of BERT's chosen tokens
    17: "600",  # 30 · 20
    19: "2.2 20 175 200",  # a table's number; tokens a parameter; GPT-3's billions; steps worth processes
}
MEASURED = {  # in a table of both READMEs
    15: "93.8 3,252 3,500 4,500",
    17: "14,362 6.9 0.63 0.82 97.3 97.0 20,000 3,500",
}
DEFAULTS = {Decimal(flag) for flag in vars(train_arguments([])).values() if type(flag) is int}


def value(number):
    return Decimal(re.sub("[,_]", "", number))


def values(text):
    return {value(number) for number in re.findall(DIGITS, text)}


@cache
def read(page):
    """(line, words) of every paragraph, and the values that the page shows."""
    paragraphs, shown = prose_and_shown(page)
    return paragraphs, values(shown)


def chapters_named(text):
    return {int(number) for names in NAMED.findall(text) for number in re.findall(r"\d+", names)}


def unfounded(page):
    """(line, number, value) of every figure in a page's prose that neither it nor a named chapter shows."""
    paragraphs, shown = read(page)
    reckoned = {
        value(f"{whole}.{part}")
        for _, text in paragraphs
        for n, whole, part in LN.findall(text)
        if f"{math.log(int(n)):.{len(part)}f}" == f"{whole}.{part}"
    }
    for line, text in paragraphs:
        known = shown | reckoned
        for chapter in chapters_named(text):
            known = known.union(*(read(there)[1] for there in page.parent.glob(f"{chapter:02}-*.md")))
        for number in OF_PROSE.findall(TERMS.sub("", NAMED.sub("", text))):
            figure = value(number)
            if figure not in range(10) and not YEAR.fullmatch(number) and not is_among(known, figure):
                yield line, number, figure


def is_among(known, figure):
    """Whether figure is a known value or, where it has two decimals and more, a rounded one."""
    if figure.as_tuple().exponent > -2:
        return figure in known
    return any(one.quantize(figure) == figure for one in known)


def exceptions(of, page):
    return values(of.get(int(page.name[:2]), ""))


def name(page):
    return page.relative_to(DOCS).as_posix()


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_every_figure_in_the_prose_stands_in_what_the_page_shows(page):
    known = DEFAULTS | values(GPT_2) | exceptions(NOT_SHOWN, page) | exceptions(MEASURED, page)
    stale = [f"line {line}: {number}" for line, number, figure in unfounded(page) if figure not in known]
    assert not stale, f"{name(page)} shows these figures nowhere: {stale}"


def test_no_exception_is_made_in_vain():
    for of in (NOT_SHOWN, MEASURED):
        for chapter, numbers in of.items():
            pages = DOCS.glob(f"??/{chapter:02}-*.md")
            needed = {figure for page in pages for _, _, figure in unfounded(page)}
            assert values(numbers) <= needed, f"chapter {chapter}: {sorted(values(numbers) - needed)}"


@pytest.mark.parametrize("readme", READMES, ids=lambda page: page.name)
def test_what_is_said_to_be_measured_stands_in_the_readme(readme):
    in_tables = values("\n".join(cells(readme)))
    assert values(" ".join(MEASURED.values())) <= in_tables


PAGE = """
# 1. A page of 99 lines

```python
print(1_500 / 2)
```

```text
750.0 0.5883
[[343  37]]
```

| | |
|---|---|
| ham | 87.5 % |

750 of 1,500, 37 and 87.5 %, 0.59, 7 of 9, as `--steps 64` and GPT-20 said in 2018; 2 · 12 / 13; ln 8 = 2.1.

- Of 380 ham messages 153 were kept, 0.83 of them; chapter 12 has 343, and ln 8 = 2.2, not 0.6.
"""


def test_a_stale_figure_is_found_and_nothing_else(tmp_path):
    page = tmp_path / "01-a-page.md"
    page.write_text(PAGE, encoding="utf-8")
    assert [number for _, number, _ in unfounded(page)] == ["380", "153", "0.83", "2.2", "0.6"]
    (tmp_path / "12-another.md").write_text("```text\n0.83 153\n```\n", encoding="utf-8")
    assert [number for _, number, _ in unfounded(page)] == ["380", "2.2", "0.6"]
