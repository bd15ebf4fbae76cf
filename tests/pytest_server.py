"""pytest in forks of one process, which has imported the large packages already: runs begin at once.

    python tests/pytest_server.py numpy hypothesis      reads requests from standard input, a line each

A request is a JSON list: the arguments of pytest, the file that its output goes to, and a limit in seconds.
The answer, a line too, is pytest's exit status, or "late". Nothing of the project may be imported here: the
forks are to find it as it stands then. It takes os.fork, which Windows lacks.
"""

import importlib
import json
import os
import signal
import sys
import time

import pytest


def run(arguments, output, limit):
    """Fork, and wait for the fork: its exit status, or "late" if it had to be ended."""
    child = os.fork()
    if child == 0:
        os.setsid()  # a group of its own, with whatever it starts
        for target, descriptor in ((os.devnull, 0), (output, 1), (output, 2)):
            os.dup2(os.open(target, os.O_RDWR | os.O_CREAT | os.O_APPEND), descriptor)
        status = pytest.main(arguments)
        sys.stdout.flush()
        os._exit(int(status))
    end = time.monotonic() + limit
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "late"


def main():
    for package in sys.argv[1:]:
        try:
            importlib.import_module(package)
        except ImportError:  # hidden, or not installed
            pass
    for line in sys.stdin:
        print(run(*json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
