"""Types for argparse: which values a flag of train.py takes, and the sentence for one that it does not."""

import argparse
import math
import os
import re

from minigpt.tasks.start import TOKENIZERS
from minigpt.terminal import quoted

LARGEST = 2**31 - 1  # steps, sizes, counts: what is larger is a slip of the finger
LONGEST_PLACE = 4096  # characters of the name of a file
LONGEST_NUMBER = 40  # characters of a number on the command line


def tokenizer_choice(text):
    """The kind of a new tokenizer, or a folder that holds one."""
    if text not in TOKENIZERS and not os.path.isdir(text):
        raise argparse.ArgumentTypeError(
            f"{quoted(text)} is neither {', '.join(TOKENIZERS)} nor a folder with a tokenizer"
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


def whole_number(least, most=LARGEST):
    """A type for argparse: an integer from `least` to `most`."""

    def integer(text):
        try:
            value = int(text) if len(text) <= LONGEST_NUMBER else None
        except ValueError:
            raise argparse.ArgumentTypeError(f"{quoted(text)} is no whole number") from None
        if value is not None and value < least:
            raise argparse.ArgumentTypeError(f"{value} is too small: give {least} or more")
        if value is None or value > most:
            raise argparse.ArgumentTypeError(f"{quoted(text)} is too large: give {most:,} at most")
        return value

    return integer


def place(text):
    """The name of a file or a folder."""
    if text == "":
        raise argparse.ArgumentTypeError("it is empty: name a file or a folder, or leave the flag out")
    if "\0" in text or len(text) >= LONGEST_PLACE:
        raise argparse.ArgumentTypeError(
            f"{quoted(text)} can be the name of no file: it is too long or has a NUL"
        )
    return text


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


def block_and_head(text):
    """A block's number, or with a dot that of one of its heads: "1" -> (1, None), "1.0" -> (1, 0)."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text):
        raise argparse.ArgumentTypeError(
            f"{quoted(text)} is no block and no head: give a number such as 1, or 1.0 for its first head"
        )
    block, _, head = text.partition(".")
    return int(block), int(head) if head else None
