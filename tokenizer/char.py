"""The simplest tokenizer: every character is a token.

    tok = CharTokenizer.train("abba cab")
    tok.encode("cab")        ->  [3, 1, 2]        " ", "a", "b", "c" have the ids 0, 1, 2, 3
    tok.decode([3, 1, 2])    ->  "cab"

Nothing to learn but the list of characters. The price: texts become long sequences, and a character that did
not occur in training has no id.
"""

from collections import Counter
from typing import ClassVar

from tokenizer.base import END_OF_TEXT, UNKNOWN
from tokenizer.huggingface import split_by_pattern
from tokenizer.lookup import LookupTokenizer, most_frequent
from tokenizer.patterns import split_at
from tokenizer.text_source import text_blocks, whole_characters


class CharTokenizer(LookupTokenizer):
    """Ids for single characters, in the order of their code points, then the special tokens."""

    PRE_TOKENIZER = split_by_pattern(r"[\s\S]", keep_rest=True)
    DECODER: ClassVar = {"type": "Fuse"}

    @classmethod
    def train(cls, texts, vocab_size=None, *, unk=False, progress=None):
        """Collect the characters of `texts` (str, pathlib.Path of a UTF-8 file, or an iterable of these).

        Special tokens in the text separate documents: their letters are not counted.
        With unk=True the vocabulary also has <|unk|>, to which encode maps a character that it does not know,
        and vocab_size may limit the vocabulary to the most frequent characters. With unk=False a vocab_size
        below what the text needs is a ValueError.
        """
        specials = [END_OF_TEXT, UNKNOWN] if unk else [END_OF_TEXT]
        counts = Counter()
        for block in text_blocks(texts, progress):
            for document in split_at(specials, block):
                counts.update(document)
        needed = len(counts) + len(specials)
        limit = needed if vocab_size is None else vocab_size
        if unk and limit < 2:
            raise ValueError(f"vocab_size is {vocab_size}: {END_OF_TEXT} and {UNKNOWN} alone need 2")
        if not unk and limit < needed:
            raise ValueError(
                f"vocab_size is {vocab_size}, but the text has {len(counts)} different characters, and "
                f"{END_OF_TEXT} comes on top: take {needed}, or leave it out"
            )
        kept = sorted(most_frequent(counts, limit - len(specials)))
        return cls(
            {character: i for i, character in enumerate(kept)},
            {special: len(kept) + i for i, special in enumerate(specials)},
        )

    def encode_plain(self, text):
        """Text -> one id a character; ValueError names a character that has none, and where it stands."""
        text = whole_characters(text)
        unknown = self.special_tokens.get(UNKNOWN)
        if unknown is not None:
            return [self.vocabulary.get(character, unknown) for character in text]
        try:
            return list(map(self.vocabulary.__getitem__, text))
        except KeyError as error:
            character = error.args[0]
        before = text[: text.index(character)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise ValueError(
            f"the character {character!r} (U+{ord(character):04X}) at line {line}, column {column} is not "
            f"among the {len(self.vocabulary)} known ones: leave it out, train on text that has it, or take "
            "a BPE tokenizer, which knows every character"
        )
