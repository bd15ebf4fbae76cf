"""The two patterns on texts that can be cut by eye, and what is done with one's own."""

import pytest

from tokenizer import GPT2_PATTERN, GPT4_PATTERN
from tokenizer.patterns import chunk_splitter, compile_pattern, pretoken_splitter, seam_before


def test_gpt2_keeps_letters_digits_and_marks_apart():
    split = pretoken_splitter(GPT2_PATTERN)
    assert split("I'm here, 42 times") == ["I", "'m", " here", ",", " 42", " times"]
    assert split("we'll they've he'd it's don't you're I'M") == [
        *("we", "'ll", " they", "'ve", " he", "'d", " it", "'s", " don", "'t", " you", "'re", " I", "'", "M")
    ]
    assert split("IT'S 12345 a  b \n\n c") == [*("IT", "'", "S", " 12345", " a", " ", " b", " \n\n", " c")]


def test_gpt4_takes_contractions_in_any_case_and_three_digits():
    split = pretoken_splitter(GPT4_PATTERN)
    assert split("IT'S 12345, a  b!\n\nc") == [
        *("IT", "'S", " ", "123", "45", ",", " a", " ", " b", "!\n\n", "c")
    ]


def test_a_pattern_of_ones_own_loses_nothing():
    assert pretoken_splitter(r"[a-z]+")("12ab3cd45") == ["12", "ab", "3", "cd", "45"]
    assert pretoken_splitter(r"b(c)?")("abcb") == ["a", "bc", "b"]
    assert pretoken_splitter(r"x")("") == []


def test_only_gpt2s_pattern_has_chunks_and_they_are_whole_pretokens():
    assert chunk_splitter(GPT4_PATTERN) is None and chunk_splitter("x") is None
    text = "I'm here, 42 times.\n\n每天，你好！ Yes  no\t1"
    chunks, split = chunk_splitter(GPT2_PATTERN)(text), pretoken_splitter(GPT2_PATTERN)
    assert "".join(chunks) == text and chunks[:2] == ["I'm", " here,"]
    assert [pretoken for chunk in chunks for pretoken in split(chunk)] == split(text)


def test_an_invalid_pattern_is_a_sentence():
    with pytest.raises(ValueError, match=r"the pattern '\(' is not a valid regular expression"):
        compile_pattern("(")


@pytest.mark.parametrize(
    ("text", "seam"),
    [
        ("one two three", 7),
        ("one two\nthree", 8),
        ("one  two", 0),  # of two blanks the first stands alone: no cut between them
        ("one \n two", 0),
        ("a b  c", 1),
        ("a\nb\n\nc", 2),
        ("one", 0),
        ("", 0),
    ],
)
@pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN])
def test_a_seam_is_the_last_place_where_a_cut_changes_nothing(text, seam, pattern):
    split = pretoken_splitter(pattern)
    assert seam_before(text) == seam
    assert split(text[:seam]) + split(text[seam:]) == split(text)
