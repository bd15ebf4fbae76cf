r"""Byte-pair encoding: frequent words are one token, rare words a few, and any bytes at all can be written.

    tok = BPETokenizer.train("low low low lower lowest", vocab_size=260)
    tok.encode(" lower")            ->  [258, 68, 81]      " low" + "e" + "r"
    tok.decode([258, 68, 81])       ->  " lower"

A text becomes tokens in three steps:

1. The pattern cuts it into pre-tokens (patterns.py):            "low lower" -> "low", " lower"
2. Each pre-token becomes its UTF-8 bytes, one token a byte:     " lower" -> Ġ l o w e r   (Ġ is the blank)
3. The learned merges are applied, in the order of learning (bpe_merge.py):  ->  Ġlow e r

Since the 256 bytes are tokens themselves, there are no unknown characters, and decode(encode(text)) == text.
"""

import warnings
from itertools import chain

from tokenizer.base import END_OF_TEXT, Tokenizer
from tokenizer.bpe_files import (
    GPT2_NAMES,
    parse_bpe_pipeline,
    read_gpt2_files,
    write_bpe_tokenizer,
    write_gpt2_files,
)
from tokenizer.bpe_merge import merge
from tokenizer.bpe_trainer import LARGEST_VOCABULARY, learn_merges
from tokenizer.byte_alphabet import BYTE_ORDER, BYTE_TO_ID
from tokenizer.patterns import GPT2_PATTERN, NAMED_PATTERNS, chunk_splitter, pretoken_splitter
from tokenizer.pretokens import count_pretokens
from tokenizer.text_source import BLOCK, cut_into_blocks, reader, whole_characters
from tokenizer.tiktoken_ranks import merges_of_ranks, read_ranks, write_ranks

MOST_CACHED = 200_000  # pieces of text whose ids are remembered: some 50 MB of English when full
LONGEST_CACHED = 100  # characters
SMALLEST_VOCABULARY = 256 + 1  # the bytes and <|endoftext|>


class BPETokenizer(Tokenizer):
    """Byte-level BPE with GPT-2's conventions: the interchange formats are those of GPT-2 and tiktoken.

    mergeable_ranks: dict from the bytes of each ordinary token to its id, which is also its rank
    merges: list of pairs of bytes, in the order of learning
    pattern: the regular expression that cuts a text into pre-tokens; split does that
    pair_ids: dict from a pair of ids to the id of their merged token, the merges in the form that encode uses

    tiktoken.Encoding(name, pat_str=tok.pattern, mergeable_ranks=tok.mergeable_ranks,
    special_tokens=tok.special_tokens) is the same tokenizer, if the merges were learned from a text.
    """

    def __init__(self, mergeable_ranks, merges, special_tokens, pattern=GPT2_PATTERN, added_words=None):
        """ValueError if a byte or a token of a merge has no id, or if ids do not rise with the merges."""
        added = special_tokens | (added_words or {})
        _check(mergeable_ranks, merges, added)
        token_bytes = {i: token for token, i in mergeable_ranks.items()}
        token_bytes |= {i: token.encode("utf-8") for token, i in added.items()}
        super().__init__(token_bytes, special_tokens, added_words)
        self.mergeable_ranks = mergeable_ranks
        self.merges = merges
        self.pattern = pattern
        self._id_of_byte = [mergeable_ranks[bytes([byte])] for byte in range(256)]
        self.pair_ids = {
            (mergeable_ranks[left], mergeable_ranks[right]): mergeable_ranks[left + right]
            for left, right in merges
        }
        self.split = pretoken_splitter(pattern)
        self._has_exact_seams = pattern in NAMED_PATTERNS.values()
        # The chunks of GPT-2's pattern are looked up first; other patterns look up pre-tokens.
        self._split_roughly = chunk_splitter(pattern) or self.split
        self._ids_of = _Cache(self._encode_chunk if chunk_splitter(pattern) else self._encode_pretoken)

    def __reduce__(self):
        """Worker processes build their own caches."""
        parts = (self.mergeable_ranks, self.merges, self.special_tokens, self.pattern, self.added_words)
        return BPETokenizer, parts

    @classmethod
    def train(cls, texts, vocab_size, *, pattern=GPT2_PATTERN, workers=1, progress=None):
        """Learn the merges of `texts` (str, pathlib.Path of a UTF-8 file, or an iterable of these).

        vocab_size: 256 bytes, merges and <|endoftext|> together. Training stops early, with a warning, when
        the text has no pair left to merge. pattern: "gpt2", "gpt4" or a regular expression of one's own.
        workers: processes that count pre-tokens. progress: see progress_bar. ValueError if vocab_size is
        below 257.
        """
        if not SMALLEST_VOCABULARY <= vocab_size <= LARGEST_VOCABULARY:
            raise ValueError(
                f"vocab_size is {vocab_size}, but must lie between {SMALLEST_VOCABULARY} (the 256 bytes and "
                f"{END_OF_TEXT}) and {LARGEST_VOCABULARY}"
            )
        pattern = NAMED_PATTERNS.get(pattern, pattern)
        words, counts = [], []
        for pretoken, count in count_pretokens(texts, pattern, [END_OF_TEXT], workers, progress).items():
            words.append(pretoken.encode("utf-8").translate(BYTE_TO_ID))
            counts.append(count)
        n_merges = vocab_size - SMALLEST_VOCABULARY
        pairs = learn_merges(words, counts, n_merges, progress)
        tokens = [bytes([byte]) for byte in BYTE_ORDER]
        merges = []
        for left, right in pairs:
            merges.append((tokens[left], tokens[right]))
            tokens.append(tokens[left] + tokens[right])
        if len(pairs) < n_merges:
            warnings.warn(
                f"the text has only {len(pairs)} pairs to merge: the vocabulary has {len(tokens) + 1} "
                f"tokens, not {vocab_size}",
                stacklevel=2,
            )
        mergeable_ranks = {token: i for i, token in enumerate(tokens)}
        return cls(mergeable_ranks, merges, {END_OF_TEXT: len(tokens)}, pattern)

    @classmethod
    def from_gpt2_files(cls, vocab_json, merges_txt):
        """Read vocab.json and merges.txt, OpenAI's encoder.json and vocab.bpe; OSError, ValueError."""
        return cls(*read_gpt2_files(vocab_json, merges_txt))

    @classmethod
    def from_tiktoken(cls, ranks, pattern, special_tokens):
        """The tokenizer that tiktoken.Encoding makes of the same ranks, pattern and special tokens.

        ranks: dict from bytes to rank, or the path of a .tiktoken file. pattern: "gpt2", "gpt4" or a regular
        expression. ValueError if the file is damaged, or if the ranks are those of no list of merges.
        """
        if not isinstance(ranks, dict):
            ranks = read_ranks(ranks)
        merges = merges_of_ranks(ranks)
        return cls(dict(ranks), merges, dict(special_tokens), NAMED_PATTERNS.get(pattern, pattern))

    @classmethod
    def from_pipeline(cls, path, pipeline):
        """The tokenizer of a parsed tokenizer.json; ValueError unless it is byte-level BPE."""
        return cls(*parse_bpe_pipeline(path, pipeline))

    def save(self, directory):
        """Write tokenizer.json and tokenizer_config.json (Hugging Face) into `directory`."""
        write_bpe_tokenizer(directory, self)

    def save_gpt2_files(self, directory, names=GPT2_NAMES):
        """Write vocab.json and merges.txt into `directory`; or with names=OPENAI_NAMES OpenAI's."""
        write_gpt2_files(directory, self, names)

    def save_tiktoken(self, path):
        """Write the ranks as a .tiktoken file, which says neither the pattern nor the special tokens."""
        write_ranks(path, self.mergeable_ranks)

    def encode_plain(self, text):
        """Text -> list of ids, by the merges.

        Half of a surrogate pair, which UTF-8 cannot express, becomes U+FFFD as in tiktoken.
        """
        # The pieces of a long text take many times its memory, so it is cut where the cut changes nothing.
        blocks = cut_into_blocks(reader(text)) if len(text) > BLOCK and self._has_exact_seams else [text]
        try:
            pieces = chain.from_iterable(map(self._split_roughly, blocks))
            return list(chain.from_iterable(map(self._ids_of.__getitem__, pieces)))
        except UnicodeEncodeError:
            return self.encode_ordinary(whole_characters(text))

    def byte_ids(self, text):
        """Text -> the id of each byte of its UTF-8: what the merges start from."""
        return [self._id_of_byte[byte] for byte in text.encode("utf-8")]

    def _encode_chunk(self, chunk):
        pretokens = self.split(chunk)
        if len(pretokens) == 1:
            return self._encode_pretoken(chunk)
        return [token for pretoken in pretokens for token in self._ids_of[pretoken]]

    def _encode_pretoken(self, pretoken):
        # Also where the pre-token is a token: by hand-made merges b c, a b, ab c the text "abc" is a bc.
        return merge(self.byte_ids(pretoken), self.pair_ids)


class _Cache(dict):
    """Remembers the ids of short pieces of text; starts anew when it is full."""

    def __init__(self, encode):
        super().__init__()
        self.encode = encode

    def __missing__(self, piece):
        ids = tuple(self.encode(piece))
        if len(piece) <= LONGEST_CACHED:
            if len(self) >= MOST_CACHED:
                self.clear()
            self[piece] = ids
        return ids


def _check(mergeable_ranks, merges, added):
    for byte in range(256):
        if bytes([byte]) not in mergeable_ranks:
            raise ValueError(f"the vocabulary has no token for the byte {byte:#04x}")
    last = max(mergeable_ranks[bytes([byte])] for byte in range(256))
    for number, (left, right) in enumerate(merges, 1):
        for part in (left, right, left + right):
            if part not in mergeable_ranks:
                raise ValueError(
                    f"merge {number} ({left!r:.80} + {right!r:.80}) needs the token {part!r:.80}, which has "
                    "no id"
                )
        this = mergeable_ranks[left + right]
        if this <= last:
            raise ValueError(
                f"merge {number} ({left!r:.80} + {right!r:.80}) makes the token {this}, after {last}: "
                "ids must rise in the order of the merges"
            )
        last = this
    # A word that the merges make already may be added once more: it keeps its id.
    ids = {i: token for token, i in mergeable_ranks.items()}
    new = {token.encode("utf-8"): i for token, i in added.items() if ids.get(i) != token.encode("utf-8")}
    if len(set(ids) | set(new.values())) < len(mergeable_ranks) + len(new):
        raise ValueError("two tokens of the vocabulary have the same id")
    if len(mergeable_ranks) > 256 + len(merges):
        made = {left + right for left, right in merges}
        lonely = [token for token in mergeable_ranks if len(token) != 1 and token not in made]
        raise ValueError(
            f"{len(lonely)} tokens of the vocabulary are made by no merge, the first is {lonely[0]!r:.80}: "
            "the vocabulary and the merges do not belong together"
        )
