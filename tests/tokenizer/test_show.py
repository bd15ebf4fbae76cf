"""What is shown, to the letter, by a tokenizer small enough to follow by hand."""

import pytest

from tokenizer import BPETokenizer
from tokenizer.show import show_merges, show_tokens, visible, word_to_show


@pytest.fixture(scope="module")
def tokenizer():
    """The merges lo, low, ␣low: those of the docstring of show.py."""
    return BPETokenizer.train("low low low lower lowest", vocab_size=260)


def test_tokens_stand_apart_with_the_figures_below(tokenizer):
    shown = show_tokens(tokenizer, "low lower", color=False)
    assert shown == "low|␣low|e|r\n\n4 tokens, 9 characters, 2.25 characters a token"
    assert show_tokens(tokenizer, "", color=False) == "\n\n0 tokens, 0 characters, 0.00 characters a token"


def test_a_line_end_is_seen_and_ends_the_line(tokenizer):
    assert show_tokens(tokenizer, "e\nr\t\r", color=False).startswith("e|↵\nr|⇥|␍\n\n5 tokens")


def test_a_special_token_is_one_token(tokenizer):
    assert show_tokens(tokenizer, "e<|endoftext|>", color=False).startswith("e|<|endoftext|>\n\n2 tokens")


def test_each_token_has_its_colour_and_the_colour_ends(tokenizer):
    shown = show_tokens(tokenizer, "elo\n", color=True).split("\n\n")[0]
    expected = ("153", "e"), ("222", "lo"), ("157", "↵")
    assert shown == "|".join(f"\x1b[30;48;5;{color}m{token}\x1b[0m" for color, token in expected)


def test_every_merge_is_a_line_with_its_pair_and_its_token(tokenizer):
    assert show_merges(tokenizer, " lower").splitlines() == [
        "␣lower",
        "  ␣ l o w e r",
        "  ␣ lo w e r     l + o  (token 256)",
        "  ␣ low e r      lo + w  (token 257)",
        "  ␣low e r       ␣ + low  (token 258)",
    ]


def test_the_word_of_the_most_merges_is_shown_if_it_fits_on_a_line(tokenizer):
    assert word_to_show(tokenizer, "er lo low est") == " low"
    assert word_to_show(tokenizer, "er lo low" + "low" * 9) == " lo"
    assert word_to_show(tokenizer, "e") is None


def test_parts_of_a_character_are_shown_as_bytes():
    assert visible("每".encode()[:2]) == "<e6 af>" and visible("每 a".encode()) == "每␣a"
