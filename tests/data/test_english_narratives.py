"""The English texts to pretrain on, tales and longer stories, are as large as was timed, and well formed."""

import re
from collections import Counter
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module", params=["tales_en.txt", "stories_en.txt"])
def text(request):
    return (DATA / request.param).read_bytes().decode("utf-8")


@pytest.fixture(scope="module")
def narratives(text):
    return text.removesuffix("\n").split("\n\n")


def test_the_size_is_what_a_run_of_three_minutes_was_timed_with(text):
    assert 1_000_000 <= len(text.encode("utf-8")) <= 1_300_000


def test_exactly_one_blank_line_parts_them(text, narratives):
    assert text.endswith(".\n") or text.endswith('"\n')
    assert "\n\n\n" not in text
    assert "\r" not in text
    assert all(line == line.strip() for line in text.split("\n"))
    assert all(narratives)


def test_none_occurs_twice(narratives):
    assert len(set(narratives)) == len(narratives)


def test_no_two_in_ten_begin_alike(narratives):
    openings = Counter(" ".join(narrative.split()[:3]) for narrative in narratives)
    assert max(openings.values()) <= 0.1 * len(narratives)


def test_no_mark_of_the_grammar_is_left_over(text):
    assert not set("[]{}<>|_/\t;") & set(text)


@pytest.mark.parametrize("wrong", [r"  ", r" [,.!?]", r",,", r"\.\.", r"[,.!?][A-Za-z]", r"\b(\w+) \1\b"])
def test_words_and_punctuation_are_well_formed(text, wrong):
    found = re.search(wrong, text)
    assert not found, text[found.start() - 40 : found.end() + 40]


def test_the_article_is_an_before_a_vowel_and_only_there(text):
    assert not re.search(r"\b[Aa] [aeio]", text.replace("a one", ""))
    assert not re.search(r"\b[Aa]n [^aeiouAEIOUh]", text)


def test_every_quotation_is_closed_on_its_line(text):
    for line in text.split("\n"):
        assert line.count('"') % 2 == 0, line


def test_every_sentence_begins_with_a_capital(text):
    for line in text.split("\n"):
        assert not re.search(r"\. [a-z]", line), line
        assert not line or line.lstrip('"')[0].isupper(), line
