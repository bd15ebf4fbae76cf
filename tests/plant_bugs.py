"""Plant bugs, one at a time, in a copy of the project, and see whether the tests turn red.

    python tests/plant_bugs.py              all bugs, some minutes on two processors
    python tests/plant_bugs.py attention    those of the files whose path contains "attention"

A falling loss proves nothing: a transformer with a transposed dK trains too. What proves the tests is that
each of the mistakes in planted_bugs.py is noticed. The tests run first with PyTorch hidden, and once more
with it if nothing was noticed. Tests that are not green before any bug is planted, a line that is no longer
found exactly once, and a planted line that does not even run are errors. Exit status 0 only if every bug
was noticed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple

from planted_bugs import PLANTED
from planted_record_bugs import PLANTED_IN_RECORDS

ROOT = Path(__file__).resolve().parents[1]
COPIED = ["minigpt", "tokenizer", "tests", "docs", "train.py", "generate.py", "pyproject.toml"]
PROCESSES = 2
TIME_LIMIT = 180  # seconds for the tests of one bug
HIDDEN = ("torch", "transformers")  # in the first attempt


class Bug(NamedTuple):
    path: str
    tests: str
    what: str
    original: str  # must occur exactly once in the file
    planted: str


BUGS = [Bug(path, tests, *planted) for path, tests, bugs in PLANTED + PLANTED_IN_RECORDS for planted in bugs]


def copy_project(directory):
    """The project without caches, to be broken."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, directory / name)
    hiding = directory / "hiding"
    hiding.mkdir()
    for name in HIDDEN:
        text = f'raise ModuleNotFoundError("{name} is hidden", name="{name}")\n'
        (hiding / f"{name}.py").write_text(text, encoding="utf-8", newline="\n")


def run_tests(tests, with_torch, directory):
    """pytest's exit status in a copy: 0 all green, 1 some red, anything else a mistake; and its output."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)
    if not with_torch:
        environment["PYTHONPATH"] = str(directory / "hiding")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests.split()],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIME_LIMIT,
        check=False,
    )
    return run.returncode, run.stdout.decode("utf-8", errors="replace")


def plant(bug, directory):
    """Plant a bug, run its tests, take it out again: how it was noticed, or UNNOTICED, or ERROR and why."""
    path = directory / bug.path
    right = path.read_text(encoding="utf-8")
    if right.count(bug.original) != 1:
        return f"ERROR: the line is there {right.count(bug.original)} times"
    try:
        path.write_text(right.replace(bug.original, bug.planted), encoding="utf-8", newline="\n")
        for with_torch, name in [(False, "without PyTorch"), (True, "with PyTorch")]:
            status, output = run_tests(bug.tests, with_torch, directory)
            if status == 1:
                return name
            if status != 0:
                return f"ERROR: pytest ended with {status}: {output.strip().splitlines()[-1]}"
        return "UNNOTICED"
    except subprocess.TimeoutExpired:
        return f"ERROR: no answer in {TIME_LIMIT} s"
    finally:
        path.write_text(right, encoding="utf-8", newline="\n")


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    bugs = [bug for bug in BUGS if wanted in bug.path]
    if not bugs:
        sys.exit(f"no bug is planted in a file with {wanted!r} in its path")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(PROCESSES) as pool:
        copies = Queue()
        for number in range(PROCESSES):
            copy_project(Path(temporary) / str(number))
            copies.put(Path(temporary) / str(number))

        def with_a_copy(function, *args):
            directory = copies.get()
            try:
                return function(*args, directory)
            finally:
                copies.put(directory)

        tests = " ".join(dict.fromkeys(test for bug in bugs for test in bug.tests.split()))
        for with_torch in (False, True):
            status, output = with_a_copy(run_tests, tests, with_torch)
            if status != 0:
                sys.exit(f"{output}\nthe tests are not green even before a bug is planted")

        unnoticed = 0
        for bug, verdict in zip(bugs, pool.map(lambda bug: with_a_copy(plant, bug), bugs)):
            unnoticed += not verdict.startswith("with")
            print(f"{bug.path:<32} {bug.what:<46} {verdict}", flush=True)
    seconds = time.perf_counter() - started
    print(f"{len(bugs) - unnoticed} of {len(bugs)} bugs were noticed, in {seconds:.0f} s")
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
