"""Texts varied a little each time, so that a classifier with few of them learns more than them by heart.

Two things are done to a training text whenever it is drawn:

    some words are left out        no single word may decide (Iyyer et al., 2015, "word dropout")
    some words are cut in two      the tokenizer then spells them with other tokens, and the model sees that
                                   "free" and "fr" + "ee" are one (Kudo, 2018, arXiv:1804.10959, subword
                                   regularization; Provilkov et al., 2020, arXiv:1910.13267, BPE-dropout)

What is validated and tested stays as it is.
"""

import re

# A word with the blanks before it; Chinese is written without blanks, each of its characters is a word.
WORD = re.compile(r"\s*(?:[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+)")


def varied_pieces(text, share, rng):
    """The text with a share of its words left out and a share cut in two: pieces to be encoded apart."""
    pieces, piece = [], ""
    for word in WORD.findall(text):
        left_out, is_cut = rng.random(2) < share
        if left_out:
            continue
        if is_cut:
            at = rng.integers(len(word))
            pieces.append(piece + word[:at])
            piece, word = "", word[at:]
        piece += word
    pieces = [piece for piece in (*pieces, piece) if piece]
    return pieces or [text]
