"""Writing so that no file is ever half there: a crash at any moment leaves the old one, or the new one.

What is written lies aside first, is flushed to the disk, and takes its name in one instant. The name aside is
of this process alone, so that two that write the same file do not mix their halves. A file that would
become what it is already is left alone.
"""

import filecmp
import os
from contextlib import contextmanager, suppress
from pathlib import Path

BYTES_AT_ONCE = 1 << 20


@contextmanager
def written_aside(path):
    """A binary file to write to; at the end of the `with` it is flushed and takes the name `path`.

    Where the `with` fails, nothing of it stays. Raises OSError when the disk is full or the folder cannot be
    written; the old file then still stands.
    """
    path = Path(path)
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(aside, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.is_file() and filecmp.cmp(aside, path, shallow=False):
            aside.unlink()
            return
        os.replace(aside, path)
    except BaseException as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(aside)):
            error.filename = str(path)  # the name that a reader of the message knows
        raise
    flush_folder(path.parent)


def write_atomically(path, *parts):
    """Write bytes, in one piece or several, as written_aside does. Raises OSError."""
    if _holds(path, parts):
        return
    with written_aside(path) as file:
        for part in parts:
            file.write(part)


def _holds(path, parts):
    """Whether a file stands there already, with these bytes and no others."""
    if not os.path.isfile(path) or os.path.getsize(path) != sum(map(len, parts)):
        return False
    with open(path, "rb") as file:
        for part in map(memoryview, parts):
            for start in range(0, len(part), BYTES_AT_ONCE):
                piece = part[start : start + BYTES_AT_ONCE]
                if file.read(len(piece)) != piece:
                    return False
    return True


def flush_folder(directory):
    """Have the names in a folder on the disk too: a file is there after a power cut only if its name is.

    Windows has no such thing. Where a file system refuses, nothing is said: the file is whole all the same.
    """
    if os.name != "posix":
        return
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
