"""Writing so that nothing is ever half there: a file is the old one or the new, a refused run leaves none."""

import json
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path


def write_json(path, value):
    """Write what JSON can hold, readable: two blanks a level, Chinese as it is. Raises OSError."""
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))


def write_atomically(path, *parts):
    """Write bytes aside, flush them to the disk, then rename: a crash at any moment leaves a whole file.

    parts: the content, in one or several pieces.
    Raises OSError when the disk is full or the folder cannot be written; the old file then still stands.
    """
    path = Path(path)
    aside = path.with_name(path.name + ".tmp")
    try:
        with open(aside, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


@contextmanager
def folder_or_nothing(directory):
    """A folder for what is begun inside the `with`; where that fails, all that it put there goes again.

    What stood there before stays. Raises OSError.
    """
    directory = Path(directory)
    missing = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    before = set(directory.iterdir())
    try:
        yield
    except BaseException:
        for path in set(directory.iterdir()) - before:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        with suppress(OSError):  # a file that is still open, on Windows
            for folder in missing:
                folder.rmdir()
        raise
