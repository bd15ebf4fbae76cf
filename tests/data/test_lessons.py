"""The lessons are what their scripts write, and leave the instructions to be tested on."""

import importlib
import json
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])


def read(name):
    return (DATA / name).read_bytes().decode("utf-8")


def blocks(language):
    return read(f"lessons_{language}.txt").removesuffix("\n").split("\n\n")


def instructions(language):
    return [json.loads(line) for line in read(f"instructions_{language}.jsonl").splitlines()]


@LANGUAGES
def test_the_script_writes_the_committed_file_byte_for_byte(language, monkeypatch):
    monkeypatch.syspath_prepend(str(DATA))
    assert importlib.import_module(f"make_lessons_{language}").build() == read(f"lessons_{language}.txt")


@LANGUAGES
def test_a_block_is_told_in_one_line_or_an_exercise_of_three_which_occurs_once(language):
    found = [block.split("\n") for block in blocks(language)]
    assert {len(lines) for lines in found} == {1, 3}
    assert all(line and line == line.strip() for lines in found for line in lines)
    exercises = [tuple(lines[:2]) for lines in found if len(lines) == 3]
    assert len(set(exercises)) == len(exercises) >= 1000


@LANGUAGES
def test_no_sentence_of_the_instructions_stands_in_a_lesson(language):
    """What is told by heart may be asked again: words, that is, and no sentences."""
    sentences = {block.split("\n")[1] for block in blocks(language) if "\n" in block}
    assert not sentences & {record["input"] for record in instructions(language)}


@LANGUAGES
def test_the_tasks_are_those_of_the_instructions_and_their_answers_too(language):
    asked = {record["instruction"] for record in instructions(language)}
    exercises = [block.split("\n") for block in blocks(language) if block.count("\n") == 2]
    assert {task for task, _, _ in exercises} <= asked
    for task, sentence, answer in exercises:
        if task in ("Copy the sentence.", "Repeat the sentence."):
            assert answer == sentence
        elif task == "What is the last word?":
            assert sentence.endswith(f" {answer}.")
        elif task == "请在句子最后加上句号。":
            assert answer == f"{sentence}。"
        elif task == "句子里说的是谁？":
            assert sentence.startswith(answer)


@LANGUAGES
def test_everything_known_by_heart_is_told(language):
    told = "\n".join(block for block in blocks(language) if "\n" not in block)
    wordings = {"en": "The opposite of {} is {}.", "zh": "“{}”的反义词是“{}”。"}
    questions = {"en": "Write the opposite of the word.", "zh": "写出下面这个词的反义词。"}
    pairs = [
        (record["input"], record["output"])
        for record in instructions(language)
        if record["instruction"] == questions[language]
    ]
    assert len(pairs) > 20
    for pair in pairs:
        assert told.count(wordings[language].format(*pair)) >= 3, pair
