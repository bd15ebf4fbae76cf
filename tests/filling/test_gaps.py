"""Texts with gaps, filled: which places, by which tokens, in which order."""

import numpy as np
import pytest

from minigpt import GPTConfig
from minigpt.filling.gaps import describe_gaps, fill, gap_logits, gaps_of, ids_with_gaps
from minigpt.filling.model import GapFiller
from tokenizer import BPETokenizer, CharTokenizer
from tokenizer.base import MASK

CHARACTERS = CharTokenizer.train("abcd 每一次\n").with_special_token(MASK)


class Prepared:
    """A model whose scores are what a function of the ids (T,) makes of them, (T, V)."""

    def __init__(self, scores_of):
        self.scores_of = scores_of

    def forward(self, idx, chosen=None):
        logits = np.stack([self.scores_of(row) for row in idx])
        return (logits if chosen is None else logits[chosen]), None


def id_of(character):
    return CHARACTERS.encode(character)[0]


def test_gaps_are_masks_and_the_blank_before_one_goes_with_it_in_bpe_alone():
    ids = ids_with_gaps(CHARACTERS, "a [MASK][MASK]b")
    assert ids == [id_of("a"), id_of(" "), *[CHARACTERS.special_tokens[MASK]] * 2, id_of("b")]
    assert gaps_of(CHARACTERS, ids) == [2, 3]
    bpe = BPETokenizer.train("the cat sat on the mat " * 9, 280).with_special_token(MASK)
    mask = bpe.special_tokens[MASK]
    expected = [*bpe.encode("the"), mask, *bpe.encode(" sat")]
    assert ids_with_gaps(bpe, "the [MASK] sat") == ids_with_gaps(bpe, "the[MASK] sat") == expected


def test_what_is_no_gap_is_text_and_a_text_without_a_gap_is_refused():
    tokenizer = CharTokenizer.train("ab<|endoftext>").with_special_token(MASK)
    ids = ids_with_gaps(tokenizer, "<|endoftext|>[MASK]")
    assert tokenizer.eot_token not in ids and len(ids) == 14
    with pytest.raises(ValueError, match=r"'ab' has no gap: write \[MASK\] where something is missing"):
        ids_with_gaps(tokenizer, "ab")


def test_the_scores_are_those_of_the_gaps_and_no_gap_is_filled_with_a_gap():
    config = GPTConfig(CHARACTERS.n_vocab, 8, 1, 2, 4)
    model = GapFiller(config, dtype="float64")
    ids = ids_with_gaps(CHARACTERS, "每[MASK]次[MASK]")
    logits = gap_logits(model, CHARACTERS, ids)
    mask = CHARACTERS.special_tokens[MASK]
    expected = model.forward(np.array([ids]))[0][0, [1, 3]]
    assert (logits[:, mask] == -np.inf).all()
    np.testing.assert_allclose(np.delete(logits, mask, 1), np.delete(expected, mask, 1), rtol=1e-12)
    with pytest.raises(ValueError, match="the input has 9 tokens but the context holds 8"):
        gap_logits(model, CHARACTERS, [mask] * 9)


def test_the_surest_gap_is_filled_first_and_the_others_beside_it():
    """The second gap is a c for sure; the first is an a, but beside a c it is a b."""

    def scores_of(row):
        scores = np.zeros((len(row), CHARACTERS.n_vocab))
        scores[0, id_of("b" if id_of("c") in row else "a")] = 2
        scores[1, id_of("c")] = 9
        return scores

    model, ids = Prepared(scores_of), ids_with_gaps(CHARACTERS, "[MASK][MASK]d")
    assert CHARACTERS.decode(fill(model, CHARACTERS, ids)) == "bcd"
    assert ids.count(CHARACTERS.special_tokens[MASK]) == 2, "the caller's list stays"
    text, first, second = describe_gaps(model, CHARACTERS, ids)
    assert text == "bcd"
    assert first.split()[:4] == ["gap", "1:", "45.1%", "a"] and second.split()[3] == "c"


def test_a_line_end_in_a_gap_is_shown_and_one_of_the_text_stays():
    tokenizer = CharTokenizer.train("a\n").with_special_token(MASK)

    def scores_of(row):
        scores = np.zeros((len(row), tokenizer.n_vocab))
        scores[1, tokenizer.vocabulary["\n"]], scores[3, tokenizer.vocabulary["a"]] = 9, 8
        return scores

    ids = ids_with_gaps(tokenizer, "a[MASK]\n[MASK]a")
    model = Prepared(scores_of)
    assert describe_gaps(model, tokenizer, ids)[0] == "a↵\naa"
