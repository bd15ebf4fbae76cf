"""What is shown, to the letter, by a tokenizer small enough to follow by hand."""

import pytest

from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer
from tokenizer.show import show_merges, show_tokens, visible, word_to_show, written

SMILE = "f0 9f 98 80".split()


def ids_of(tokenizer, content):
    """The ids of single bytes."""
    ids = {token: token_id for token_id, token in tokenizer.token_bytes.items()}
    return [ids[bytes([byte])] for byte in content]


@pytest.fixture(scope="module")
def tokenizer():
    """The merges lo, low, ␣low: those of the docstring of show.py."""
    return BPETokenizer.train("low low low lower lowest", vocab_size=260)


def test_tokens_stand_apart_with_their_ids_and_the_figures_below(tokenizer):
    shown = show_tokens(tokenizer, "low lower", color=False)
    assert shown == "low|␣low|e|r\n\n257 258 68 81\n\n4 tokens, 9 characters, 2.25 characters a token"
    assert (
        show_tokens(tokenizer, "", color=False) == "\n\n\n\n0 tokens, 0 characters, 0.00 characters a token"
    )


def test_a_line_end_is_seen_and_ends_the_line(tokenizer):
    assert show_tokens(tokenizer, "e\nr\t\r", color=False).startswith("e|↵\nr|⇥|␍\n\n68 198 81 197 201\n\n5 ")


def test_a_special_token_stands_in_brackets_and_is_one_token(tokenizer):
    shown = show_tokens(tokenizer, "e<|endoftext|>", color=False)
    assert shown.startswith("e|[<|endoftext|>]\n\n68 259\n\n2 tokens")


@pytest.mark.parametrize("kind", [CharTokenizer, WordTokenizer])
def test_what_is_not_in_the_vocabulary_is_shown_as_one_token_and_counted(kind):
    tokenizer = kind.train("努 力", **({"unk": True} if kind is CharTokenizer else {}))
    cut, ids, figures = show_tokens(tokenizer, "努劳力", color=False).split("\n\n")
    assert cut == "努|[<|unk|>]|力"
    assert ids.split()[1] == str(tokenizer.special_tokens["<|unk|>"])
    assert figures == "3 tokens, 3 characters, 1.00 characters a token, 1 not in the vocabulary"
    assert "not in" not in show_tokens(tokenizer, "努力", color=False)


def test_a_part_of_a_character_is_shown_by_the_character_and_its_bytes():
    text = "努力，劳力"  # 努 e5 8a aa, 力 e5 8a 9b, 劳 e5 8a b3: e5 8a is the commonest pair
    tokenizer = BPETokenizer.train(text * 3, vocab_size=258, pattern=r"[\s\S]")
    assert show_tokens(tokenizer, "努", color=False).split("\n\n")[0] == "努₁₂<e5 8a>|努₃<aa>"
    assert written(tokenizer, ids_of(tokenizer, "a😀".encode())) == [
        "a",
        *(f"😀{n}<{b}>" for n, b in zip("₁₂₃₄", SMILE)),
    ]
    assert show_merges(tokenizer, "力").splitlines()[1:] == [
        "  力₁<e5> 力₂<8a> 力₃<9b>",
        "  力₁₂<e5 8a> 力₃<9b>       力₁<e5> + 力₂<8a>  (token 256)",
    ]


def test_a_token_of_a_character_and_a_part_of_the_next_shows_both():
    tokenizer = BPETokenizer.train("力a努力a努", vocab_size=257, pattern=r"[\s\S]+")
    tokenizer.token_bytes = dict(tokenizer.token_bytes) | {256: "，".encode() + b"\xe5"}
    assert written(tokenizer, [256, *ids_of(tokenizer, b"\x8a\xaa")]) == ["，努₁<e5>", "努₂<8a>", "努₃<aa>"]


def test_bytes_that_are_no_text_are_shown_all_the_same(tokenizer):
    assert written(tokenizer, ids_of(tokenizer, b"\xe5a")) == ["<e5>", "a"]


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
