import random
import warnings

import pytest
from sample_texts import CHINESE, EMOJI, ENGLISH, TEXT

from tokenizer import GPT4_PATTERN, BPETokenizer
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


def test_a_vocabulary_below_the_256_bytes_is_refused():
    with pytest.raises(ValueError, match="vocab_size is 255"):
        BPETokenizer.train("abc", vocab_size=255)


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


def test_progress_reports_on_stderr_and_changes_nothing(capsys):
    tok = BPETokenizer.train(TEXT, 300, progress=True)
    assert tok.merges == BPETokenizer.train(TEXT, 300).merges
    assert "merging: 100%" in capsys.readouterr().err
