"""What several tests of the tokenizers need: small trained tokenizers, and GPT-2's files where they exist."""

import os
from pathlib import Path

import pytest
from sample_texts import TEXT

from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer, load_tokenizer


@pytest.fixture(scope="session")
def bpe():
    return BPETokenizer.train(TEXT, vocab_size=400)


@pytest.fixture(scope="session", params=["char", "word", "bpe"])
def any_tokenizer(request, bpe):
    """Each of the three classes, trained on TEXT."""
    return {"char": CharTokenizer.train(TEXT), "word": WordTokenizer.train(TEXT), "bpe": bpe}[request.param]


@pytest.fixture(scope="session")
def assets():
    """The folder of public texts and of GPT-2's files; tests that need it skip where it is not."""
    folder = os.environ.get("MINIGPT_TEST_ASSETS")
    if not folder or not Path(folder).is_dir():
        pytest.skip("MINIGPT_TEST_ASSETS does not point to a folder with gpt2/ and the public texts")
    return Path(folder)


@pytest.fixture(scope="session")
def gpt2(assets):
    return load_tokenizer(assets / "gpt2")
