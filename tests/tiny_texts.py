"""What the tests of texts share: a text of everything, a tokenizer that hides nothing, and back to text."""

from typing import ClassVar

MIXED = "Once upon a time\nthere was 一只小猫。\n\nIt said: “喵！” 🐈 and that was all,\nalmost.\n" * 3


class ByteTokenizer:
    """The simplest tokenizer, which counts how much it was given."""

    eot_token = 256
    special_tokens: ClassVar = {"<|endoftext|>": 256}

    def __init__(self, n_vocab=257):
        self.n_vocab = n_vocab
        self.n_encoded = 0

    def encode(self, text, allowed_special):
        assert allowed_special == "all"
        first, *others = text.split("<|endoftext|>")
        self.n_encoded += len(first) + sum(map(len, others))
        return [*first.encode("utf-8"), *(byte for part in others for byte in (256, *part.encode("utf-8")))]


def whole(chunks):
    return "".join(chunks)


def text_of(ids):
    """The text that ByteTokenizer made ids of."""
    return bytes(ids.tolist()).decode("utf-8")
