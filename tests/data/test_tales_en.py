"""The tales that a small model learns to tell are short and well formed, and a name is one character."""

import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "data"))
import grammar
from grammar import read_grammar

DATA = Path(grammar.__file__).parent


@pytest.fixture(scope="module")
def text():
    return (DATA / "tales_en.txt").read_bytes().decode("utf-8")


@pytest.fixture(scope="module")
def tales(text):
    return text.removesuffix("\n").split("\n\n")


@pytest.fixture(scope="module")
def characters():
    """The records of all tables that have a name and a kind: the cast."""
    tables = read_grammar(DATA / "tales_en.grammar").tables
    return [
        record | {"kind": kind}
        for records in tables.values()
        for record in records
        if "name" in record and (kind := record.get("kind") or record.get("girl"))
    ]


def test_a_tale_fits_into_the_context_of_the_default_model_but_for_a_sentence_or_two(tales):
    words = [len(tale.split()) for tale in tales]
    assert min(words) >= 50
    assert sum(words) / len(words) <= 110
    assert max(words) <= 160


def test_a_name_belongs_to_one_kind_and_one_pronoun(characters):
    kinds = defaultdict(set)
    for record in characters:
        kinds[record["name"]].add((record["kind"], record["he"]))
    assert len(kinds) == len(characters) >= 35
    assert {name: kind for name, kind in kinds.items() if len(kind) > 1} == {}


def test_nobody_is_called_by_another_kind(text, characters):
    kinds = {record["name"]: record["kind"] for record in characters}
    called = re.findall(r"\b([A-Z]\w+) the ([a-z]+)", text)
    told = Counter(name in kinds for name, _ in called)
    assert told[True] >= 4_000
    assert [(name, kind) for name, kind in called if kinds.get(name, kind) != kind] == []


def test_a_character_of_every_tale_is_named_in_every_paragraph(tales, characters):
    names = {record["name"] for record in characters}
    for tale in tales:
        (_, times), *_ = Counter(
            name for name in re.findall(r"\b[A-Z]\w+", tale) if name in names
        ).most_common(1)
        assert times >= 4, tale
        assert all(names & set(re.findall(r"\b[A-Z]\w+", line)) for line in tale.split("\n")), tale


def test_no_sentence_of_some_length_dominates(tales):
    sentences = [part for tale in tales for part in re.split(r"(?<=[.!?])\"? |\n", tale)]
    (sentence, times), *_ = Counter(part for part in sentences if len(part.split()) > 5).most_common(1)
    assert times <= 35, sentence
    assert len(set(sentences)) >= 0.25 * len(sentences)


def test_a_third_of_what_is_held_back_is_new_in_any_ten_words(text):
    words = text.split()
    tens = [tuple(words[i : i + 10]) for i in range(len(words) - 9)]
    cut = len(tens) * 9 // 10
    known = set(tens[:cut])
    assert sum(ten in known for ten in tens[cut:]) <= 0.67 * (len(tens) - cut)
