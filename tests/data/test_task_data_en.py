"""The English data for fine-tuning is fit for its tasks."""

import importlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.data.counting import right_by_counting

DATA = Path(__file__).parents[2] / "data"


def read(name):
    return (DATA / name).read_bytes().decode("utf-8")


@pytest.fixture(scope="module")
def instructions():
    return [json.loads(line) for line in read("instructions_en.jsonl").splitlines()]


@pytest.fixture(scope="module")
def messages():
    return [line.split("\t") for line in read("messages_en.tsv").splitlines()]


@pytest.fixture(scope="module")
def preferences():
    return [json.loads(line) for line in read("preferences_en.jsonl").splitlines()]


def test_there_are_enough_instructions_and_none_occurs_twice(instructions):
    assert len(instructions) >= 3000
    assert all(list(record) == ["instruction", "input", "output"] for record in instructions)
    assert len({(record["instruction"], record["input"]) for record in instructions}) == len(instructions)


def test_every_instruction_has_one_clean_answer(instructions):
    for record in instructions:
        assert record["instruction"] and record["output"], record
        for text in record.values():
            assert text == text.strip() and not set("[]{}<>|\n\t") & set(text), record


def of(instructions, *words):
    """The records whose instruction holds one of the words."""
    found = [record for record in instructions if any(word in record["instruction"] for word in words)]
    assert found
    return found


def test_what_is_to_be_found_in_a_sentence_stands_in_it(instructions):
    for record in of(
        instructions, "colour in", "the colour", "animal in", "place in", "first word", "last word"
    ):
        assert record["output"].lower() in record["input"].lower(), record


def test_a_sentence_names_only_one_colour_and_one_animal(monkeypatch, instructions):
    monkeypatch.syspath_prepend(str(DATA))
    read_grammar = importlib.import_module("grammar").read_grammar
    tables = read_grammar(DATA / "words_en.grammar", DATA / "instructions_en.grammar").tables
    for words, table in ((("Find the colour.",), "colour"), (("Find the animal.",), "creature")):
        names = {record["name"] for record in tables[table]}
        for record in of(instructions, *words):
            assert names & set(re.findall(r"\w+", record["input"])) == {record["output"]}, record


def test_tasks_on_sentences_change_what_they_should(instructions):
    for record in of(instructions, "Copy the sentence.", "Repeat the sentence."):
        assert record["output"] == record["input"]
    for record in of(instructions, "past tense"):
        assert record["output"].split()[0] == record["input"].split()[0]
        assert record["output"].endswith(".")
    for record in of(instructions, "negative"):
        assert record["output"].replace(" not ", " ") == record["input"]
    for record in of(instructions, "question"):
        assert record["output"].startswith("Is ") and record["output"].endswith("?")


def test_every_word_asked_for_is_asked_for_in_several_phrasings(instructions):
    for words in (
        ("opposite",),
        ("plural", "more than one", "into many"),
        ("sound",),
        ("young animal", "baby"),
    ):
        asked = Counter(record["input"] for record in of(instructions, *words))
        assert min(asked.values()) >= 2, words


def test_messages_are_two_balanced_labels_and_all_different(messages):
    assert all(len(row) == 2 for row in messages)
    labels = Counter(label for label, _ in messages)
    assert set(labels) == {"ham", "spam"}
    assert min(labels.values()) >= 500
    assert max(labels.values()) <= 1.1 * min(labels.values())
    assert len({text for _, text in messages}) == len(messages)


def test_messages_are_short_and_clean(messages):
    for _, text in messages:
        assert 10 <= len(text) <= 250, text
        assert text == text.strip() and not set('[]{}<>|"') & set(text), text
        assert not re.search(r"  | [,.!?]|,,|\.\.|\?\.|\bon t(omorrow|onight)", text), text


def test_counting_words_does_not_tell_spam_from_ham(messages):
    assert right_by_counting([(label, re.findall(r"\w+", text.lower())) for label, text in messages]) <= 0.87


def test_preferences_are_enough_and_every_prompt_is_different(preferences):
    assert len(preferences) >= 200
    assert all(list(record) == ["prompt", "chosen", "rejected"] for record in preferences)
    assert len({record["prompt"] for record in preferences}) == len(preferences)


def test_the_chosen_answer_is_complete_and_the_rejected_one_differs(preferences):
    for record in preferences:
        assert record["prompt"][-1] in ".!?" and record["chosen"][-1] in ".!?", record
        assert record["chosen"] != record["rejected"] and record["rejected"], record
        assert not re.search(r"[\[\]{}<>|]|\?\.|  ", " ".join(record.values())), record


def test_about_a_third_of_the_rejected_answers_break_off(preferences):
    unfinished = [record for record in preferences if record["chosen"].startswith(record["rejected"])]
    assert 0.3 <= len(unfinished) / len(preferences) <= 0.37
    assert all(record["rejected"][-1].isalnum() for record in unfinished)
