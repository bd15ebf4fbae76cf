"""One run at a time in a folder: a lock that the system lets go of when its process is gone.

The lock is held on an open file, not by the file being there: a run that is killed, or loses its power,
leaves the file and no lock. In it stands who holds it, for the one who comes second to read.
"""

import errno
import os
import socket
import time
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path

if os.name == "nt":
    import msvcrt
else:
    import fcntl

LOCK_FILE = "lock"
BEYOND = 1 << 30  # Windows lets nobody read what is locked, so a byte far behind the text is
TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # what the systems say where another process holds it
LONGEST_TEXT = 200


@contextmanager
def lock_folder(directory):
    """Have a folder, which is made if it is missing, to oneself; an empty one goes again with the lock.

    Raises BlockingIOError, which says who has it, and OSError. On a file system that knows no locks there
    is a warning, and it is had without one.
    """
    directory = Path(directory)
    missing = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / LOCK_FILE
    descriptor = _locked(path)
    try:
        yield
    finally:
        if os.name != "nt" and _is_at(path, descriptor):  # before anybody else can have the lock
            path.unlink()
        os.close(descriptor)
        with suppress(OSError):
            if os.name == "nt":  # which deletes no open file, also not that of the next holder
                path.unlink()
            for folder in missing:
                folder.rmdir()


def _locked(path):
    """The descriptor of the file at path, on which this process holds the lock now."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in TAKEN:
                holder = _text(descriptor) or "another process"
                os.close(descriptor)
                raise BlockingIOError(
                    f"{path.parent} is in use by {holder}: wait until that has ended, or choose another "
                    "folder with --out"
                ) from None
            warnings.warn(
                f"{path.parent} cannot be locked ({error.strerror}): start no second run in it",
                stacklevel=4,
            )
        if _is_at(path, descriptor):
            break
        os.close(descriptor)  # the file of a run that has deleted it since, at its end
    started = time.strftime("%Y-%m-%d %H:%M:%S")
    with suppress(OSError):  # on a full disk nobody learns the name, but the lock holds
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()} since {started}\n".encode())
    return descriptor


def _lock(descriptor):
    """Take the lock, or raise OSError at once."""
    if os.name == "nt":
        os.lseek(descriptor, BEYOND, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _text(descriptor):
    """Who holds the lock, by his own words, of which only visible characters are passed on."""
    with suppress(OSError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        text = os.read(descriptor, LONGEST_TEXT).decode("utf-8", errors="replace").strip()
        return "".join(character for character in text if character.isprintable())
    return ""


def _is_at(path, descriptor):
    """Whether an open file is the one at path, which may have been deleted or replaced since."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False
