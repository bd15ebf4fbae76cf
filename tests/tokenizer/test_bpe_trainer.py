import random
import sys
import warnings
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_texts import CHINESE, EMOJI, ENGLISH, TEXT

from tokenizer import GPT4_PATTERN, BPETokenizer, bpe_trainer, progress
from tokenizer.bpe_long_words import LongWords
from tokenizer.bpe_trainer import learn_merges, naive_merges
from tokenizer.byte_alphabet import BYTE_ORDER

BYTE_TO_ID = {byte: i for i, byte in enumerate(BYTE_ORDER)}


def words_and_counts(pretoken_counts):
    words = [bytes(BYTE_TO_ID[byte] for byte in pretoken.encode("utf-8")) for pretoken in pretoken_counts]
    return words, list(pretoken_counts.values())


def naive_training(text, n_merges, split):
    """Merges as pairs of bytes, from the naive recount of text's pre-tokens."""
    counts = {}
    for pretoken in split(text):
        counts[pretoken] = counts.get(pretoken, 0) + 1
    tokens = [bytes([byte]) for byte in BYTE_ORDER]
    merges = []
    for left, right in naive_merges(*words_and_counts(counts), n_merges):
        merges.append((tokens[left], tokens[right]))
        tokens.append(tokens[left] + tokens[right])
    return merges


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4", r"\w+|\W", r"[\s\S]+"])
@pytest.mark.parametrize(
    "text",
    [ENGLISH, CHINESE * 2, EMOJI, "a" * 1000, "ab" * 50 + "ba" * 50, "abcabcabc" * 9, "", "x", "é"],
    ids=["english", "chinese", "emoji", "aaaa", "abab", "abcabc", "empty", "one letter", "one character"],
)
def test_merges_equal_those_of_the_naive_recount(text, pattern):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tok = BPETokenizer.train(text, vocab_size=256 + 1 + 120, pattern=pattern)
    assert tok.merges == naive_training(text, 120, tok.split)


def test_merges_of_random_words_equal_those_of_the_naive_recount():
    generator = random.Random(0)
    for letters in ("ab", "abc", "abcdefgh"):
        words = {}
        for _ in range(60):
            word = "".join(generator.choices(letters, k=generator.randint(1, 12)))
            words[word] = generator.randint(1, 4)  # small counts: many ties
        words, counts = words_and_counts(words)
        assert learn_merges(words, counts, 80) == naive_merges(words, counts, 80)


def test_ties_go_to_the_smallest_ids():
    # Every pair occurs once; "!" and "#" come first in GPT-2's alphabet, the blank after all letters.
    tok = BPETokenizer.train("zz#! yy", vocab_size=258)
    assert tok.merges == [(b"#", b"!")]


def test_a_vocabulary_too_large_for_the_text_stops_early_with_a_warning():
    with pytest.warns(UserWarning, match="only 2 pairs to merge"):
        tok = BPETokenizer.train("aaaa", vocab_size=1000)
    assert tok.n_vocab == 256 + 2 + 1
    assert tok.merges == [(b"a", b"a"), (b"aa", b"aa")]


def test_the_vocabulary_has_the_size_asked_for():
    assert BPETokenizer.train(TEXT, vocab_size=300).n_vocab == 300


@pytest.mark.parametrize("vocab_size", [-1, 0, 255, 256, 1_114_113])
def test_a_vocabulary_without_room_for_the_bytes_and_end_of_text_is_refused(vocab_size):
    with pytest.raises(ValueError, match=rf"vocab_size is {vocab_size}, but must lie between 257 .*1114112"):
        BPETokenizer.train("abc", vocab_size)


def test_the_smallest_vocabulary_is_the_bytes_and_end_of_text():
    tok = BPETokenizer.train("abab", vocab_size=257)
    assert (tok.n_vocab, tok.merges, tok.eot_token) == (257, [], 256)


@settings(max_examples=200)
@given(
    words=st.dictionaries(st.text("ab", max_size=9) | st.text("abc", max_size=30), st.integers(1, 4)),
    longest=st.sampled_from([0, 3, 8]),
)
def test_long_words_give_the_merges_of_the_naive_recount(words, longest):
    words, counts = words_and_counts(words)
    with patch.object(bpe_trainer, "LONG_WORD", longest):
        assert learn_merges(words, counts, 100) == naive_merges(words, counts, 100)


@pytest.mark.parametrize("text", ["a" * 3000, "ab" * 1600, "".join(random.Random(0).choices("ACGT", k=3000))])
def test_a_long_word_beside_short_ones_gives_the_merges_of_the_naive_recount(text):
    words, counts = words_and_counts({text: 2, "ab": 700, "Ca": 3, text[:1001]: 1})
    assert learn_merges(words, counts, 60) == naive_merges(words, counts, 60)


def test_no_merge_walks_through_a_long_word(monkeypatch):
    longest = 0

    def merge_in_words(words, *rest):
        nonlocal longest
        longest = max(longest, *map(len, words))
        return in_short_words(words, *rest)

    in_short_words = bpe_trainer._merge_in_words
    monkeypatch.setattr(bpe_trainer, "_merge_in_words", merge_in_words)
    BPETokenizer.train("b" * bpe_trainer.LONG_WORD + " " + "ab" * 5000, vocab_size=262)
    assert longest == bpe_trainer.LONG_WORD


def test_each_merge_in_a_long_word_visits_the_places_of_its_pair_alone():
    # Lists of places in all: one for each pair of neighbours at first, and two for each merge at most.
    word = "".join(random.Random(0).choices("abcd", k=5000))
    long_words = LongWords([word], [1])
    pair_counts = long_words.count_pairs()
    noted = sum(pair_counts.values())
    assert noted == len(word) - 1
    for n in range(300):
        pair = max(pair_counts, key=pair_counts.get)
        visited = len(long_words._positions[pair])
        new_counts = long_words.merge(pair, chr(256 + n), pair_counts)
        assert sum(new_counts.values()) <= 2 * visited
        noted += sum(new_counts.values())
        del pair_counts[pair]
        pair_counts |= new_counts
    assert noted <= 3 * len(word)


def test_a_pattern_that_is_no_regular_expression_is_refused():
    with pytest.raises(ValueError, match="not a valid regular expression"):
        BPETokenizer.train("abc", vocab_size=300, pattern="(")


def test_the_pattern_decides_what_is_merged():
    text = "12345 " * 20
    assert b"1234" in {left + right for left, right in BPETokenizer.train(text, 262).merges}
    gpt4 = BPETokenizer.train(text, 260, pattern="gpt4")
    assert gpt4.pattern == GPT4_PATTERN
    assert max(len(left + right) for left, right in gpt4.merges) == 3


def test_texts_files_and_workers_give_the_same_merges(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes((TEXT * 2).encode("utf-8"))
    expected = BPETokenizer.train(TEXT * 2, 350).merges
    assert BPETokenizer.train(path, 350).merges == expected
    assert BPETokenizer.train((text for text in [TEXT, path, TEXT]), 350).merges == (
        BPETokenizer.train([TEXT, TEXT, TEXT, TEXT], 350, workers=2).merges
    )


def test_pretokens_do_not_reach_from_one_text_into_the_next():
    tok = BPETokenizer.train(["ab"] * 10, vocab_size=258)
    assert tok.merges == [(b"a", b"b")]


def test_end_of_text_in_the_text_is_not_learned():
    with pytest.warns(UserWarning):
        tok = BPETokenizer.train("ab<|endoftext|>ab<|endoftext|>", vocab_size=300)
    assert tok.merges == [(b"a", b"b")]


def test_a_training_that_takes_long_shows_its_progress_on_stderr(capsys, monkeypatch):
    monkeypatch.setattr(progress, "DELAY", 0)
    tok = BPETokenizer.train(TEXT, 300, progress=True)
    shown = capsys.readouterr().err
    assert "reading: 100%" in shown
    assert "merging: 100%" in shown
    assert tok.merges == BPETokenizer.train(TEXT, 300).merges
    assert capsys.readouterr() == ("", "")  # standard error is no terminal here


def test_progress_is_shown_on_a_terminal_unless_it_is_declined(capsys, monkeypatch):
    monkeypatch.setattr(progress, "DELAY", 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    BPETokenizer.train(TEXT, 300)
    assert "merging: 100%" in capsys.readouterr().err
    BPETokenizer.train(TEXT, 300, progress=False)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys, "stderr", None)  # closed
    assert BPETokenizer.train(TEXT, 300).n_vocab == 300


def test_a_short_training_shows_no_progress(capsys):
    BPETokenizer.train(TEXT, 300, progress=True)
    assert capsys.readouterr() == ("", "")


def test_half_a_surrogate_pair_is_learned_as_the_replacement_character():
    broken, whole = "a\ud800b \ud83d\ude42 " * 9, "a\ufffdb 🙂 " * 9
    assert BPETokenizer.train(broken, 264).merges == BPETokenizer.train(whole, 264).merges


def test_bytes_are_shown_in_thousands_and_merges_one_by_one():
    for unit, shown in (("B", "0.00/1.50k"), ("merges", "0/1500")):
        with progress.progress_bar("x", unit, lambda: 1500, True) as bar:
            assert f" {shown} " in str(bar)
