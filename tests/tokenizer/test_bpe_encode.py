import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_texts import ENGLISH, TEXT, hostile_text

from tokenizer import BPETokenizer, text_source
from tokenizer import bpe as bpe_module
from tokenizer.bpe_merge import merge, merge_steps
from tokenizer.byte_alphabet import BYTE_ORDER


def merged_by_definition(tokenizer, text):
    """The ids of a text, straight from the definition: no chunks, no cache, no fast merging."""
    ids = []
    for pretoken in tokenizer.split(text):
        *_, last = merge_steps(tokenizer.byte_ids(pretoken), tokenizer.pair_ids)
        ids += last
    return ids


def test_the_earliest_learned_pair_is_merged_first():
    merges = {(1, 2): 10, (0, 1): 11, (10, 3): 12}
    assert list(merge_steps([0, 1, 2, 3], merges)) == [[0, 1, 2, 3], [0, 10, 3], [0, 12]]


def test_overlapping_pairs_are_merged_from_the_left():
    merges = {(1, 1): 5}
    for n in (2, 3, 7, 100, 101):
        assert merge([1] * n, merges) == [5] * (n // 2) + [1] * (n % 2)


@pytest.mark.parametrize("length", [0, 1, 2, 5, 31, 32, 33, 100, 700])
@pytest.mark.parametrize("letters", ["a", "ab", "the rain", "每一次"])
def test_merging_short_and_long_pretokens_follows_the_definition(bpe, letters, length):
    generator = random.Random(length)
    for _ in range(5):
        text = "".join(generator.choices(letters, k=length))
        *_, expected = merge_steps(bpe.byte_ids(text), bpe.pair_ids)
        assert merge(bpe.byte_ids(text), bpe.pair_ids) == expected


@settings(max_examples=300)
@given(text=hostile_text)
def test_encoding_follows_the_definition(bpe, text):
    assert bpe.encode_ordinary(text) == merged_by_definition(bpe, text)


def hand_made(*merges):
    """A tokenizer with the 256 bytes and these merges, pairs of bytes."""
    ranks = {bytes([byte]): i for i, byte in enumerate(BYTE_ORDER)}
    ranks |= {left + right: 256 + i for i, (left, right) in enumerate(merges)}
    return BPETokenizer(ranks, list(merges), {"<|endoftext|>": len(ranks)})


def test_a_token_that_the_merges_cannot_make_is_not_used():
    tok = hand_made((b"b", b"c"), (b"a", b"b"), (b"ab", b"c"))
    a, bc = tok.mergeable_ranks[b"a"], tok.mergeable_ranks[b"bc"]
    assert tok.encode("abc") == [a, bc] == merged_by_definition(tok, "abc")
    assert tok.encode("xabcx") == merged_by_definition(tok, "xabcx")


@settings(max_examples=300)
@given(data=st.data())
def test_encoding_follows_the_definition_for_merges_of_any_kind(data):
    tokens, merges = [b"a", b"b", b"c"], []
    for _ in range(data.draw(st.integers(1, 8))):
        left, right = (data.draw(st.sampled_from(tokens)) for _ in range(2))
        if left + right not in tokens:
            tokens.append(left + right)
            merges.append((left, right))
    tok = hand_made(*merges)
    for token in tokens:
        text = token.decode("utf-8")
        assert tok.encode(text) == merged_by_definition(tok, text)


@pytest.mark.parametrize("pattern", ["gpt4", r"\w+|[^\w]+", r"[a-z]+"])
def test_encoding_follows_the_definition_for_other_patterns(pattern):
    tok = BPETokenizer.train(TEXT, 320, pattern=pattern)
    assert tok.encode(TEXT) == merged_by_definition(tok, TEXT)
    assert tok.decode(tok.encode(TEXT)) == TEXT


def test_the_cache_is_bounded_and_changes_no_ids(bpe, monkeypatch):
    monkeypatch.setattr(bpe_module, "MOST_CACHED", 8)
    tok = BPETokenizer(bpe.mergeable_ranks, bpe.merges, bpe.special_tokens, bpe.pattern)
    expected = merged_by_definition(bpe, ENGLISH)
    for _ in range(2):
        assert tok.encode(ENGLISH) == expected
        assert len(tok._ids_of) <= 8


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4", r"[a-z]+\s|\W+", r"[\s\S]+"])
@pytest.mark.parametrize("block", [7, 100])
def test_a_long_text_has_the_ids_of_its_pretokens(monkeypatch, pattern, block):
    text = TEXT.replace("\n", " ") + "\n\n 每一次\n" + ENGLISH + "a\ud800 b"
    tok = BPETokenizer.train(TEXT, 320, pattern=pattern)
    expected = tok.encode(text)
    assert expected == merged_by_definition(tok, text.replace("\ud800", "\ufffd"))
    monkeypatch.setattr(bpe_module, "BLOCK", block)
    monkeypatch.setattr(text_source, "BLOCK", block)
    assert tok.encode(text) == expected


def test_a_long_text_is_not_cut_into_pieces_all_at_once(bpe, monkeypatch):
    tok = BPETokenizer(bpe.mergeable_ranks, bpe.merges, bpe.special_tokens, bpe.pattern)
    longest, split = 0, tok._split_roughly

    def split_and_note(text):
        nonlocal longest
        longest = max(longest, len(text))
        return split(text)

    monkeypatch.setattr(tok, "_split_roughly", split_and_note)
    monkeypatch.setattr(bpe_module, "BLOCK", 100)
    monkeypatch.setattr(text_source, "BLOCK", 100)
    assert tok.encode("rain and " * 1000) == bpe.encode("rain and " * 1000)
    assert longest < 200


@settings(max_examples=200)
@given(letters=st.text("ab", min_size=32, max_size=200), merges=st.integers(0, 40))
def test_merging_long_walls_of_two_letters_follows_the_definition(letters, merges):
    # Merges that were learned from another text, so that pairs overlap in every way.
    tok = two_letters(merges)
    *_, expected = merge_steps(tok.byte_ids(letters), tok.pair_ids)
    assert merge(tok.byte_ids(letters), tok.pair_ids) == expected


@cache
def two_letters(merges):
    text = "".join(random.Random(merges).choices("ab", k=300))
    return BPETokenizer.train(text, 257 + merges)


def test_long_pieces_are_not_cached(bpe):
    tok = BPETokenizer(bpe.mergeable_ranks, bpe.merges, bpe.special_tokens, bpe.pattern)
    tok.encode("a" * 10_000 + " b")
    assert list(tok._ids_of) == [" b"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda ranks, merges: ranks.pop(b"a"), "no token for the byte 0x61"),
        (lambda ranks, merges: merges.append((b"a", b"\x00")), "needs the token .*, which has no id"),
        (lambda ranks, merges: merges.reverse(), "ids must rise in the order of the merges"),
        (lambda ranks, merges: merges.append(merges[-1]), "ids must rise"),
        (lambda ranks, merges: merges.pop(), "made by no merge"),
        (lambda ranks, merges: ranks.update({b"a": ranks[b"b"]}), "the same id"),
    ],
)
def test_a_vocabulary_and_merges_that_do_not_fit_are_refused(bpe, change, sentence):
    ranks, merges = dict(bpe.mergeable_ranks), list(bpe.merges)
    change(ranks, merges)
    with pytest.raises(ValueError, match=sentence):
        BPETokenizer(ranks, merges, bpe.special_tokens, bpe.pattern)
