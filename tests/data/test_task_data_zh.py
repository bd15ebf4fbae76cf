"""The Chinese sets for fine-tuning have the shape their tasks need."""

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.data.counting import right_by_counting
from tests.data.kinds import of_kinds

DATA = Path(__file__).parents[2] / "data"
NAMES = ("messages_zh.tsv", "instructions_zh.jsonl", "preferences_zh.jsonl")


def read(name):
    return (DATA / name).read_bytes().decode("utf-8")


@pytest.fixture(scope="module")
def messages():
    return [line.split("\t") for line in read("messages_zh.tsv").splitlines()]


@pytest.fixture(scope="module")
def instructions():
    return [json.loads(line) for line in read("instructions_zh.jsonl").splitlines()]


@pytest.fixture(scope="module")
def preferences():
    return [json.loads(line) for line in read("preferences_zh.jsonl").splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_no_line_occurs_twice_and_no_mark_of_the_grammar_is_left(name):
    lines = read(name).splitlines()
    assert len(set(lines)) == len(lines)
    assert not [line for line in lines if set("[]|") & set(line) or "，，" in line or "。。" in line]


def test_messages_are_a_label_and_a_text_and_the_labels_balance(messages):
    assert all(len(row) == 2 and len(row[1]) >= 8 for row in messages)
    labels = Counter(label for label, _ in messages)
    assert set(labels) == {"spam", "ham"} and min(labels.values()) >= 250
    assert max(labels.values()) <= 1.1 * min(labels.values())


def test_counting_characters_does_not_tell_junk_from_honest_messages(messages):
    assert right_by_counting([(label, list(text)) for label, text in messages]) <= 0.87


def test_links_lead_nowhere(messages):
    for _, text in messages:
        assert ".com" not in text and ".cn" not in text and "http" not in text


def test_instructions_have_a_kind_the_keys_of_alpaca_and_an_answer(instructions):
    assert len(instructions) >= 1000
    for record in instructions:
        assert list(record) == ["kind", "instruction", "input", "output"]
        assert record["instruction"] and record["output"] and "{" not in record["instruction"]


def of(instructions, *kinds):
    return of_kinds(instructions, "zh", kinds)


def test_every_instruction_has_one_answer(instructions):
    answers = defaultdict(set)
    for record in instructions:
        answers[record["instruction"], record["input"]].add(record["output"])
    assert all(len(outputs) == 1 for outputs in answers.values())


def test_the_kinds_learned_from_many_are_equally_many_and_the_others_that_read_too(instructions):
    counts = Counter(record["kind"] for record in instructions)
    assert all(kind.startswith("zh ") for kind in counts)
    kinds = ("title", "to en", "question answering", "sentiment")
    assert {counts[f"zh {kind}"] for kind in kinds} == {900}
    kinds = ("color", "who", "where", "stop", "question")
    assert {counts[f"zh {kind}"] for kind in kinds} == {300}


def test_a_sentence_is_met_once_in_its_kind(instructions):
    """So no split of the records holds a sentence out that another wording of the instruction gives away."""
    read = [
        (record["kind"], record["input"])
        for record in instructions
        if record["input"].endswith(("。", "？", "！", "”")) or record["kind"] == "zh stop"
    ]
    assert len(read) >= 4000 and len(set(read)) == len(read)


def test_answers_that_stand_in_the_sentence_can_be_found_there(instructions):
    kinds = ("color", "who", "where", "question answering")
    assert all(record["output"] in record["input"] for record in of(instructions, *kinds))
    assert all(record["output"] == record["input"] + "。" for record in of(instructions, "stop"))
    assert all(record["output"] == record["input"][:-1] + "吗？" for record in of(instructions, "question"))
    assert {record["output"] for record in of(instructions, "mood")} == {"高兴", "难过"}


def test_the_colour_asked_for_is_the_only_one(instructions):
    asked = of(instructions, "color")
    colours = {record["output"] for record in asked}
    assert all(sum(colour in record["input"] for colour in colours) == 1 for record in asked)


def test_a_title_is_of_its_story_and_no_piece_of_it(instructions):
    titles = Counter()
    for record in of(instructions, "title"):
        story, title = record["input"], record["output"]
        assert story.endswith(("。", "”")) and title not in story, record
        assert sum(character in story for character in title) >= len(title) / 3, record
        titles[title] += 1
    assert len(titles) >= 60 and max(titles.values()) <= 900 / 10


def test_of_two_that_a_sentence_tells_of_each_is_asked_for(instructions):
    halves = Counter()
    for record in of(instructions, "question answering"):
        first, comma, second = record["input"].partition("，")
        if comma:
            in_first, in_second = record["output"] in first, record["output"] in second
            assert in_first != in_second, record
            halves[in_first] += 1
    assert halves.total() >= 200 and min(halves.values()) >= 0.4 * halves.total()


def test_opinions_balance_and_no_single_word_tells_them_apart(instructions):
    opinions = of(instructions, "sentiment")
    total = Counter(record["output"] for record in opinions)
    assert set(total) == {"正面", "负面"} and min(total.values()) >= 0.48 * len(opinions)
    seen = defaultdict(Counter)
    for record in opinions:
        text = record["input"]
        for word in {text[i : i + n] for n in (1, 2) for i in range(len(text) - n + 1)}:
            seen[word][record["output"]] += 1
    for word, count in seen.items():
        right = count["正面"] + total["负面"] - count["负面"]
        assert max(right, len(opinions) - right) <= 0.65 * len(opinions), word


def test_preferences_have_three_different_texts(preferences):
    assert len(preferences) >= 200
    for pair in preferences:
        assert list(pair) == ["prompt", "chosen", "rejected"]
        assert len(set(pair.values())) == 3 and all(pair.values())


def test_chosen_answers_are_complete_and_some_rejected_ones_are_not(preferences):
    assert all(pair["chosen"].endswith(("。", "！", "？")) for pair in preferences)
    broken = [pair for pair in preferences if not pair["rejected"].endswith(("。", "！", "？"))]
    assert 0.25 <= len(broken) / len(preferences) <= 0.4


def test_no_answer_is_both_chosen_and_rejected_for_one_prompt(preferences):
    asked = defaultdict(set)
    for pair in preferences:
        asked[pair["prompt"]].add(pair["chosen"])
    assert not [pair for pair in preferences if pair["rejected"] in asked[pair["prompt"]]]
