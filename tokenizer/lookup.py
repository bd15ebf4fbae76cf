"""What the character and the word tokenizer share: a pattern that cuts, and a table from piece to id."""

from tokenizer.base import UNKNOWN, Tokenizer
from tokenizer.huggingface import added_words_of, special_tokens_of, write_tokenizer


def most_frequent(counts, limit):
    """The `limit` most frequent keys of `counts` (dict from str to count), ties in alphabetical order."""
    return sorted(counts, key=lambda piece: (-counts[piece], piece))[:limit]


class LookupTokenizer(Tokenizer):
    """A tokenizer whose tokens are whole pieces of text, looked up in a table.

    vocabulary: dict from each ordinary token to its id
    """

    PRE_TOKENIZER = DECODER = None  # what a subclass is in a tokenizer.json

    def __init__(self, vocabulary, special_tokens, added_words=None):
        tokens = vocabulary | special_tokens | (added_words or {})
        super().__init__(
            {i: token.encode("utf-8") for token, i in tokens.items()}, special_tokens, added_words
        )
        self.vocabulary = vocabulary

    def save(self, directory):
        """Write tokenizer.json and tokenizer_config.json (Hugging Face) into `directory`."""
        tokens = self.vocabulary | self.special_tokens | self.added_words
        model = {"type": "WordLevel", "vocab": tokens, "unk_token": UNKNOWN}
        write_tokenizer(directory, model, self.PRE_TOKENIZER, self.DECODER, self)

    @classmethod
    def from_pipeline(cls, path, pipeline):
        """The tokenizer of a parsed tokenizer.json; ValueError if its unknown token is not <|unk|>."""
        model = pipeline["model"]
        if model.get("unk_token") != UNKNOWN:
            raise ValueError(f"{path}: the unknown token is {model.get('unk_token')!r:.80}, not {UNKNOWN!r}")
        special_tokens, added_words = special_tokens_of(pipeline), added_words_of(pipeline)
        vocabulary = {t: i for t, i in model["vocab"].items() if t not in special_tokens | added_words}
        return cls(vocabulary, special_tokens, added_words)
