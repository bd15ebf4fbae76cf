"""From a directory to the tokenizer that was saved in it."""

from pathlib import Path

from tokenizer.bpe import BPETokenizer
from tokenizer.bpe_files import GPT2_NAMES, OPENAI_NAMES
from tokenizer.char import CharTokenizer
from tokenizer.huggingface import TOKENIZER_FILE, kind, read_pipeline
from tokenizer.neighbours import take_up_configurations
from tokenizer.word import WordTokenizer


def holds_tokenizer(directory):
    """Whether a directory holds the files of a tokenizer that load_tokenizer knows."""
    directory = Path(directory)
    pairs = (GPT2_NAMES, OPENAI_NAMES)
    return (directory / TOKENIZER_FILE).is_file() or any(
        all((directory / name).is_file() for name in names) for names in pairs
    )


def load_tokenizer(directory):
    """Read a tokenizer of any of the classes: Hugging Face's tokenizer.json, or else GPT-2's two files.

    What the configurations beside it say is taken up (neighbours.py). Nothing in the files is executed.
    OSError if there is no tokenizer, ValueError if it is damaged or does something that none of the classes
    does.
    """
    tokenizer = _read_tokenizer(Path(directory))
    take_up_configurations(tokenizer, Path(directory))
    return tokenizer


def _read_tokenizer(directory):
    path = directory / TOKENIZER_FILE
    if not path.is_file():
        for vocabulary, merges in (GPT2_NAMES, OPENAI_NAMES):
            if (directory / vocabulary).is_file() and (directory / merges).is_file():
                return BPETokenizer.from_gpt2_files(directory / vocabulary, directory / merges)
        raise FileNotFoundError(
            f"{directory} holds no tokenizer: neither {TOKENIZER_FILE} nor {' and '.join(GPT2_NAMES)} "
            f"nor {' and '.join(OPENAI_NAMES)}"
        )
    pipeline = read_pipeline(path)
    if kind(pipeline["model"]) == "BPE":
        return BPETokenizer.from_pipeline(path, pipeline)
    for tokenizer_class in (CharTokenizer, WordTokenizer):
        if pipeline.get("pre_tokenizer") == tokenizer_class.PRE_TOKENIZER:
            return tokenizer_class.from_pipeline(path, pipeline)
    raise ValueError(
        f"{path}: a {kind(pipeline['model'])} model behind its pre_tokenizer is neither byte-level BPE "
        "nor a character or word tokenizer saved here"
    )
