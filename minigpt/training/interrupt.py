"""Ctrl-C and SIGTERM as a request that the training loop honours between two steps."""

import signal


class StopRequest:
    """While active, the first signal sets `requested`; a second Ctrl-C interrupts at once."""

    def __enter__(self):
        self.requested = False
        self.previous = {
            number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *error):
        for number, handler in self.previous.items():
            signal.signal(number, handler)

    def _handle(self, number, frame):
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
