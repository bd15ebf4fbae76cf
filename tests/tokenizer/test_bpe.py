"""What a BPE tokenizer is made of, on texts small enough to merge by hand."""

import pickle

import pytest

from tokenizer import GPT2_PATTERN, GPT4_PATTERN, BPETokenizer

TEXT = "ab ab ab AB'S 1234\n" * 3 + "cd<|endoftext|>cd"


def test_the_vocabulary_is_bytes_merges_and_the_end_of_a_text():
    tokenizer = BPETokenizer.train("abab abab", 259)
    assert tokenizer.merges == [(b"a", b"b"), (b"ab", b"ab")]
    assert tokenizer.n_vocab == 259 and tokenizer.special_tokens == {"<|endoftext|>": 258}
    assert tokenizer.encode("abab ab") == [257, 220, 256]
    with pytest.warns(UserWarning, match="only 3 pairs to merge: the vocabulary has 260 tokens, not 300"):
        assert BPETokenizer.train("abab abab", 300).n_vocab == 260


def test_what_is_frequent_is_merged_first():
    tokenizer = BPETokenizer.train("xy " + "ab " * 5 + "cd" * 3, 258)
    assert tokenizer.merges == [(b"a", b"b")]


def test_a_special_token_in_the_text_is_no_text():
    tokenizer = BPETokenizer.train("<|endoftext|>ab" * 5, 258)
    assert tokenizer.merges == [(b"a", b"b")]


@pytest.mark.parametrize(
    ("name", "pattern"), [("gpt2", GPT2_PATTERN), ("gpt4", GPT4_PATTERN), (r"\w+", r"\w+")]
)
def test_patterns_have_names_and_travel_to_other_processes(name, pattern):
    tokenizer = BPETokenizer.train(TEXT, 262, pattern=name)
    assert tokenizer.pattern == pattern
    travelled = pickle.loads(pickle.dumps(tokenizer))
    assert travelled.pattern == pattern and travelled.split("AB'S 1234") == tokenizer.split("AB'S 1234")
    assert travelled.mergeable_ranks == tokenizer.mergeable_ranks and travelled.merges == tokenizer.merges
    assert travelled.special_tokens == tokenizer.special_tokens


def test_what_was_encoded_before_changes_nothing():
    tokenizer = BPETokenizer.train("abcdefghij " * 5, 267)
    first = [tokenizer.encode(text) for text in ("abcdefghij", "abcdefghia", "abcdefgh", "abc" * 50)]
    again = [tokenizer.encode(text) for text in ("abc" * 50, "abcdefgh", "abcdefghia", "abcdefghij")]
    assert first == again[::-1]
    assert len({tuple(ids) for ids in first}) == 4
