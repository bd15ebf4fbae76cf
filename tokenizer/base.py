"""What the three tokenizers have in common: special tokens, batches, and the way back from ids to text.

A tokenizer maps a text to a list of ids and back. A *special token* such as <|endoftext|> stands for
something that is not text (here: the end of a document). If whoever writes the text could also write special
tokens, a user could forge the end of a document; so `encode` refuses a text that spells one, unless the
caller allows it. Names and meaning are those of tiktoken.

An *added word*, such as a run of blanks in a model of programs, is text: a token that was added to a
finished vocabulary, and that stands for its letters wherever they occur, before anything else is looked at.
Names and meaning are those of Hugging Face's tokenizers, whose added tokens are either special or this.
"""

from array import array
from copy import copy

import regex

from tokenizer.parallel import grouped, map_in_processes
from tokenizer.streaming import StreamDecoder

END_OF_TEXT = "<|endoftext|>"
UNKNOWN = "<|unk|>"
MASK = "[MASK]"  # stands for a token that is to be guessed, in a model that fills gaps


class Tokenizer:
    """The interface of CharTokenizer, WordTokenizer and BPETokenizer.

    A subclass gives `encode_plain`, the class method `train`, and `save`.

    token_bytes: dict from id to the bytes of that token, special tokens and added words included
    special_tokens: dict from the text of a special token to its id
    added_words: dict from the text of an added word to its id
    end_of_text: the special token that ends a document; None in a foreign tokenizer that has none
    stop_tokens: the set of the ids at which generation ends: that of end_of_text, and a model may have more
    n_rows: the rows of the model's table, which may have more of them than there are tokens
    """

    def __init__(self, token_bytes, special_tokens, added_words=None):
        self.token_bytes = token_bytes
        self.special_tokens = special_tokens
        self.added_words = added_words or {}
        self.n_vocab = max(token_bytes) + 1  # the rows that a model's embedding needs
        self.n_rows = self.n_vocab
        self.end_of_text = END_OF_TEXT if END_OF_TEXT in special_tokens else None
        self.stop_tokens = frozenset() if self.eot_token is None else frozenset([self.eot_token])

    @property
    def eot_token(self):
        """The id of the token that ends a document, <|endoftext|>; None where there is no such token."""
        return self.special_tokens.get(self.end_of_text)

    def with_special_token(self, text):
        """This tokenizer with one more special token, which gets the next id; itself if it has that one.

        Raises ValueError where the text is another token already.
        """
        if text in self.special_tokens:
            return self
        if text.encode("utf-8") in self.token_bytes.values():
            raise ValueError(f"{text!r} is an ordinary token of this tokenizer, and stands for itself")
        extended = copy(self)
        extended.special_tokens = self.special_tokens | {text: self.n_vocab}
        extended.token_bytes = self.token_bytes | {self.n_vocab: text.encode("utf-8")}
        extended.n_vocab = self.n_vocab + 1
        extended.n_rows = max(self.n_rows, extended.n_vocab)
        return extended

    def encode_plain(self, text):
        """Text -> list of ids, by the vocabulary alone: without special tokens and added words."""
        raise NotImplementedError

    def encode_ordinary(self, text):
        """Text -> list of ids. The text of a special token is text like any other."""
        if not self.added_words:
            return self.encode_plain(text)
        return self._encode_around(self.added_words, self.encode_plain, text)

    def _encode_around(self, tokens, encode, text):
        """Text -> ids: those of `tokens` (a dict) where they are spelt, encode(…) of what is between."""
        longest_first = sorted(tokens, key=len, reverse=True)
        ids = []
        # A group in the pattern makes split return text, token, text, token, … text.
        parts = regex.split("(" + "|".join(map(regex.escape, longest_first)) + ")", text)
        for between, token in zip(parts[::2], [*parts[1::2], None]):
            ids += encode(between)
            if token is not None:
                ids.append(tokens[token])
        return ids

    def encode(self, text, allowed_special=frozenset(), disallowed_special="all"):
        """Text -> list of ids, with tiktoken's treatment of special tokens.

        allowed_special: the special tokens that become their id where the text spells them, or "all".
        disallowed_special: those whose appearance in the text raises ValueError; "all" means every one that
        is not allowed. A special token in neither is encoded as ordinary text.
        """
        allowed = set(self.special_tokens if allowed_special == "all" else allowed_special)
        disallowed = (
            self.special_tokens.keys() - allowed if disallowed_special == "all" else disallowed_special
        )
        for special in disallowed:
            if special in text:
                raise ValueError(
                    f"the text contains the special token {special!r} at character {text.index(special)}: "
                    "pass it in allowed_special to encode it as that token, or disallowed_special=() to "
                    "encode it as ordinary text"
                )
        allowed &= self.special_tokens.keys()
        if not allowed:
            return self.encode_ordinary(text)
        tokens = {special: self.special_tokens[special] for special in allowed}
        return self._encode_around(tokens, self.encode_ordinary, text)

    def encode_batch(self, texts, workers=1, allowed_special=frozenset(), disallowed_special="all"):
        """An iterable of texts -> a list of lists of ids, in the same order; see encode.

        workers: processes that encode. They pay for themselves from some megabytes on, with texts of up to a
        million characters each (`text_blocks` cuts a large file into such texts). See map_in_processes for
        what Windows asks of the calling script.
        """
        encode_group = _GroupEncoder(self, allowed_special, disallowed_special)
        # One int object for each id: those that come out of an array are new, and would take 32 bytes each.
        ids = {i: i for i in self.token_bytes}
        batch = []
        for group in map_in_processes(encode_group, grouped(texts), workers):
            batch += [list(map(ids.__getitem__, encoded)) for encoded in group]
        return batch

    def bytes_of_next(self):
        """A function from each id of a sequence, in order, to the bytes which that token adds to the text.

        A row of the model without a token, such as one that only fills a table up, adds nothing.
        """
        token_bytes = self.token_bytes

        def bytes_of(token_id):
            try:
                return token_bytes[token_id]
            except KeyError:
                if 0 <= token_id < self.n_rows:
                    return b""
                raise ValueError(
                    f"token id {token_id} is not in the vocabulary, which goes from 0 to {self.n_rows - 1}"
                ) from None

        return bytes_of

    def decode_bytes(self, ids):
        """Ids -> the bytes of their text; ValueError for an id outside the vocabulary."""
        return b"".join(map(self.bytes_of_next(), ids))

    def decode(self, ids):
        """Ids -> text. Bytes that are no UTF-8, as when the ids end inside a character, become "�"."""
        return self.decode_bytes(ids).decode("utf-8", errors="replace")

    def decode_with_offsets(self, ids):
        """Ids -> text, and for each token the index of the character with which it begins.

        A token that begins inside a character counts as beginning with it. ValueError if the ids do not form
        whole characters (UnicodeDecodeError).
        """
        pieces = list(map(self.bytes_of_next(), ids))
        offsets, characters = [], 0
        for piece in pieces:
            # 10xxxxxx is a continuation byte: every other byte begins a character.
            continuations = sum(0x80 <= byte < 0xC0 for byte in piece)
            inside = bool(piece) and 0x80 <= piece[0] < 0xC0
            offsets.append(max(0, characters - inside))
            characters += len(piece) - continuations
        return b"".join(pieces).decode("utf-8"), offsets

    def stream_decoder(self):
        """A StreamDecoder: feed(id) -> str, flush() -> str."""
        return StreamDecoder(self)


class _GroupEncoder:
    """A function from a list of texts to arrays of their ids, that can be sent to another process."""

    def __init__(self, tokenizer, allowed_special, disallowed_special):
        self.tokenizer = tokenizer
        self.special = (allowed_special, disallowed_special)

    def __call__(self, texts):
        # Arrays of four bytes an id travel several times faster than lists.
        return [array("I", self.tokenizer.encode(text, *self.special)) for text in texts]
