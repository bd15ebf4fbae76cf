"""What both scripts ask of the terminal: UTF-8 whatever its code page; warnings and errors as sentences."""

import sys
import warnings


def prepare_terminal(program):
    """Write UTF-8, and tell warnings on stderr in the name of the program."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")

    def show(message, category, filename, lineno, file=None, line=None):
        print(f"{program}: warning: {message}", file=sys.stderr)

    warnings.showwarning = show


def sentence(error):
    """An exception's message; the system's own name a file and a number, and need words around them."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename} cannot be read or written: {error.strerror.lower()}"
    return str(error)
