"""train.py, stopped at its n-th write: killed, on a disk that is full from there on, or by a signal.

    python tests/run_at_writes.py        reads one JSON object a line, answers with one a line

    {"flags": ["--out", …], "stop": "kill", "at": 7}    ->    {"status": -9, "n": 7, "output": "…"}

A write is whatever changes the disk: a file that is opened to be written to, what is written to it, its
flush, its renaming and deleting, a folder that is made. The n-th is done by half where it can be (half of
the bytes are on the disk), and then comes the end. With "at" null nothing is stopped, and n is how many there
are. What takes long to be imported is imported once; each line is done by a process of its own.
"""

import builtins
import errno
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.modules["matplotlib"] = None  # a curve takes longer to draw than all the rest; it has a test of its own

import train  # noqa: E402
from minigpt.tasks import pretrain  # noqa: E402

pretrain.SAMPLE_TOKENS = 3

SIGNALS = {"SIGINT": signal.SIGINT, "SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP}


class Writes:
    """Counts the writes below a folder; at one of them comes the end."""

    def __init__(self, folder, stop, at):
        self.folder, self.stop, self.at = str(folder), stop, at
        self.n = 0

    def next(self, half=lambda: None):
        """Count one more; where it is the one, do half of it and stop."""
        self.n += 1
        if self.at is None or self.n < self.at:
            return
        if self.stop == "full":
            half()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.n == self.at:
            if self.stop == "kill":
                half()
                os.kill(os.getpid(), signal.SIGKILL)
            os.kill(os.getpid(), SIGNALS[self.stop])

    def is_meant(self, path):
        return isinstance(path, (str, os.PathLike)) and os.path.abspath(path).startswith(self.folder)

    def watch(self):
        """Put counting functions in the place of those that write."""
        for name in ("replace", "rename", "mkdir", "truncate", "unlink", "rmdir"):
            setattr(os, name, self.counting(getattr(os, name), frees=name in ("unlink", "rmdir")))
        original = builtins.open

        def open_and_count(path, mode="r", *args, **kwargs):
            if not self.is_meant(path) or not set(mode) & set("wax+"):
                return original(path, mode, *args, **kwargs)
            self.next()
            return CountedFile(original(path, mode, *args, **kwargs), self)

        builtins.open = open_and_count
        os.fsync = lambda descriptor: self.next()  # a kill loses nothing that the system has, and it is slow

    def counting(self, function, frees):
        def counted(path, *args, **kwargs):
            if self.is_meant(path) and not (frees and self.stop == "full"):  # a full disk can be emptied
                self.next()
            return function(path, *args, **kwargs)

        return counted


class CountedFile:
    """An open file whose writes are counted. What is written is at once with the system."""

    def __init__(self, file, writes):
        self.file, self.writes = file, writes

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def _write_now(self, content):
        self.file.write(content)
        self.file.flush()

    def write(self, content):
        self.writes.next(lambda: self._write_now(content[: len(content) // 2]))
        self._write_now(content)
        return len(content)


def run(job):
    """What became of one job. The answer's status is as subprocess has it: minus the signal that killed."""
    output, count = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    child = os.fork()
    if child == 0:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        if job.get("silent"):
            full = os.open("/dev/full", os.O_WRONLY)
            os.dup2(full, 1)
            os.dup2(full, 2)
        sys.argv = ["train.py", *job["flags"]]
        status, writes = 0, Writes(job["folder"], job.get("stop"), job.get("at"))
        try:
            writes.watch()
            train.main()
        except SystemExit as end:
            status = end.code or 0
        except BaseException:
            import traceback

            traceback.print_exc(file=sys.__stderr__)
            status = 1
        os.write(count.fileno(), str(writes.n).encode())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    _, status = os.waitpid(child, 0)
    output.seek(0)
    count.seek(0)
    return {
        "status": os.waitstatus_to_exitcode(status),
        "n": int(count.read() or -1),
        "output": output.read().decode("utf-8", errors="replace"),
    }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
