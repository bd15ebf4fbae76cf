"""Counting pre-tokens: all that the BPE trainer needs to know of a text.

    "low low lower"  ->  {"low": 1, " low": 1, " lower": 1}

A word that occurs ten thousand times is merged once and weighs ten thousand. The counts grow with the number
of distinct pre-tokens, not with the text.
"""

from collections import Counter

from tokenizer.parallel import grouped, map_in_processes
from tokenizer.patterns import chunk_splitter, pretoken_splitter, split_at
from tokenizer.text_source import text_blocks

MOST_CHUNKS = 500_000  # distinct chunks that are kept before they are split into pre-tokens


def count_pretokens(texts, pattern, special_tokens=(), workers=1, progress=None):
    """Count the pre-tokens of `texts` (see text_blocks) -> dict from pre-token to count.

    Special tokens in the text separate documents and are not counted. workers: processes that count.
    """
    count = _PretokenCounter(pattern, special_tokens)
    totals = Counter()
    for counts in map_in_processes(count, grouped(text_blocks(texts, progress)), workers):
        totals.update(counts)
    return totals


class _PretokenCounter:
    """A function from a list of texts to their counts, that can be sent to another process."""

    def __init__(self, pattern, special_tokens):
        self.pattern = pattern
        self.special_tokens = special_tokens

    def __call__(self, texts):
        split = pretoken_splitter(self.pattern)
        split_roughly = chunk_splitter(self.pattern) or split
        pretokens, chunks = Counter(), Counter()

        def split_chunks():
            for chunk, count in chunks.items():
                for pretoken in split(chunk):
                    pretokens[pretoken] += count
            chunks.clear()

        for text in texts:
            for document in split_at(self.special_tokens, text):
                chunks.update(split_roughly(document))
            if len(chunks) > MOST_CHUNKS:
                split_chunks()
        split_chunks()
        return pretokens
