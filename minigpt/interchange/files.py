"""Writing a file so that it is always whole: the old content or the new, never a part of either."""

import json
import os
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
