"""The sums of gradients over the processes, begun block by block while backward is still at work below.

Backward comes to the last block first. When all shards of this process's rows have the gradients of some
blocks, a thread beside them adds these up and begins their sum over the processes; the machines then talk
while the processors go on to the blocks below. Only what comes at the end, as the tables, has nothing left to
hide behind.
"""

import threading
import time

import numpy as np

from minigpt.training.runner import Threads

BESIDE_SECONDS = 2e-3  # of sleep between two looks whether more has come, while the workers compute
SOON_SECONDS, LOOKS = 5e-5, 20  # and between so many at once, while they wait: somebody may want the core


class Sums:
    """The sums of one step after the other: begin(), gradients() for each shard, send_rest(), end()."""

    def __init__(self, group, messages):
        """messages: what goes together (shares.Message), in the order in which backward is done with it."""
        self.group = group
        self.messages = messages
        sizes = [message.size for message in messages]
        self.flat = np.zeros(sum(sizes), messages[0].dtype)
        self.flats = np.split(self.flat, np.cumsum(sizes)[:-1])  # views, one a message
        self.shares = [np.zeros(message.counts[group.rank], message.dtype) for message in messages]
        self.sender = Threads(1, thread_name_prefix="sums")
        self.lock = threading.Lock()
        self.closed = False

    def close(self):
        """End the thread, also where others never come to what it waits for."""
        self.closed = True
        self.sender.shutdown()

    def begin(self, n_shards):
        """A new step, of gradients from so many shards; there may be none."""
        self.n_shards = n_shards
        self.arrived = [{} for _ in self.messages]  # for each message, the shards that have all of it
        self.sent = []
        self.pause, self.looks = BESIDE_SECONDS, 1

    def gradients(self, shard, n_parts):
        """An empty dict for the gradients of a shard, to which so many backward passes add theirs.

        shard: a number that is larger for those that are to be added later.
        """

        def complete(number, grads):
            with self.lock:
                self.arrived[number][shard] = grads
                self._send_in_order()

        return Gradients(n_parts, self.messages[:-1], complete)

    def _send_in_order(self):
        """Send what all shards have, in the order of all processes, or they would add up unlike things."""
        while len(arrived := self.arrived[len(self.sent)]) == self.n_shards:
            self._send([arrived[shard] for shard in sorted(arrived)])

    def send_rest(self, shards):
        """Begin with all that has not begun: all gradients are there, a dict of each shard, in order."""
        self.pause, self.looks = SOON_SECONDS, LOOKS
        while len(self.sent) < len(self.messages):
            self._send(shards)

    def end(self):
        """This process's share of the summed gradients, when it is there; the next step overwrites it."""
        self.send_rest([])  # a process without rows has not come there yet
        grads = {}
        for message, share, sent in zip(self.messages, self.shares, self.sent):
            sent.result()
            grads |= message.share(self.group.rank, share)
        self.arrived = self.sent = None  # they hold the gradients of all shards
        return grads

    def _send(self, shards):
        self.sent.append(self.sender.submit(self._sum, len(self.sent), shards))

    def _sum(self, number, shards):
        message, flat = self.messages[number], self.flats[number]
        message.put_sum(shards, flat)
        request = self.group.start_sum_of_shares(flat, self.shares[number], message.counts)
        while not (self.closed or any(request.Test() for _ in range(self.looks))):
            time.sleep(self.pause)


class Gradients(dict):
    """The gradients of a shard by name, which backward adds into, and which tells what is complete."""

    def __init__(self, n_parts, messages, complete):
        """complete(number, gradients) is called when all of messages[number] has come n_parts times."""
        super().__init__()
        self.number = {name: i for i, message in enumerate(messages) for name in message.names}
        self.missing = [n_parts * len(message.names) for message in messages]
        self.complete = complete

    def __setitem__(self, name, grad):
        super().__setitem__(name, grad)
        number = self.number.get(name)
        if number is None:
            return
        self.missing[number] -= 1
        if self.missing[number] == 0:
            self.complete(number, self)
        if self.missing[number] < 0:
            raise RuntimeError(f"a gradient of {name} came after its sum had begun")
