"""The course, and the deeper pages that it links to, are the same in English and in Chinese."""

import ast
import re
from collections import Counter
from fractions import Fraction
from unicodedata import category
from unicodedata import name as unicode_name
from urllib.parse import unquote

import pytest

from docs.markdown import DOCS, ROOT, blocks, cells, code_spans, indented_blocks, links_with_words, skeleton

SLUGS = sorted(path.name for path in DOCS.glob("en/[0-9]*.md"))
BOTH_IN_ONE = {"glossary.md"}  # has a column for each language
DEEPER = sorted(path.name for path in DOCS.glob("*.md") if path.name not in BOTH_IN_ONE)
PAIRS = [(DOCS / "en" / slug, DOCS / "zh" / slug) for slug in SLUGS]
PAIRS += [(DOCS / slug, DOCS / "zh" / slug) for slug in DEEPER]
AROUND = ["README.md", "quiz.md"]  # stand beside the chapters, built in each language as it needs
TWINS = [*PAIRS, *((DOCS / "en" / page, DOCS / "zh" / page) for page in AROUND)]
TWINS += [(ROOT / "README.md", ROOT / "README.zh.md")]


def twins(slug):
    return DOCS / slug, DOCS / "zh" / slug


def name(pair):
    return pair[0].relative_to(ROOT).as_posix()


def bones(block):
    """A block without its comments and the words in its strings."""
    if block.language == "sh":
        text = re.sub(r"#.*", "", re.sub(r'"[^"]*"', '""', block.code))
        return re.sub(r"\w+[_-](en|zh)\b", "IN_ITS_LANGUAGE", text).split()
    tree = ast.parse(block.code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
        elif isinstance(node, ast.JoinedStr):
            node.values = [value for value in node.values if isinstance(value, ast.FormattedValue)]
    return ast.dump(tree)


def test_both_languages_have_the_same_chapters():
    assert SLUGS == sorted(path.name for path in DOCS.glob("zh/[0-9]*.md"))


def test_every_page_has_its_chinese_twin():
    assert sorted([*SLUGS, *AROUND]) == sorted(path.name for path in DOCS.glob("en/*.md"))
    assert sorted([*SLUGS, *AROUND, *DEEPER]) == sorted(path.name for path in DOCS.glob("zh/*.md"))


@pytest.mark.parametrize("pair", PAIRS, ids=name)
def test_the_code_is_the_same_but_for_comments_and_words(pair):
    english, chinese = map(blocks, pair)
    for one, other in zip(english, chinese):
        assert bones(one) == bones(other), f"en line {one.line}, zh line {other.line}"
    assert len(english) == len(chinese)
    assert [b.not_run is None for b in english] == [b.not_run is None for b in chinese]


def quiz(language):
    """The questions of the quiz: [(question, answer, chapters that the answer names), …]."""
    text = (DOCS / language / "quiz.md").read_text(encoding="utf-8")
    found = re.findall(
        r"^\*\*(\d+)\.\*\* (.+)\n\n<details>\n<summary>.+</summary>\n\n(.+)\n\n</details>$",
        text,
        re.MULTILINE,
    )
    assert [int(number) for number, _, _ in found] == list(range(1, text.count("<details>") + 1))
    return [
        (question, answer, re.findall(r"\]\((\d\d-[\w-]+\.md)\)", answer)) for _, question, answer in found
    ]


def test_the_quiz_asks_the_same_of_every_chapter_in_both_languages():
    english, chinese = quiz("en"), quiz("zh")
    assert len(english) == len(chinese) == 30
    assert {chapter for *_, (chapter,) in english} == set(SLUGS)
    for one, other in zip(english, chinese):
        assert one[2] == other[2]
        assert re.findall(r"`[^`]+`", one[0] + one[1]) == re.findall(r"`[^`]+`", other[0] + other[1])
        assert digits(one[1]) <= digits(other[1]), "the Chinese answer may write more of them as digits"


def digits(text):
    return set(re.findall(r"\d+", text))


@pytest.mark.parametrize("pair", PAIRS, ids=name)
def test_both_pages_are_built_alike(pair):
    english, chinese = map(skeleton, pair)
    if pair[0].name in SLUGS:  # an output has as many lines as its text, a list as many points as it needs
        english, chinese = ([part for part in page if part[0] == "h"] for page in (english, chinese))
    assert english == chinese


WORDS = (  # what stands beside the formulas, in the order in which it is replaced
    ("(step 1)", "（第 1 步）"),
    ("(step 2)", "（第 2 步）"),
    ("(step 3)", "（第 3 步）"),
    ("(step 4)", "（第 4 步）"),
    ("(n runs over all tokens: W is shared by them)", "（n 取遍所有词元：它们共用一个 W）"),
    ("through r:", "经过 r："),
    ("through c:", "经过 c："),
    ("through μ:", "经过 μ："),
    ("gets  r", "再得到  r"),
    ("gets", "得到"),
    ("and with tanh u = 2g − 1:", "又 tanh u = 2g − 1："),
    ("y is linear in v", "y 对 v 是线性的"),
    ("… and in P", "……对 P 也是"),
    (
        "softmax, row by row; where the mask is −∞, P = 0 and so is dS",
        "softmax，每行各做各的；掩码为 −∞ 的地方 P = 0，dS 也就是 0",
    ),
    ("S is linear in q and in k", "S 对 q、对 k 都是线性的"),
    ("mean over b, t of", "对所有 b、t 取平均："),
    ("four processes on this machine", "这台机器上开四个进程"),
    ("one process on each of two machines", "两台机器，每台一个进程"),
    ("another number takes up a run", "换一个进程数，接着练"),
)


@pytest.mark.parametrize("slug", DEEPER)
def test_the_formulas_are_the_same_but_for_the_words_beside_them(slug):
    english, chinese = (
        [re.sub(r" # .*", "", block) for block in indented_blocks(page)] for page in twins(slug)
    )
    for words, theirs in WORDS:
        english = [block.replace(words, theirs) for block in english]
    assert [block.split() for block in english] == [block.split() for block in chinese]


def signs(page):
    """How often each sign of mathematics stands in a page: Greek letters, operators, raised figures."""
    text = page.read_text(encoding="utf-8")
    counted = Counter(text)
    return {
        sign: counted[sign]
        for sign in counted
        if ord(sign) > 127 and (category(sign) in ("Sm", "No", "Lm") or "GREEK" in unicode_name(sign, ""))
    }


UNITS = {None: 1, " million": 10**6, " 亿": 10**8}


def figures(page):
    """All numbers of a page that are written in figures."""
    text = re.sub(r"(\[教程第[^]]*)?\]\(.*?\)", "", page.read_text(encoding="utf-8"))  # without the links
    found = re.finditer(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)( million| 亿)?", text)
    return {Fraction(number[1].replace(",", "")) * UNITS[number[2]] for number in found}


@pytest.mark.parametrize("slug", DEEPER)
def test_the_text_names_the_same_code_signs_and_figures(slug):
    one, other = twins(slug)
    spans = [{re.sub(r'"[^"]*"', '""', span) for span in code_spans(page)} for page in (one, other)]
    assert spans[0] == spans[1]
    assert signs(one) == signs(other)
    assert figures(one) == figures(other)


@pytest.mark.parametrize("slug", DEEPER)
def test_the_tables_have_the_same_figures_in_the_same_cells(slug):
    english, chinese = (
        [re.findall(r"\d(?:[\d,.]*\d)?", cell) for cell in cells(page)] for page in twins(slug)
    )
    assert english == chinese


def led_astray(page, language):
    """The links of a page to one in the other language that has a twin, but for those that say so."""
    to = {english.resolve(): chinese.resolve() for english, chinese in TWINS}
    if language == "en":
        to = {chinese: english for english, chinese in to.items()}
    for target, words in links_with_words(page):
        path = (page.parent / unquote(target).partition("#")[0]).resolve()
        if path in to and words not in ("English", "中文", "in Chinese", "英文"):
            yield f"[{words}]({target})"


@pytest.mark.parametrize("pair", TWINS, ids=name)
def test_a_page_links_to_pages_in_its_own_language_and_to_its_twin(pair):
    for page, twin, language in ((*pair, "en"), (*reversed(pair), "zh")):
        assert list(led_astray(page, language)) == []
        there = {(page.parent / target).resolve() for target, _ in links_with_words(page)}
        assert twin.resolve() in there, f"{page} does not link to {twin}"
