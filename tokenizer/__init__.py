"""Tokenizers from first principles: text to integers and back, exactly, in readable Python.

    CharTokenizer   every character is a token                      char.py
    WordTokenizer   every word and every punctuation mark           word.py
    BPETokenizer    frequent words whole, rare ones in pieces       bpe.py, bpe_trainer.py, bpe_merge.py

All three share one interface (base.py) and one file format (huggingface.py).

The files, in the order to read them:

    base.py, lookup.py, char.py, word.py                        pieces looked up in a table
    patterns.py, bpe.py, bpe_merge.py, bpe_long_words.py        text -> ids by merges, of long words too
    text_source.py, pretokens.py, parallel.py, bpe_trainer.py   the merges learned from texts
    streaming.py, show.py                                       ids -> text one by one; tokens made visible
    files.py, huggingface.py, bpe_files.py, byte_alphabet.py    what is saved, and how
    tiktoken_ranks.py, neighbours.py, loading.py                what others saved; from folder to tokenizer
    progress.py, __main__.py                                    a bar, and the command line
"""

from tokenizer.base import Tokenizer
from tokenizer.bpe import BPETokenizer
from tokenizer.char import CharTokenizer
from tokenizer.loading import load_tokenizer
from tokenizer.patterns import GPT2_PATTERN, GPT4_PATTERN
from tokenizer.streaming import StreamDecoder
from tokenizer.word import WordTokenizer

__all__ = [
    "GPT2_PATTERN",
    "GPT4_PATTERN",
    "BPETokenizer",
    "CharTokenizer",
    "StreamDecoder",
    "Tokenizer",
    "WordTokenizer",
    "load_tokenizer",
]
