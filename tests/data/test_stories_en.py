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


def test_stories_are_short_enough_for_a_child(stories):
    words = [len(story.split()) for story in stories]
    assert min(words) >= 50
    assert max(words) <= 240


def test_sentences_are_rarely_repeated(sentences):
    assert len(set(sentences)) >= 0.45 * len(sentences)


def test_no_sentence_of_some_length_dominates(sentences):
    (sentence, times), *_ = Counter(part for part in sentences if len(part.split()) > 5).most_common(1)
    assert times <= 30, sentence
