"""Writing a file so that it is always whole: the old content or the new, never a part of either."""

import os
from pathlib import Path


def write_atomically(path, content):
    """Write bytes aside, flush them to the disk, then rename: a crash at any moment leaves a whole file.

    Raises OSError when the disk is full or the folder cannot be written; the old file then still stands.
    """
    path = Path(path)
    aside = path.with_name(path.name + ".tmp")
    try:
        with open(aside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
