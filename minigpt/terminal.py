"""What the scripts ask of the terminal: UTF-8 whatever its code page; help, warnings and errors as sentences;
how many columns a text takes, Chinese included; and that no text from outside gives it orders.

To a terminal some characters are orders: to clear the screen, to write over what stands there, to turn the
direction of writing. A text may hold them all the same, a label, the name of a file or what a model says. So
in a terminal they are shown in place of being obeyed, as <1b>; a pipe or a file gets every text exactly.
"""

import argparse
import contextlib
import io
import os
import re
import sys
import unicodedata
import warnings

# C0 and C1 but \n and \t, what turns the direction of writing, and halves of surrogate pairs.
ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LONGEST_QUOTE = 80  # characters
LONGEST_SENTENCE = 2000  # should ever a quote in it be long


def visible(text):
    """The text with each character that would be an order to a terminal as its number: <1b>, <202e>."""
    return ORDERS.sub(lambda order: f"<{ord(order[0]):02x}>", text)


def quoted(value):
    """A value out of a file as a message shows it: on one line, visible, at most 80 characters."""
    if isinstance(value, (list, tuple, dict)):
        shown = f"a {type(value).__name__} of {len(value)}"
        with contextlib.suppress(RecursionError, ValueError):
            shown = repr(value) if len(value) <= LONGEST_QUOTE else shown
    elif isinstance(value, int) and abs(value) >= 10**LONGEST_QUOTE:  # Python refuses to write long ones
        shown = "a number of more than 80 digits"
    else:
        shown = repr(value[: LONGEST_QUOTE + 1] if isinstance(value, str) else value)
    shown = visible(shown)
    return shown if len(shown) <= LONGEST_QUOTE else shown[: LONGEST_QUOTE - 1] + "…"


class VisibleOutput:
    """A stream to a terminal, through which every text goes visible."""

    def __init__(self, stream):
        self._stream = stream

    def write(self, text):
        return self._stream.write(visible(text))

    def writelines(self, texts):
        for text in texts:
            self.write(text)

    def __getattr__(self, name):
        return getattr(self._stream, name)


def prepare_terminal(program):
    """Read and write UTF-8, and tell warnings on stderr in the name of the program.

    A stream that is closed (None) becomes one that holds nothing; one that has no encoding to set, as a
    notebook's, stays as it is.
    """
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))
        elif hasattr(stream, "reconfigure"):
            with contextlib.suppress(io.UnsupportedOperation):  # standard input that has been read from
                stream.reconfigure(encoding="utf-8", errors="replace")

    if sys.stdout.isatty():  # not stderr, where tqdm draws its bar with orders: see sentence()
        sys.stdout = VisibleOutput(sys.stdout)

    def show(message, category, filename, lineno, file=None, line=None):
        print(f"{program}: warning: {visible(str(message))}", file=sys.stderr)

    warnings.showwarning = show


class LastingStream:
    """A text stream that loses what cannot be written, on a full disk or a pipe without a reader."""

    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def write(self, text):
        with contextlib.suppress(OSError):
            self.stream.write(text)
        return len(text)

    def flush(self):
        with contextlib.suppress(OSError):
            self.stream.flush()


def outlast_the_terminal():
    """Go on in silence where nothing can be printed any more: what a program works on is worth more."""
    sys.stdout, sys.stderr = LastingStream(sys.stdout), LastingStream(sys.stderr)


def sentence(error):
    """An exception's message, visible; the system's own name a file and a number, and need words."""
    if isinstance(error, MemoryError):
        why = f" ({error})" if str(error) else ""
        return f"there is not enough memory{why}: take a smaller model, context or batch, or fewer workers"
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return visible(f"{error.filename} cannot be read or written: {error.strerror.lower()}")
    said = visible(str(error))
    return said if len(said) <= LONGEST_SENTENCE else said[: LONGEST_SENTENCE - 1] + "…"


class Parser(argparse.ArgumentParser):
    """A parser whose errors are visible: they may quote the name of a file, or what a file says."""

    def error(self, message):
        super().error(visible(message))


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """Help that shows defaults, but not those that say that nothing is given or that a flag is off."""

    def _get_help_string(self, action):
        if action.default is None or action.default is False or action.default == []:
            return action.help
        return super()._get_help_string(action)


def display_width(text):
    """How many columns a text takes in a terminal: two for a wide character, none for a combining mark.

    Wide are those that Unicode (UAX #11) calls wide or fullwidth: Chinese characters and their punctuation,
    and emoji. Marks that are drawn over the character before them, and signs that only join, take none.
    """
    return sum(_columns(character) for character in text)


def _columns(character):
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def pad(text, width):
    """The text with blanks behind it, so that it takes `width` columns; a longer one as it is."""
    return text + " " * (width - display_width(text))
