import os
import signal
import sys

import pytest

from minigpt.training.interrupt import StopRequest

SIGNALS = [signal.SIGINT] if sys.platform == "win32" else [signal.SIGINT, signal.SIGTERM]


def send(number):
    if sys.platform == "win32":
        signal.raise_signal(number)
    else:
        os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_asks_and_the_second_interrupts(number):
    before = signal.getsignal(number)
    signal.signal(number, lambda *_: pytest.fail("the signal was not taken over"))
    try:
        with StopRequest() as stop:
            assert not stop.requested
            send(number)
            assert stop.requested
            with pytest.raises(KeyboardInterrupt):
                send(number)
    finally:
        signal.signal(number, before)


def test_afterwards_signals_are_handled_as_before():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with StopRequest():
        during = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert all(a != b for a, b in zip(before, during))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
