"""The reader's sentence as tokens with names that can be read, cut to what a page can show."""

from dataclasses import dataclass

from minigpt.layers import IGNORED
from tokenizer.base import END_OF_TEXT, UNKNOWN
from tokenizer.show import visible

MOST_TOKENS = 24
SPECIAL = {END_OF_TEXT: "⟨end⟩", UNKNOWN: "⟨unk⟩"}
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Sentence:
    """What of a text the page shows."""

    text: str
    ids: list  # of the tokens shown, at most MOST_TOKENS
    targets: list  # the token that comes next, or IGNORED behind the last of a text without an end
    labels: list  # of ids; a part of a character is 感₁
    target_labels: list
    n_tokens: int  # of the whole text
    notes: list  # what was changed, pairs of English and Chinese


def whole_characters(text):
    """The text with � for half of a surrogate pair, which UTF-8 cannot hold; two make a character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_sentence(text, tokenizer, block_size):
    """A text -> Sentence. ValueError if nothing of it can be a token.

    The target of the last token is the end of the text, if the tokenizer has one.
    """
    notes = []
    readable = whole_characters(text)
    if readable != text:
        notes.append(("Signs that are no characters were replaced by �.", "无法表示的符号已替换为 �。"))
    try:
        ids = tokenizer.encode_ordinary(readable)
    except ValueError:  # a tokenizer without <|unk|> names the first character that it does not know
        known = "".join(filter(tokenizer.vocabulary.__contains__, readable))
        if not known:
            raise
        left_out = " ".join(dict.fromkeys(c for c in readable if c not in known))
        notes.append((f"Left out, unknown to the model: {left_out}", f"模型不认识、已略去：{left_out}"))
        readable, ids = known, tokenizer.encode_ordinary(known)
    if not ids:
        raise ValueError("the sentence is empty: give at least one token to take a step on")
    limit = min(MOST_TOKENS, block_size)
    labels = token_labels(tokenizer, ids)
    if len(ids) > limit:
        notes.append(
            (
                f"The text has {len(ids)} tokens; the page shows the first {limit}.",
                f"原文有 {len(ids)} 个词元，本页只展示前 {limit} 个。",
            )
        )
    end = tokenizer.eot_token
    next_ids = [*ids[1:], IGNORED if end is None else end]
    next_labels = [*labels[1:], "" if end is None else label_of(tokenizer, end)]
    return Sentence(
        readable, ids[:limit], next_ids[:limit], labels[:limit], next_labels[:limit], len(ids), notes
    )


def token_labels(tokenizer, ids):
    """Names for the tokens of a text: a character that several tokens make up is 感₁ 感₂, never �.

    A character of which other tokens hold other parts appears in each with the part's number.
    """
    if any(token in tokenizer.special_tokens.values() for token in ids):  # <|unk|> stands for many
        return [label_of(tokenizer, token) for token in ids]
    pieces = [tokenizer.token_bytes[token] for token in ids]
    try:
        text = b"".join(pieces).decode("utf-8")
    except UnicodeDecodeError:  # a text whose tokens lose or invent bytes
        return [label_of(tokenizer, token) for token in ids]
    owners = [owner for owner, piece in enumerate(pieces) for _ in piece]  # of each byte
    labels = [""] * len(ids)
    start = 0
    for character in text:
        stop = start + len(character.encode("utf-8"))
        parts = sorted(set(owners[start:stop]))
        for number, owner in enumerate(parts, start=1):
            labels[owner] += printable(character) + (
                str(number).translate(SUBSCRIPTS) if len(parts) > 1 else ""
            )
        start = stop
    return [label or label_of(tokenizer, token) for label, token in zip(labels, ids)]


def label_of(tokenizer, token):
    """A token by itself, as it stands in the vocabulary: bytes that are no character are <e6 84>."""
    for special, i in tokenizer.special_tokens.items():
        if i == token:
            return SPECIAL.get(special, special)
    content = tokenizer.token_bytes.get(int(token))
    if content is None:
        return f"#{int(token)}"  # a row of the table that the tokenizer does not use
    return "".join(map(printable, visible(content))) or "∅"


def printable(character):
    """The character, a blank as ␣, and what cannot be seen as its number."""
    shown = visible(character.encode("utf-8"))
    return shown if shown.isprintable() else f"<{ord(character):x}>"
