"""The course is the same course in English and in Chinese."""

import ast
import re

import pytest

from docs.markdown import DOCS, blocks

SLUGS = sorted(path.name for path in DOCS.glob("en/[0-9]*.md"))


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


@pytest.mark.parametrize("slug", SLUGS)
def test_the_code_is_the_same_but_for_comments_and_words(slug):
    english, chinese = blocks(DOCS / "en" / slug), blocks(DOCS / "zh" / slug)
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
        assert figures(one[1]) <= figures(other[1]), "the Chinese answer may write more of them as digits"


def figures(text):
    return set(re.findall(r"\d+", text))
