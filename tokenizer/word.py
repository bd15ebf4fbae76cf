r"""Every word is a token, and every punctuation mark.

    tok = WordTokenizer.train("The cat sat. The dog didn't.")
    tok.encode("The dog sat.")    ->  [1, 4, 5, 0]        the most frequent come first: ".", "The", "cat", …
    tok.encode("The cow sat.")    ->  [1, 7, 5, 0]        7 is <|unk|>: "cow" is not in the vocabulary
    tok.decode([1, 4, 5, 0])      ->  "The dog sat."

Sequences are short, but the vocabulary is large, every new word is lost, and blanks are thrown away: decode
puts them back by rule. Chinese and Japanese do not separate words, so there each character is a token.
"""

from collections import Counter

import regex

from tokenizer.base import END_OF_TEXT, UNKNOWN
from tokenizer.huggingface import split_by_pattern
from tokenizer.lookup import LookupTokenizer, most_frequent
from tokenizer.patterns import split_at
from tokenizer.text_source import text_blocks, whole_characters

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_LETTERS = rf"(?:(?!{_UNSPACED})[\p{{L}}\p{{M}}\p{{N}}_])+"
# 3.14 and 1,000 | don't, well-known | 每 | line ends | … and -- | any other mark by itself
WORD_PATTERN = (
    rf"\p{{N}}+(?:[.,]\p{{N}}+)+|{_LETTERS}(?:['’-]{_LETTERS})*|{_UNSPACED}|\n|\.+|-+|"
    r"[^\s\p{L}\p{M}\p{N}_]"
)

# No blank after these, or before those. Chinese and Japanese text and its full-width marks take none at all.
_OPENING = frozenset("([{“‘«$£€¥#@")
_CLOSING = regex.compile(r"""[,;:!?)\]}”’»%…]|\.+""")
_TIGHT = regex.compile(rf"{_UNSPACED}|[\u3000-\u303f\uff01-\uff60]|\n|--+|[—–/]|{regex.escape(END_OF_TEXT)}")


class WordTokenizer(LookupTokenizer):
    """Ids for words and marks, the most frequent first, then <|endoftext|> and <|unk|>."""

    PRE_TOKENIZER = split_by_pattern(WORD_PATTERN, keep_rest=False)

    _find_words = staticmethod(regex.compile(WORD_PATTERN).findall)

    def __init__(self, vocabulary, special_tokens, added_words=None):
        super().__init__(vocabulary, special_tokens, added_words)
        if UNKNOWN not in special_tokens:
            raise ValueError(f"a word tokenizer needs the special token {UNKNOWN} for words it does not know")

    @classmethod
    def train(cls, texts, vocab_size=None, *, progress=None):
        """Collect the words of `texts` (str, pathlib.Path of a UTF-8 file, or an iterable of these).

        Special tokens in the text separate documents and are not counted.
        vocab_size: at most so many tokens, the most frequent words, <|endoftext|> and <|unk|>; None keeps
        every word. ValueError if it leaves no room for a word.
        """
        if vocab_size is not None and vocab_size < 3:
            raise ValueError(f"vocab_size is {vocab_size}: {END_OF_TEXT}, {UNKNOWN} and one word need 3")
        counts = Counter()
        for block in text_blocks(texts, progress):
            for document in split_at([END_OF_TEXT, UNKNOWN], block):
                counts.update(cls._find_words(document))
        words = most_frequent(counts, None if vocab_size is None else vocab_size - 2)
        vocabulary = {word: i for i, word in enumerate(words)}
        return cls(vocabulary, {END_OF_TEXT: len(words), UNKNOWN: len(words) + 1})

    def encode_plain(self, text):
        """Text -> one id for each word and mark; that of <|unk|> for those not in the vocabulary."""
        unknown = self.special_tokens[UNKNOWN]
        return [self.vocabulary.get(word, unknown) for word in self._find_words(whole_characters(text))]

    def bytes_of_next(self):
        """As for every tokenizer, but each token brings the blank that belongs before it."""
        bytes_of = super().bytes_of_next()
        blank_before = _Spacing().blank_before

        def bytes_with_blank(token_id):
            token = bytes_of(token_id)
            return b" " + token if blank_before(token.decode("utf-8")) else token

        return bytes_with_blank


class _Spacing:
    """Where blanks go, one token after the other. It remembers which quotation marks are open."""

    def __init__(self):
        self.after_is_tight = True  # no blank at the beginning
        self.open_quotes = set()

    def blank_before(self, token):
        tight = _TIGHT.fullmatch(token) is not None
        before_is_tight = tight or _CLOSING.fullmatch(token) is not None
        next_is_tight = tight or token in _OPENING
        if token in ('"', "'"):  # the same mark opens and closes
            before_is_tight = token in self.open_quotes
            next_is_tight = not before_is_tight
            self.open_quotes ^= {token}
        elif token == "\n":
            self.open_quotes.clear()  # a forgotten quotation mark spoils one line, not all that follow
        blank = not (self.after_is_tight or before_is_tight)
        self.after_is_tight = next_is_tight
        return blank
