"""What the scripts ask of the terminal: UTF-8 whatever its code page; help, warnings and errors as sentences;
and how many columns a text takes, Chinese included.
"""

import argparse
import contextlib
import io
import os
import sys
import unicodedata
import warnings


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

    def show(message, category, filename, lineno, file=None, line=None):
        print(f"{program}: warning: {message}", file=sys.stderr)

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
    """An exception's message; the system's own name a file and a number, and need words around them."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename} cannot be read or written: {error.strerror.lower()}"
    return str(error)


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
