"""Writing so that nothing is ever half there: a file is the old one or the new, a refused run leaves none."""

import json
import os
import re
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path

from tokenizer.files import write_atomically, written_aside

__all__ = ["folder_or_nothing", "remove_leftovers", "write_atomically", "write_json", "written_aside"]

ASIDE = re.compile(r".+\.([0-9]+)\.tmp")  # the names that written_aside gives, with the number of the process


def write_json(path, value):
    """Write what JSON can hold, readable: two blanks a level, Chinese as it is. Raises OSError."""
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))


def remove_leftovers(directory):
    """Delete what processes that are gone had written aside in a folder and could not bring to its end.

    Where that cannot be done it stays: it is in nobody's way.
    """
    for path in Path(directory).glob("*.tmp"):
        aside = ASIDE.fullmatch(path.name)
        if aside and path.is_file() and not _is_running(int(aside[1])):
            with suppress(OSError):
                path.unlink()


def _is_running(pid):
    """Whether there is such a process. Windows is not asked: there a file that is open is not deleted."""
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)  # no signal at all, but an error where there is nobody to get one
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True


@contextmanager
def folder_or_nothing(directory):
    """For what is begun in a folder inside the `with`: where it fails, all that it put there goes again.

    What stood there before stays. Raises OSError.
    """
    directory = Path(directory)
    before = set(directory.iterdir())
    try:
        yield
    except BaseException:
        for path in set(directory.iterdir()) - before:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        raise
