"""Tokens as a reader sees them: no �, nothing that cannot be seen, never more than a page can show."""

import pytest

from minigpt.learn.sentence import MOST_TOKENS, read_sentence, token_labels, whole_characters
from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer

BYTES = BPETokenizer.train("aaabdaaabac 你好", vocab_size=260)  # hardly any merge: three tokens a character


def test_a_character_of_several_tokens_is_numbered():
    ids = BYTES.encode_ordinary("感x")
    assert token_labels(BYTES, ids) == ["感₁", "感₂", "感₃", "x"]


def test_a_token_that_ends_one_character_and_begins_the_next_names_both():
    class Odd:
        special_tokens, token_bytes = {}, {0: b"\xe6\x84", 1: b"\x9f\xe5\x8a", 2: b"\xa8!"}

    assert token_labels(Odd, [0, 1, 2]) == ["感₁", "感₂动₁", "动₂!"]


def test_what_cannot_be_seen_has_a_name():
    tokenizer = CharTokenizer.train("a \n\x1b\u202e")
    labels = token_labels(tokenizer, tokenizer.encode_ordinary(" \n\x1b\u202ea"))
    assert labels == ["␣", "↵", "<1b>", "<e2 80 ae>", "a"]


def test_a_long_text_is_cut_and_the_last_target_is_the_token_that_really_comes_next():
    tokenizer = CharTokenizer.train("abc")
    sentence = read_sentence("abc" * 10, tokenizer, block_size=100)
    assert len(sentence.ids) == len(sentence.targets) == MOST_TOKENS == 24
    assert sentence.targets == (sentence.ids * 2)[1:25]
    assert "30 tokens" in sentence.notes[0][0] and "30 个词元" in sentence.notes[0][1]
    assert len(read_sentence("abc" * 10, tokenizer, block_size=7).ids) == 7


def test_the_last_target_of_a_whole_text_is_its_end():
    tokenizer = CharTokenizer.train("abc")
    sentence = read_sentence("abc", tokenizer, block_size=8)
    assert sentence.targets[-1] == tokenizer.eot_token and sentence.target_labels == ["b", "c", "⟨end⟩"]
    assert sentence.notes == []


def test_half_a_surrogate_pair_is_replaced_and_the_page_says_so():
    assert whole_characters("a\udc80b") == "a�b"
    assert whole_characters("\ud83d\ude00") == "😀"
    tokenizer = CharTokenizer.train("ab�")
    sentence = read_sentence("a\udc80b", tokenizer, block_size=8)
    assert sentence.text == "a�b" and len(sentence.notes) == 1


def test_unknown_characters_are_left_out_and_named():
    tokenizer = CharTokenizer.train("abc")
    sentence = read_sentence("a€b", tokenizer, block_size=8)
    assert sentence.labels == ["a", "b"] and "€" in sentence.notes[0][0]
    with pytest.raises(ValueError, match="€"):
        read_sentence("€€", tokenizer, block_size=8)


def test_a_text_of_unknown_words_only_is_shown_as_unknown():
    tokenizer = WordTokenizer.train("the cat", vocab_size=4)
    sentence = read_sentence("who knows", tokenizer, block_size=8)
    assert sentence.labels == ["⟨unk⟩", "⟨unk⟩"]


def test_a_text_without_a_token_is_refused():
    with pytest.raises(ValueError, match="empty"):
        read_sentence("  ", WordTokenizer.train("the cat"), block_size=8)
