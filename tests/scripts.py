"""Scripts as a user runs them, in a process of their own or, which is faster, in this one."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
TRAIN, GENERATE = [str(ROOT / "train.py")], [str(ROOT / "generate.py")]
TOKENIZER = ["-m", "tokenizer"]

# A model that trains in a moment. A flag that a test gives again, behind these, counts instead.
TINY = "--n-layer 2 --n-head 2 --n-embd 8 --block-size 8 --batch-size 4 --eval-iters 2 --workers 2".split()


def start_script(script, *flags, environment=None, cwd=None, stdout=subprocess.PIPE):
    """A script as a process that runs; what it finds on standard input is up to finish()."""
    return subprocess.Popen(
        [sys.executable, *script, *map(str, flags)],
        env=os.environ | (environment or {}),
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


def finish(process, status=0, stdin=""):
    """Wait for a process: its standard output and standard error. Any other exit status is a failure."""
    written = process.communicate(stdin.encode("utf-8"), timeout=120)
    out, error = ((stream or b"").decode("utf-8") for stream in written)
    assert process.returncode == status, error
    return out, error


def run_script(script, *flags, status=0, stdin="", environment=None, cwd=None):
    """A script in a process of its own, from start to end: its standard output and standard error."""
    return finish(start_script(script, *flags, environment=environment, cwd=cwd), status, stdin)


def run_main(main, *flags, status=0, stdin=""):
    """The main() of a script in this process: its standard output and standard error."""
    out, error = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    given = io.TextIOWrapper(io.BytesIO(stdin.encode("utf-8")), encoding="utf-8")
    ended_with = 0
    with (
        patch.object(sys, "argv", [f"{main.__module__}.py", *map(str, flags)]),
        patch.object(sys, "stdin", given),
        redirect_stdout(out),
        redirect_stderr(error),
    ):
        try:
            main()
        except SystemExit as stop:
            ended_with = stop.code or 0
        sys.stdout.flush()
        sys.stderr.flush()
    out, error = (stream.buffer.getvalue().decode("utf-8") for stream in (out, error))
    assert ended_with == status, error
    return out, error


def refusal(main, *flags, stdin=""):
    """The sentence on standard error with which main() ends, as it must, with exit status 2."""
    _, error = run_main(main, *flags, status=2, stdin=stdin)
    last = error.strip().splitlines()[-1]
    assert "Traceback" not in error and last.startswith(f"{main.__module__}.py: error: ")
    return last
