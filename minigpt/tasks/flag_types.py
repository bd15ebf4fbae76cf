"""Types for argparse: which values a flag of train.py takes, and the sentence for one that it does not."""

import argparse
import math
from pathlib import Path

from minigpt.tasks.start import TOKENIZERS


def tokenizer_choice(text):
    """The kind of a new tokenizer, or a folder that holds one."""
    if text not in TOKENIZERS and not Path(text).is_dir():
        raise argparse.ArgumentTypeError(
            f"{text} is neither {', '.join(TOKENIZERS)} nor a folder with a tokenizer"
        )
    return text


def parting(text):
    """What parts documents."""
    if text == "":
        raise argparse.ArgumentTypeError("it is empty: give file, lines, blank-lines or the text of a mark")
    return text.replace("\\n", "\n")


def proper_share(text):
    """A number above 0 and below 1."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and below 1")
    return value


def whole_number(least):
    """A type for argparse: an integer of at least `least`."""

    def integer(text):
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is too small: give {least} or more")
        return value

    return integer


def amount(text):
    """A finite number of at least 0."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 0")
    return value


def share(text):
    """A number of at least 0 and below 1."""
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 0 and below 1")
    return value
