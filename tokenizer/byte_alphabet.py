"""GPT-2's byte alphabet: every byte written as one visible character, so that tokens can live in text files.

A byte that is a visible character of Latin-1 stands for itself; the other 68 (controls, the blank, …) take
the characters from U+0100 on, in order. The blank, byte 32, becomes Ġ and the line end becomes Ċ:

    b" hello\\n"  <->  "ĠhelloĊ"

Source: bytes_to_unicode of GPT-2's encoder (Radford et al., 2019).
"""

_VISIBLE = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
_OTHERS = [byte for byte in range(256) if byte not in _VISIBLE]

# The 256 bytes in the order of their characters. It is also the order of GPT-2's first 256 token ids.
BYTE_ORDER = _VISIBLE + _OTHERS
BYTE_TO_ID = bytes(map(BYTE_ORDER.index, range(256)))  # for bytes.translate
_CHARACTERS = [chr(byte) for byte in _VISIBLE] + [chr(256 + n) for n in range(len(_OTHERS))]
_BYTE_TO_CHARACTER = dict(zip(BYTE_ORDER, _CHARACTERS))
_CHARACTER_TO_BYTE = dict(zip(_CHARACTERS, BYTE_ORDER))


def bytes_to_visible(data):
    """b" hello" -> "Ġhello"."""
    return "".join(map(_BYTE_TO_CHARACTER.__getitem__, data))


def visible_to_bytes(text):
    """ "Ġhello" -> b" hello"; ValueError for a character that stands for no byte."""
    try:
        return bytes(map(_CHARACTER_TO_BYTE.__getitem__, text))
    except KeyError as error:
        raise ValueError(f"the token {text!r} holds {error.args[0]!r}, which stands for no byte") from None
