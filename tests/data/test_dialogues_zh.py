"""The Chinese corpus has the shape that its readers rely on."""

from collections import Counter
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"
REQUIRED = "每一次努力都让你感动，未来的精彩由此慢慢绽放"
END_MARKS = ("。", "？", "！")


@pytest.fixture(scope="module")
def text():
    return (DATA / "dialogues_zh.txt").read_bytes().decode("utf-8")


@pytest.fixture(scope="module")
def blocks(text):
    return [block.split("\n") for block in text.removesuffix("\n").split("\n\n")]


def test_the_size_is_what_the_quick_start_was_timed_with(text):
    assert 330_000 <= len(text.encode("utf-8")) <= 450_000


def test_the_line_of_encouragement_stands_alone_and_in_stanzas(blocks):
    assert [REQUIRED] in blocks
    assert sum(REQUIRED in block and len(block) > 1 for block in blocks) >= 3


def test_no_block_occurs_twice(blocks):
    assert len({tuple(block) for block in blocks}) == len(blocks)


def test_lines_come_back_a_few_times_on_average_and_no_line_too_often(blocks):
    lines = Counter(line for block in blocks for line in block)
    assert 2 <= lines.total() / len(lines) <= 5  # often enough to be learnt, seldom enough not to be recited
    assert max(lines.values()) <= 90


def test_every_block_is_a_conversation_or_a_stanza(blocks):
    for block in blocks:
        spoken = [line.endswith(END_MARKS) for line in block]
        assert all(spoken) or not any(spoken), block
        assert 2 <= len(block) <= 8 if all(spoken) else 1 <= len(block) <= 4, block


def test_no_mark_of_the_grammar_is_left_over(text):
    assert not set("[]{}|_\r\t ") & set(text)
    assert not [line for line in text.split("\n") if line.startswith(("，", "。", "！", "？"))]
    for pair in ("，，", "，。", "。。", "，？", "，！", "。，", "？，", "！，", "？。", "！。"):
        assert pair not in text


def test_the_characters_are_few_enough_to_be_learnt(text):
    assert 850 <= len(set(text)) <= 1400
