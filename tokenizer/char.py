"""The simplest tokenizer: every character is a token.

    tok = CharTokenizer.train("abba cab")
    tok.encode("cab")        ->  [3, 1, 2]        (" ", "a", "b", "c" have the ids 0, 1, 2, 3)
    tok.decode([3, 1, 2])    ->  "cab"

Nothing to learn but the list of characters. Texts become long sequences, and a character that did not occur
in training has no id.
"""

from collections import Counter

from tokenizer.base import END_OF_TEXT, UNKNOWN, Tokenizer
from tokenizer.huggingface import special_tokens_of, split_by_pattern, wordlevel_model, write_tokenizer
from tokenizer.text_source import text_blocks


class CharTokenizer(Tokenizer):
    """Ids for single characters, in the order of their code points, then the special tokens."""

    PRE_TOKENIZER = split_by_pattern(r"[\s\S]", keep_rest=True)

    def __init__(self, vocabulary, special_tokens):
        """vocabulary: dict from character to id. special_tokens: dict from text to id."""
        super().__init__(
            {i: token.encode("utf-8") for token, i in (vocabulary | special_tokens).items()}, special_tokens
        )
        self.vocabulary = vocabulary

    @classmethod
    def train(cls, texts, vocab_size=None, *, unk=False, progress=False):
        """Collect the characters of `texts` (str, pathlib.Path of a UTF-8 file, or an iterable of these).

        With unk=True the vocabulary also has <|unk|>, to which encode maps a character that it does not know,
        and vocab_size may limit the vocabulary to the most frequent characters.
        ValueError if vocab_size is too small for the characters of the text (unk=False).
        """
        counts = Counter()
        for block in text_blocks(texts, progress):
            counts.update(block)
        specials = [END_OF_TEXT, UNKNOWN] if unk else [END_OF_TEXT]
        room = len(counts) if vocab_size is None else vocab_size - len(specials)
        if room < 1 or (room < len(counts) and not unk):
            raise ValueError(
                f"vocab_size is {vocab_size}, but the text has {len(counts)} different characters and "
                f"{' and '.join(specials)}: take at least {len(counts) + len(specials)}"
                + ("" if unk else ", or train with unk=True")
            )
        frequent = sorted(counts, key=lambda character: (-counts[character], character))[:room]
        vocabulary = {character: i for i, character in enumerate(sorted(frequent))}
        return cls(vocabulary, {token: len(vocabulary) + i for i, token in enumerate(specials)})

    def encode_ordinary(self, text):
        """Text -> one id a character; ValueError names a character that has none, and where it stands."""
        unknown = self.special_tokens.get(UNKNOWN)
        if unknown is not None:
            return [self.vocabulary.get(character, unknown) for character in text]
        try:
            return list(map(self.vocabulary.__getitem__, text))
        except KeyError as error:
            raise ValueError(self._unknown_character(text, error.args[0])) from None

    def _unknown_character(self, text, character):
        before = text[: text.index(character)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return (
            f"the character {character!r} (U+{ord(character):04X}) at line {line}, column {column} is not "
            f"among the {len(self.vocabulary)} that are known: train on text that contains it, or with unk=True"
        )

    def save(self, directory):
        """Write tokenizer.json and tokenizer_config.json (Hugging Face) into `directory`."""
        write_tokenizer(
            directory,
            model=wordlevel_model(self.vocabulary | self.special_tokens),
            pre_tokenizer=self.PRE_TOKENIZER,
            decoder={"type": "Fuse"},
            special_tokens=self.special_tokens,
        )

    @classmethod
    def from_pipeline(cls, path, pipeline):
        """The tokenizer that save wrote, from its parsed tokenizer.json; ValueError if it is not one."""
        special_tokens = special_tokens_of(pipeline)
        vocabulary = {
            token: i for token, i in pipeline["model"]["vocab"].items() if token not in special_tokens
        }
        for token in vocabulary:
            if len(token) != 1:
                raise ValueError(f"{path}: {token!r} is not a single character")
        return cls(vocabulary, special_tokens)
