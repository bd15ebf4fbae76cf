"""What a benchmark says besides its table: on which machine, with which libraries; and all of it as JSON.

A figure without its processor is worth little: NumPy's OpenBLAS picks its kernels by it. Files of two
machines, or of two commits, can be laid side by side:

    {"benchmark": "training", "commit": "…", "changed": false, "date": "2026-01-31T12:00:00+00:00",
     "processor": "AMD EPYC …", "cores": 2, "system": "Linux-…", "python": "3.13.1",
     "libraries": {"numpy": "2.4.0", …}, "blas": [{"name": "openblas", "version": "…", "kernels": "Zen"}],
     "settings": {"turns": 7, …}, "rows": [{"layers": 4, …, "ours_seconds": 0.03}, …]}

Times are in seconds and memory in bytes, where a name does not say otherwise.
"""

import argparse
import json
import os
import platform
import subprocess
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy  # noqa: F401, its BLAS is there to be asked once it is loaded
from threadpoolctl import threadpool_info

from minigpt.interchange.files import write_atomically

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ("numpy", "regex", "safetensors", "torch", "transformers", "tokenizers", "tiktoken")


def add_json_flag(parser):
    parser.add_argument("--json", type=file_to_write, metavar="FILE", help="write the table here too")


def file_to_write(text):
    """A type for argparse: a path in a folder that exists, so that a slip of the pen loses no minutes."""
    path = Path(text)
    if not path.parent.is_dir() or path.is_dir():
        raise argparse.ArgumentTypeError(f"{path} cannot be written: give a file in a folder that exists")
    return path


def machine():
    """Everything about this machine and its libraries that a figure depends on, as JSON can hold it."""
    blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return {
        "processor": processor_name(),
        "cores": cores(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "libraries": {name: found for name in LIBRARIES if (found := version_of(name))},
        "blas": [
            {
                "name": library["internal_api"],
                "version": library["version"],
                "kernels": library.get("architecture"),
            }
            for library in blas
        ],
    }


def describe_machine():
    """The two lines above a table."""
    here = machine()
    kernels = ", ".join(f"{blas['name']} with its kernels for {blas['kernels']}" for blas in here["blas"])
    versions = ", ".join(f"{name} {found}" for name, found in here["libraries"].items())
    return f"{here['processor']}, {here['cores']} cores; {kernels or 'a BLAS without a name'}\n{versions}"


def write_json(path, benchmark, settings, rows):
    """The table of one run as a file. settings: a dict; rows: a list of dicts. Raises OSError."""
    report = {
        "benchmark": benchmark,
        **commit(),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **machine(),
        "settings": settings,
        "rows": rows,
    }
    write_atomically(path, (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))


def commit():
    """The commit that is checked out, and whether tracked files differ from it; None where git cannot say."""

    def git(*arguments):
        answer = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True)
        return answer.stdout.decode("utf-8").strip()

    try:
        changes = git("status", "--porcelain", "--untracked-files=no")
        return {"commit": git("rev-parse", "HEAD"), "changed": bool(changes)}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "changed": None}


def processor_name():
    """As the manufacturer calls it, such as "AMD EPYC 9654 96-Core Processor"; the kind if it has no name."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():  # Linux
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    if platform.system() == "Darwin":
        asked = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, check=False)
        if asked.returncode == 0:
            return asked.stdout.decode("utf-8").strip()
    return platform.processor() or platform.machine()


def cores():
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def version_of(package):
    """The version of an installed package; None if there is none. The package itself is not loaded."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
