"""Ctrl-C, SIGTERM and a terminal that is closed (SIGHUP): an exception, or in the loop a request.

Both end a run so that what was begun is cleared away and what was saved stands. A signal that whoever started
the program has it ignore, as `nohup` and `… &` do, stays ignored.
"""

import signal
from contextlib import contextmanager

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


class Interrupted(KeyboardInterrupt):
    """What a signal raises, with the signal's number."""

    def __init__(self, number):
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.number = number


def exit_status(interruption):
    """The status that a shell has for a program that a signal ended: 130 (Ctrl-C), 143 or 129."""
    return 128 + getattr(interruption, "number", signal.SIGINT)


def interrupt(number, frame):
    """A handler: raise Interrupted, wherever the program is."""
    raise Interrupted(number)


@contextmanager
def handled(handler):
    """Within, signals that are not ignored go to a handler; afterwards to whom they went before."""
    previous = {number: signal.getsignal(number) for number in SIGNALS}
    heard = [number for number in SIGNALS if previous[number] != signal.SIG_IGN]
    try:
        for number in heard:
            signal.signal(number, handler)
        yield
    finally:
        for number in heard:
            signal.signal(number, previous[number])


class StopRequest:
    """While active, the first signal sets `requested`; a second one interrupts at once."""

    def __enter__(self):
        self.requested = False
        self.handlers = handled(self._handle)
        self.handlers.__enter__()
        return self

    def __exit__(self, *error):
        self.handlers.__exit__(None, None, None)

    def _handle(self, number, frame):
        if self.requested:
            interrupt(number, frame)
        self.requested = True
