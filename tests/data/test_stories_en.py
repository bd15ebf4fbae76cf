"""The stories of the English corpus are many, different and well formed."""

import re
from collections import Counter
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def text():
    return (DATA / "stories_en.txt").read_bytes().decode("utf-8")


@pytest.fixture(scope="module")
def stories(text):
    return text.removesuffix("\n").split("\n\n")


@pytest.fixture(scope="module")
def sentences(stories):
    return [part for story in stories for part in re.split(r"(?<=[.!?])\"? |\n", story)]


def test_the_size_is_what_the_quick_start_was_timed_with(text):
    assert 1_000_000 <= len(text.encode("utf-8")) <= 1_300_000


def test_exactly_one_blank_line_parts_the_stories(text, stories):
    assert text.endswith(".\n") or text.endswith('"\n')
    assert "\n\n\n" not in text
    assert "\r" not in text
    assert all(line == line.strip() for line in text.split("\n"))
    assert all(stories)


def test_no_story_occurs_twice(stories):
    assert len(set(stories)) == len(stories)


def test_stories_are_short_enough_for_a_child(stories):
    words = [len(story.split()) for story in stories]
    assert min(words) >= 50
    assert max(words) <= 240


def test_sentences_are_rarely_repeated(sentences):
    assert len(set(sentences)) >= 0.45 * len(sentences)


def test_no_sentence_of_some_length_dominates(sentences):
    (sentence, times), *_ = Counter(part for part in sentences if len(part.split()) > 5).most_common(1)
    assert times <= 30, sentence


def test_no_two_stories_in_ten_begin_alike(stories):
    openings = Counter(" ".join(story.split()[:3]) for story in stories)
    assert max(openings.values()) <= 0.1 * len(stories)


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
