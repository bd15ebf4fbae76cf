"""What the flags of train.py take: the edges on both sides, and the sentence beyond them."""

import argparse
import math

import pytest

from minigpt.tasks.flag_types import (
    LARGEST,
    LONGEST_PLACE,
    amount,
    block_and_head,
    parting,
    place,
    proper_share,
    share,
    tokenizer_choice,
    whole_number,
)

TAKEN = [
    (proper_share, "0.001", 0.001),
    (proper_share, "0.999", 0.999),
    (share, "0", 0.0),
    (share, "0.999", 0.999),
    (amount, "0", 0.0),
    (amount, "1e300", 1e300),
    (whole_number(3), "3", 3),
    (whole_number(3), str(LARGEST), LARGEST),
    (whole_number(-1, 5), "-1", -1),
    (whole_number(3, 5), "5", 5),
    (place, "图/数据.txt", "图/数据.txt"),
    (place, "a" * (LONGEST_PLACE - 1), "a" * (LONGEST_PLACE - 1)),
    (parting, "lines", "lines"),
    (parting, "\\n---\\n", "\n---\n"),
    (block_and_head, "0", (0, None)),
    (block_and_head, "11.0", (11, 0)),
    (tokenizer_choice, "bpe", "bpe"),
    (tokenizer_choice, "word", "word"),
]
REFUSED = [
    *((proper_share, text, "is not above 0 and below 1") for text in ("0", "1", "-0.1", "nan")),
    *((share, text, "is not at least 0 and below 1") for text in ("1", "-0.1", "nan")),
    *((amount, text, "is not a number of at least 0") for text in ("-1e-9", "inf", "nan")),
    (whole_number(3), "2", "2 is too small: give 3 or more"),
    (whole_number(3, 5), "6", "'6' is too large: give 5 at most"),
    (whole_number(3), str(LARGEST + 1), "is too large: give 2,147,483,647 at most"),
    (whole_number(-math.inf), "-" + "9" * 5000, "is too large"),
    (whole_number(3), "3.0", "'3.0' is no whole number"),
    (place, "", "it is empty: name a file or a folder"),
    (place, "a\0b", "can be the name of no file"),
    (place, "a" * LONGEST_PLACE, "can be the name of no file"),
    (parting, "", "it is empty: give file, lines"),
    *(
        (block_and_head, text, "is no block and no head")
        for text in ("", "-1", "1.", ".1", "1.2.3", "²", "1" * 9)
    ),
    (tokenizer_choice, "no such folder", "is neither bpe, char, word nor a folder"),
]


@pytest.mark.parametrize(("flag_type", "text", "value"), TAKEN)
def test_what_is_on_the_edge_is_taken(flag_type, text, value):
    assert flag_type(text) == value and type(flag_type(text)) is type(value)


@pytest.mark.parametrize(("flag_type", "text", "sentence"), REFUSED)
def test_what_is_beyond_it_is_a_sentence_with_the_value(flag_type, text, sentence):
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        flag_type(text)
    assert sentence in str(refused.value) and len(str(refused.value)) < 300


def test_a_folder_is_taken_for_one_with_a_tokenizer(tmp_path):
    assert tokenizer_choice(str(tmp_path)) == str(tmp_path)
