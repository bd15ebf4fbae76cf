"""Plant bugs, one at a time, in a copy of the project, and see whether the tests turn red.

    python tests/plant_bugs.py                        all bugs, some minutes on two processors
    python tests/plant_bugs.py attention optim        those of the files whose path contains one of the words
    python tests/plant_bugs.py --near attention       asked are the nearest tests alone
    python tests/plant_bugs.py --json bugs.json       what became of each of them, also as a file

A falling loss proves nothing: a transformer with a transposed dK trains too. What proves the tests is that
each of the mistakes in the folder planted is noticed.

Asked are the tests that import the file: first the test of its name, then those that import it directly, then
all others; each time without PyTorch and then with it, the cheapest first. The first that turns red ends the
search. What the test files cost is measured as they run, and kept in the system's temporary folder; so is
that they are green with nothing planted, which is seen to before a red one counts, until a file changes. All
run in forks of a process that has imported the large packages once (pytest_server.py): not on Windows.

Tests that are not green without a bug, a line that is no longer found exactly once, and a planted line that
does not even run are errors. Exit status 0 only if every bug was noticed.
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
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from queue import Queue

from import_graph import ROOT, distances, mentions, nearest_tests
from planted import ASKED_FIRST, BUGS

COPIED = (
    "minigpt",
    "tokenizer",
    "tests",
    "data",
    "docs",
    "benchmarks",
    "README.md",
    "README.zh.md",
    "pyproject.toml",
)
COPIED += ("train.py", "generate.py")
LEFT_OUT = ("__pycache__", ".hypothesis", "downloads")
TIME_LIMIT = 600  # seconds for the tests of one bug
HIDDEN = ("torch", "transformers")  # in the first attempt
USE_HIDDEN = (*HIDDEN, "peft")  # words of a test that says more where they are not hidden
PRELOADED = (
    "numpy",
    "hypothesis",
    "regex",
    "tqdm",
    "safetensors.numpy",
    "threadpoolctl",
    "matplotlib.pyplot",
)
PRELOADED_WITH_TORCH = ("torch", "transformers.models.gpt2.modeling_gpt2", "peft")
GREEN, RED, NOTHING_RUN = 0, 1, 5  # pytest's exit status
KNOWN = Path(tempfile.gettempdir()) / "minigpt_tests.json"  # of the tests, from one use to the next


class Copy:
    """The project without caches, to be broken, and two servers that run its tests."""

    def __init__(self, directory):
        self.directory = directory
        for name in COPIED:
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns(*LEFT_OUT)
                shutil.copytree(ROOT / name, directory / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, directory / name)
        hiding = directory / "hiding"
        hiding.mkdir()
        for name in HIDDEN:
            text = f'raise ModuleNotFoundError("{name} is hidden", name="{name}")\n'
            (hiding / f"{name}.py").write_text(text, encoding="utf-8", newline="\n")
        self.servers = {}  # by whether PyTorch is seen
        self.n_written = 0

    def start_server(self, with_torch):
        packages = (*PRELOADED, *PRELOADED_WITH_TORCH) if with_torch else PRELOADED
        environment = os.environ | {
            "OMP_NUM_THREADS": "1",
            "MPLBACKEND": "Agg",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment.pop("PYTHONPATH", None)
        if not with_torch:
            environment["PYTHONPATH"] = str(self.directory / "hiding")
        return subprocess.Popen(
            [sys.executable, "tests/pytest_server.py", *packages],
            cwd=self.directory,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def write(self, path, text):
        """Write a source file. Its time is one that it never had, so that no old bytecode is taken for it."""
        (self.directory / path).write_text(text, encoding="utf-8", newline="\n")
        self.n_written += 1
        os.utime(self.directory / path, (self.n_written, self.n_written))

    def run_tests(self, tests, with_torch):
        """pytest's exit status, or "late", and its output."""
        output = self.directory / "output.txt"
        output.write_bytes(b"")
        if with_torch not in self.servers:
            self.servers[with_torch] = self.start_server(with_torch)
        server = self.servers[with_torch]
        arguments = ["-x", "-q", "--tb=short", "--durations=0", "-p", "no:cacheprovider", *tests]
        server.stdin.write(json.dumps([arguments, str(output), TIME_LIMIT]) + "\n")
        server.stdin.flush()
        answer = server.stdout.readline().strip()
        text = output.read_text(encoding="utf-8", errors="replace")
        return answer if answer == "late" else int(answer), text

    def close(self):
        for server in self.servers.values():
            server.stdin.close()
            server.wait()
            server.stdout.close()


@cache
def checksum(test):
    """Changes with any file that a test imports."""
    digest = hashlib.sha256(sys.version.encode("utf-8"))
    for path in sorted(distances(test)):
        digest.update(path.encode("utf-8") + (ROOT / path).read_bytes())
    return digest.hexdigest()


class NotGreen(Exception):
    """A test is red before any bug is planted."""


class Known:
    """What is known of each test file, from one use to the next: its seconds, and that it is green."""

    def __init__(self):
        stored = json.loads(KNOWN.read_text(encoding="utf-8")) if KNOWN.is_file() else {}
        self.seconds, self.green = stored.get("seconds", {}), set(stored.get("green", ()))
        self.lock = threading.Lock()

    def cost(self, test):
        """Seconds of a test file, as far as it was ever run; unknown ones are as cheap as a small file."""
        return self.seconds.get(test, (ROOT / test).stat().st_size / 1e4)

    def note_seconds(self, output):
        """Take up the durations that pytest has printed."""
        seconds = Counter()
        for figure, test in re.findall(
            r"^([\d.]+)s (?:call|setup|teardown) +([^:\s]+)::", output, re.MULTILINE
        ):
            seconds[test] += float(figure)
        for test, figure in seconds.items():
            self.seconds[test] = max(figure, self.seconds.get(test, 0))

    def make_sure_of(self, test, with_torch, copy):
        """Raises NotGreen for a test file that is red with nothing planted."""
        key = f"{test} {with_torch} {checksum(test)}"
        if key in self.green:
            return
        status, output = copy.run_tests([test], with_torch)
        if status != GREEN:
            raise NotGreen(f"{output}\n{test} is not green even before a bug is planted")
        self.note_seconds(output)
        with self.lock:
            self.green.add(key)
            content = json.dumps({"seconds": self.seconds, "green": sorted(self.green)})
            KNOWN.write_text(content, encoding="utf-8", newline="\n")


def attempts(bug, near_only=False):
    """What is asked in its order: dicts from test files to their distance, and whether with PyTorch."""
    if bug.tests:
        levels = [dict.fromkeys(bug.tests.split(), 0)]
    else:
        found = nearest_tests(bug.path) | dict.fromkeys(ASKED_FIRST.get(bug.path, ()), 0)
        levels = [
            {test: steps for test, steps in found.items() if steps in distance}
            for distance in ((0,), (1,), range(2, len(found) + 99))
        ]
    if near_only:
        levels = [tests for tests in levels if tests][:1]
    for tests in levels:
        yield tests, False
        if not near_only:
            with_torch = [test for test in tests if mentions(test.split("::")[0], USE_HIDDEN)]
            yield {test: tests[test] for test in with_torch}, True


def doubling(tests):
    """Lists of one test, two, four, …: the first mostly notices, and the many need not be collected."""
    start, size = 0, 1
    while start < len(tests):
        yield tests[start : start + size]
        start, size = start + size, 2 * size


def plant(bug, asked, known, copy):
    """Plant a bug, run its tests, take it out again: how it was noticed, or UNNOTICED, or ERROR and why."""
    right = (copy.directory / bug.path).read_text(encoding="utf-8")
    if right.count(bug.original) != 1:
        return f"ERROR: the line is there {right.count(bug.original)} times"
    wrong = right.replace(bug.original, bug.planted)
    for tests, with_torch in asked:
        order = sorted(tests, key=lambda test: (tests[test], known.cost(test.split("::")[0])))
        for files in doubling(order):
            copy.write(bug.path, wrong)
            try:
                status, output = copy.run_tests(files, with_torch)
            finally:
                copy.write(bug.path, right)
            known.note_seconds(output)
            failed = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
            does_not_run = re.search(r"^E +NameError: name", output, re.MULTILINE)
            if status == RED and failed and not does_not_run:
                known.make_sure_of(failed[1].split("::")[0], with_torch, copy)
                return f"{'with' if with_torch else 'without'} PyTorch: {failed[1]}"
            if status not in (GREEN, NOTHING_RUN):
                return f"ERROR: pytest ended with {status}: {(output.strip().splitlines() or [''])[-1]}"
    return "UNNOTICED"


def parse_arguments():
    parser = argparse.ArgumentParser(description="Plant bugs and see whether the tests notice.")
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="only files whose path contains one of these"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="at once")
    parser.add_argument("--near", action="store_true", help="ask only the nearest tests, without PyTorch")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what became of every bug")
    return parser.parse_args()


def main():
    args = parse_arguments()
    bugs = [bug for bug in BUGS if not args.words or any(word in bug.path for word in args.words)]
    if not bugs:
        sys.exit(f"no bug is planted in a file with {' or '.join(args.words)} in its path")
    started, known = time.perf_counter(), Known()
    asked = {bug: list(attempts(bug, args.near)) for bug in bugs}  # read at once, as all files are copied
    for test in {test for attempt in asked.values() for tests, _ in attempt for test in tests}:
        checksum(test.split("::")[0])
    results = []
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(args.processes) as pool:
        copies, free = [Copy(Path(temporary) / str(number)) for number in range(args.processes)], Queue()
        for copy in copies:
            free.put(copy)

        def with_a_copy(bug):
            copy, began = free.get(), time.perf_counter()
            try:
                return plant(bug, asked[bug], known, copy), time.perf_counter() - began
            finally:
                free.put(copy)

        try:
            for bug, (verdict, seconds) in zip(bugs, pool.map(with_a_copy, bugs)):
                print(f"{bug.path:<38} {bug.what:<52} {verdict} ({seconds:.0f} s)", flush=True)
                results.append((bug, verdict, seconds))
        except NotGreen as error:
            pool.shutdown(cancel_futures=True)
            sys.exit(str(error))
        finally:
            for copy in copies:
                copy.close()

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
