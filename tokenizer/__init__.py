"""Tokenizers from first principles: text to integers and back, exactly, in readable Python.

    CharTokenizer   every character is a token                      char.py
    WordTokenizer   every word and every punctuation mark           word.py
    BPETokenizer    frequent words whole, rare ones in pieces       bpe.py, bpe_trainer.py, bpe_merge.py

All three share one interface (base.py) and one file format (huggingface.py).
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
