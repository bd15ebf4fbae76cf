"""The English dialogues have the shape that --task chat relies on."""

from pathlib import Path

import pytest

from minigpt.finetuning.conversations import read_dialogues

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def text():
    return (DATA / "dialogues_en.txt").read_bytes().decode("utf-8")


@pytest.fixture(scope="module")
def blocks(text):
    return [block.split("\n") for block in text.removesuffix("\n").split("\n\n")]


def test_every_block_is_a_conversation_and_none_occurs_twice(blocks):
    assert len(blocks) >= 400
    assert len({tuple(block) for block in blocks}) == len(blocks)
    for block in blocks:
        assert 4 <= len(block) <= 8, block
        for line in block:
            assert line[0].isupper() and line[-1] in ".!?", line


def test_no_mark_of_the_grammar_is_left_over(text):
    assert not set("[]{}<>|/_\r\t") & set(text)
    for pair in ("  ", " .", " ,", " ?", "..", ".,", "?.", " \n"):
        assert pair not in text


def test_they_read_as_dialogues_of_two(blocks):
    dialogues = read_dialogues(DATA / "dialogues_en.txt")
    assert [[line for _, line in dialogue.fields["turns"]] for dialogue in dialogues] == blocks
