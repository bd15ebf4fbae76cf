"""Plant bugs, one at a time, in a copy of the project, and see whether the tests turn red.

    python tests/plant_bugs.py                        all bugs, some minutes on two processors
    python tests/plant_bugs.py attention optim        those of the files whose path contains one of the words
    python tests/plant_bugs.py --json bugs.json       what became of each of them, also as a file

A falling loss proves nothing: a transformer with a transposed dK trains too. What proves the tests is that
each of the mistakes in the folder planted is noticed.

Asked are the tests that import the file: first those that do so directly, the cheapest first, without
PyTorch and then with it; then all others. The first that turns red ends the search. How long a test file
takes is measured before any bug is planted, and kept in the system's temporary folder until a file changes.

Tests that are not green before a bug is planted, a line that is no longer found exactly once, and a planted
line that does not even run are errors. Exit status 0 only if every bug was noticed.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from import_graph import ROOT, mentions, nearest_tests
from planted import BUGS

COPIED = ("minigpt", "tokenizer", "tests", "data", "docs", "benchmarks", "README.md", "pyproject.toml")
COPIED += ("train.py", "generate.py")
LEFT_OUT = ("__pycache__", ".hypothesis", "downloads")
TIME_LIMIT = 600  # seconds for the tests of one bug
HIDDEN = ("torch", "transformers")  # in the first attempt
USE_HIDDEN = (*HIDDEN, "peft")  # words of a test that says more where they are not hidden
GREEN, RED, NOTHING_RUN = 0, 1, 5  # pytest's exit status
MEASURED = Path(tempfile.gettempdir()) / "minigpt_test_times.json"


def copy_project(directory):
    """The project without caches, to be broken."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
        else:
            shutil.copy(ROOT / name, directory / name)
    hiding = directory / "hiding"
    hiding.mkdir()
    for name in HIDDEN:
        text = f'raise ModuleNotFoundError("{name} is hidden", name="{name}")\n'
        (hiding / f"{name}.py").write_text(text, encoding="utf-8", newline="\n")


def checksum_of_project():
    """Changes with any file that is copied."""
    digest = hashlib.sha256()
    for name in COPIED:
        files = sorted((ROOT / name).rglob("*")) if (ROOT / name).is_dir() else [ROOT / name]
        for path in files:
            if path.is_file() and not set(LEFT_OUT) & set(path.parts) and "planted" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode("utf-8") + path.read_bytes())
    return digest.hexdigest()


def run_tests(tests, with_torch, directory):
    """pytest's exit status in a copy, and its output."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)
    if not with_torch:
        environment["PYTHONPATH"] = str(directory / "hiding")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "--tb=short", "-p", "no:cacheprovider", *tests],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIME_LIMIT,
        check=False,
    )
    return run.returncode, run.stdout.decode("utf-8", errors="replace")


class NotGreen(Exception):
    """A test is red before any bug is planted."""


class TestTimes:
    """How long the tests of a file take, green and with nothing planted; measured where it is first asked."""

    __test__ = False  # for pytest: this is none of its classes

    def __init__(self):
        self.project = checksum_of_project()
        stored = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.is_file() else {}
        self.seconds = stored.get("seconds", {}) if stored.get("project") == self.project else {}
        self.locks, self.lock = {}, threading.Lock()

    def of(self, test, with_torch, directory):
        """Seconds; None where every test of the file is skipped. Raises NotGreen."""
        key = f"{test} {'with' if with_torch else 'without'} PyTorch"
        with self.lock:
            lock = self.locks.setdefault(key, threading.Lock())
        with lock:  # the other processes wait for the one that measures
            if key not in self.seconds:
                started = time.perf_counter()
                status, output = run_tests([test], with_torch, directory)
                if status not in (GREEN, NOTHING_RUN):
                    raise NotGreen(f"{output}\n{key}: not green even before a bug is planted")
                with self.lock:
                    self.seconds[key] = time.perf_counter() - started if status == GREEN else None
                    content = {"project": self.project, "seconds": self.seconds}
                    MEASURED.write_text(json.dumps(content), encoding="utf-8", newline="\n")
        return self.seconds[key]


def attempts(bug):
    """What is asked in its order: lists of test files with their distance, and whether with PyTorch."""
    if bug.tests:
        asked = [dict.fromkeys(bug.tests.split(), 0)]
    else:
        found = nearest_tests(bug.path)
        near = max(1, min(found.values()))
        asked = [
            {test: steps for test, steps in found.items() if steps <= near},
            {test: steps for test, steps in found.items() if steps > near},
        ]
    for tests in asked:
        yield tests, False
        yield (
            {test: steps for test, steps in tests.items() if mentions(test.split("::")[0], USE_HIDDEN)},
            True,
        )


def plant(bug, times, directory):
    """Plant a bug, run its tests, take it out again: how it was noticed, or UNNOTICED, or ERROR and why."""
    path = directory / bug.path
    right = path.read_text(encoding="utf-8")
    if right.count(bug.original) != 1:
        return f"ERROR: the line is there {right.count(bug.original)} times"
    wrong = right.replace(bug.original, bug.planted)
    try:
        compile(wrong, bug.path, "exec")
        for tests, with_torch in attempts(bug):
            seconds = {test: times.of(test, with_torch, directory) for test in tests}
            order = [test for test in tests if seconds[test] is not None]
            order.sort(key=lambda test: (tests[test], seconds[test]))
            if not order:
                continue
            path.write_text(wrong, encoding="utf-8", newline="\n")
            status, output = run_tests(order, with_torch, directory)
            path.write_text(right, encoding="utf-8", newline="\n")
            if status == RED and "NameError: name" not in output:
                failed = re.search(r"^FAILED (\S+)", output, re.MULTILINE)
                name = "with PyTorch" if with_torch else "without PyTorch"
                return f"{name}: {failed[1] if failed else '?'}"
            if status not in (GREEN, NOTHING_RUN):
                return f"ERROR: pytest ended with {status}: {output.strip().splitlines()[-1]}"
        return "UNNOTICED"
    except SyntaxError as error:
        return f"ERROR: the planted line does not run: {error}"
    except subprocess.TimeoutExpired:
        return f"ERROR: no answer in {TIME_LIMIT} s"
    finally:
        path.write_text(right, encoding="utf-8", newline="\n")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Plant bugs and see whether the tests notice.")
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="only files whose path contains one of these"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="at once")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what became of every bug")
    return parser.parse_args()


def main():
    args = parse_arguments()
    bugs = [bug for bug in BUGS if not args.words or any(word in bug.path for word in args.words)]
    if not bugs:
        sys.exit(f"no bug is planted in a file with {' or '.join(args.words)} in its path")
    started, times = time.perf_counter(), TestTimes()
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(args.processes) as pool:
        copies = Queue()
        for number in range(args.processes):
            copy_project(Path(temporary) / str(number))
            copies.put(Path(temporary) / str(number))

        def with_a_copy(bug):
            directory, began = copies.get(), time.perf_counter()
            try:
                return plant(bug, times, directory), time.perf_counter() - began
            finally:
                copies.put(directory)

        results = []
        try:
            for bug, (verdict, seconds) in zip(bugs, pool.map(with_a_copy, bugs)):
                print(f"{bug.path:<38} {bug.what:<52} {verdict} ({seconds:.0f} s)", flush=True)
                results.append((bug, verdict, seconds))
        except NotGreen as error:
            pool.shutdown(cancel_futures=True)
            sys.exit(str(error))

    print_table(results)
    noticed = sum(was_noticed(verdict) for _, verdict, _ in results)
    print(f"{noticed} of {len(bugs)} bugs were noticed, in {time.perf_counter() - started:.0f} s")
    if args.json:
        rows = [bug._asdict() | {"verdict": verdict, "seconds": seconds} for bug, verdict, seconds in results]
        text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
        args.json.write_text(text, encoding="utf-8", newline="\n")
    sys.exit(0 if noticed == len(bugs) else 1)


def was_noticed(verdict):
    return verdict.startswith("with")


def print_table(results):
    """How many bugs each file has, and how many of them were noticed."""
    print(f"\n{'file':<38} {'bugs':>5} {'noticed':>8}")
    for path in sorted({bug.path for bug, _, _ in results}):
        verdicts = [verdict for bug, verdict, _ in results if bug.path == path]
        print(f"{path:<38} {len(verdicts):>5} {sum(map(was_noticed, verdicts)):>8}")
    print(f"{'all':<38} {len(results):>5} {sum(was_noticed(verdict) for _, verdict, _ in results):>8}")


if __name__ == "__main__":
    main()
