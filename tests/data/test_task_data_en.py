"""The English data for fine-tuning is fit for its tasks."""

import importlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.data.counting import right_by_counting
from tests.data.kinds import of_kinds

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
    assert all(list(record) == ["kind", "instruction", "input", "output"] for record in instructions)
    assert len({(record["instruction"], record["input"]) for record in instructions}) == len(instructions)


def test_every_instruction_has_one_clean_answer(instructions):
    for record in instructions:
        assert record["instruction"] and record["output"], record
        for text in record.values():
            assert text == text.strip() and not set("[]{}<>|\n\t") & set(text), record


def of(instructions, *kinds):
    return of_kinds(instructions, "en", kinds)


def test_the_kinds_learned_from_many_are_equally_many_and_the_others_that_read_too(instructions):
    counts = Counter(record["kind"] for record in instructions)
    assert all(kind.startswith("en ") for kind in counts)
    kinds = ("title", "to zh", "question answering", "sentiment")
    assert {counts[f"en {kind}"] for kind in kinds} == {900}
    kinds = ("feeling", "past", "copy", "colour", "place")
    assert {counts[f"en {kind}"] for kind in kinds} == {300}


def test_a_sentence_is_met_once_in_its_kind(instructions):
    """So no split of the records holds a sentence out that another wording of the instruction gives away."""
    read = [
        (record["kind"], record["input"]) for record in instructions if record["input"].endswith((".", "?"))
    ]
    assert len(read) >= 5000 and len(set(read)) == len(read)


def test_what_is_to_be_found_in_a_sentence_stands_in_it(instructions):
    kinds = ("colour", "animal", "place", "first word", "last word", "name", "object", "question answering")
    for record in of(instructions, *kinds):
        assert record["output"].lower() in record["input"].lower(), record


def test_a_sentence_names_only_one_colour_and_one_animal(monkeypatch, instructions):
    monkeypatch.syspath_prepend(str(DATA))
    read_grammar = importlib.import_module("grammar").read_grammar
    tables = read_grammar(DATA / "words_en.grammar", DATA / "instructions_en.grammar").tables
    for kind, table in (("colour", "colour"), ("animal", "creature")):
        names = {record["name"] for record in tables[table]}
        for record in of(instructions, kind):
            assert names & set(re.findall(r"\w+", record["input"])) == {record["output"]}, record


def test_tasks_on_sentences_change_what_they_should(instructions):
    for record in of(instructions, "copy"):
        assert record["output"] == record["input"]
    for record in of(instructions, "past"):
        assert record["output"].split()[0] == record["input"].split()[0]
        assert record["output"].endswith(".")
    for record in of(instructions, "negative"):
        assert record["output"].replace(" not ", " ") == record["input"]
    for record in of(instructions, "question"):
        assert record["output"].startswith("Is ") and record["output"].endswith("?")


def test_every_word_asked_for_is_asked_for_in_several_phrasings(instructions):
    for kind in ("opposite", "plural", "sound", "young"):
        asked = Counter(record["input"] for record in of(instructions, kind))
        assert min(asked.values()) >= 2, kind


def test_a_title_is_of_its_story_and_no_piece_of_it(instructions):
    titles = Counter()
    for record in of(instructions, "title"):
        story, title = record["input"], record["output"]
        assert len(re.findall(r"[.?!]", story)) >= 3 and title[0].isupper() and title[-1].isalpha(), record
        assert title not in story, record
        hero = title.removeprefix("A friend for ").split()[0]
        if hero not in ("The", "A", "Two"):
            assert hero in story.split(".")[0], record
        titles[re.sub(rf"\b{hero}\b", "X", title) if hero in story else title] += 1
    assert len(titles) >= 30 and max(titles.values()) <= 900 / 10


def test_of_two_that_a_sentence_tells_of_each_is_asked_for(instructions):
    halves = Counter()
    for record in of(instructions, "question answering"):
        first, comma, second = record["input"].lower().partition(", and ")
        if comma:
            in_first, in_second = record["output"].lower() in first, record["output"].lower() in second
            assert in_first != in_second, record
            halves[in_first] += 1
    assert halves.total() >= 200 and min(halves.values()) >= 0.4 * halves.total()


def test_opinions_balance_and_no_single_word_tells_them_apart(instructions):
    opinions = of(instructions, "sentiment")
    total = Counter(record["output"] for record in opinions)
    assert set(total) == {"positive", "negative"} and min(total.values()) >= 0.48 * len(opinions)
    with_word = Counter()
    for record in opinions:
        words = set(re.findall(r"\w+", record["input"].lower()))
        with_word.update((record["output"], word) for word in words)
    for word in {word for _, word in with_word}:
        right = with_word["positive", word] + total["negative"] - with_word["negative", word]
        assert max(right, len(opinions) - right) / len(opinions) <= 0.6, word


def test_sentences_to_translate_have_one_translation_and_are_met_in_one_direction(instructions):
    chinese = [json.loads(line) for line in read("instructions_zh.jsonl").splitlines()]
    forth = {record["input"]: record["output"] for record in of(instructions, "to zh")}
    back = {record["input"]: record["output"] for record in chinese if record["kind"] == "zh to en"}
    assert len(forth) == len(back) == 900
    assert len(set(forth.values())) == len(set(back.values())) == 900
    assert not set(forth) & set(back.values()) and not set(forth.values()) & set(back)
    for english, translated in [*forth.items(), *((english, chinese) for chinese, english in back.items())]:
        assert english.isascii() and english[0].isupper() and english[-1] in ".?"
        assert re.fullmatch("[\u4e00-\u9fff]+[。？]", translated)
        assert english.endswith("?") == translated.endswith("？")


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
