"""Seeing tokens: a text cut at their edges, their ids, and how the merges build one word up.

low|␣low|e|r

257 258 68 81

␣lower
  ␣ l o w e r
  ␣ lo w e r      l + o  (token 256)
  ␣ low e r       lo + w  (token 257)
  ␣low e r        ␣ + low  (token 258)

A token that is a part of a character is shown by the character, which of its bytes it has, and these bytes:
努 is e5 8a aa, and 努₁₂<e5 8a> its first two.
"""

import re

from tokenizer.base import UNKNOWN
from tokenizer.bpe_merge import merge_steps

_BACKGROUNDS = (153, 222, 157, 218, 187)  # of the terminal's 256 colours: pale, told apart in any order
_VISIBLE = str.maketrans({" ": "␣", "\n": "↵", "\r": "␍", "\t": "⇥"})
_ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SUBSCRIPTS = "₁₂₃₄"
LONGEST_WORD = 24  # bytes that fit on a line, one at a time


def show_tokens(tokenizer, text, color):
    """The text with its tokens set apart, by `|` and by colours (ANSI) if `color`; their ids; figures.

    Special tokens stand in brackets: [<|unk|>] is one token, for what is not in the vocabulary.
    """
    ids = tokenizer.encode(text, allowed_special="all")
    special = set(tokenizer.special_tokens.values())
    marked = []
    for n, (token_id, token) in enumerate(zip(ids, written(tokenizer, ids))):
        token = f"[{token}]" if token_id in special else token
        if color:
            token = f"\x1b[30;48;5;{_BACKGROUNDS[n % len(_BACKGROUNDS)]}m{token}\x1b[0m"
        # A line end stays visible and ends the line as well, outside of the colour.
        marked.append(token + ("\n" if tokenizer.token_bytes[token_id].endswith(b"\n") else ""))
    average = len(text) / max(1, len(ids))
    figures = f"{len(ids)} tokens, {len(text)} characters, {average:.2f} characters a token"
    if unknown := ids.count(tokenizer.special_tokens.get(UNKNOWN, -1)):
        figures += f", {unknown} not in the vocabulary"
    cut = "|".join(marked).replace("\n|", "\n")
    return "\n\n".join([cut, " ".join(map(str, ids)), figures])


def show_merges(tokenizer, word):
    """How the merges build `word` from its bytes, one line a merge (BPETokenizer)."""
    stages = list(merge_steps(tokenizer.byte_ids(word), tokenizer.pair_ids))
    steps = [(" ".join(written(tokenizer, stages[0])), "")]
    for ids, merged in zip(stages, stages[1:]):
        i = next(i for i, (old, new) in enumerate(zip(ids, merged)) if old != new)
        pair = " + ".join(written(tokenizer, ids)[i : i + 2])
        steps.append((" ".join(written(tokenizer, merged)), f"{pair}  (token {merged[i]})"))
    width = max(len(tokens) for tokens, _ in steps) + 4
    lines = [f"  {tokens:{width}}{note}".rstrip() for tokens, note in steps]
    return "\n".join([visible(word.encode("utf-8")), *lines])


def word_to_show(tokenizer, text):
    """The pre-token of `text` that takes the most merges and fits on a line; None if there is none."""
    words = [word for word in tokenizer.split(text) if 1 < len(tokenizer.byte_ids(word)) <= LONGEST_WORD]
    return max(
        words,
        key=lambda word: len(tokenizer.byte_ids(word)) - len(tokenizer.encode_ordinary(word)),
        default=None,
    )


def written(tokenizer, ids):
    """Ids of a text -> each token as readable text, parts of a character as 努₁₂<e5 8a>."""
    tokens = [tokenizer.token_bytes[token_id] for token_id in ids]
    try:
        text = b"".join(tokens).decode("utf-8")
    except UnicodeDecodeError:  # a foreign tokenizer that drops bytes
        return list(map(visible, tokens))
    # For each byte of the text: its character, the byte's place in it, and how many bytes it has.
    places = []
    for character in text:
        n_bytes = len(character.encode("utf-8"))
        places += [(character, place, n_bytes) for place in range(n_bytes)]
    pieces, start = [], 0
    for token in tokens:
        piece, at, end = "", start, start + len(token)
        while at < end:
            character, place, n_bytes = places[at]
            stop = min(end, at + n_bytes - place)
            shown = visible(character.encode("utf-8"))
            if stop - at < n_bytes:
                shown += (
                    f"{_SUBSCRIPTS[place : place + stop - at]}<{token[at - start : stop - start].hex(' ')}>"
                )
            piece, at = piece + shown, stop
        pieces.append(piece)
        start = end
    return pieces


def visible(token):
    """Bytes -> readable text: blanks and line ends get a sign; parts of a character become <e6 af>.

    What would be an order to the terminal, as the character that begins colours, becomes its bytes: <1b>.
    """
    try:
        return without_orders(token.decode("utf-8").translate(_VISIBLE))
    except UnicodeDecodeError:
        return f"<{token.hex(' ')}>"


def without_orders(text):
    """The text for a terminal: what it would obey is shown as bytes. Line ends and tabs stay."""
    return _ORDERS.sub(lambda order: f"<{order[0].encode('utf-8', 'surrogatepass').hex(' ')}>", text)
