"""Several processes that share batches, as threads of this one: a group for a runner without MPI."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np

from minigpt import AdamW, GPTConfig
from minigpt.training.distributed import DistributedRunner

B, T = 5, 6
CONFIG = GPTConfig(vocab_size=11, block_size=T, n_layer=2, n_head=2, n_embd=8, dropout=0.3)


class Threads:
    """What a runner needs of a Group, for processes that are threads of this one."""

    def __init__(self, size):
        self.size, self.given, self.barrier = size, [None] * size, threading.Barrier(size)

    def member(self, rank):
        member = Threads.__new__(Threads)
        member.__dict__.update(self.__dict__, rank=rank, sent=[])
        return member

    def gather(self, value):
        self.barrier.wait(20)
        self.given[self.rank] = value
        self.barrier.wait(20)
        return list(self.given)

    def sum(self, array):
        everyones = self.gather(array.copy())
        array[...] = sum(everyones[1:], everyones[0])

    def start_sum_of_shares(self, array, share, counts):
        self.sent.append(array.size)
        summed = array.copy()
        self.sum(summed)
        share[...] = np.split(summed, np.cumsum(counts)[:-1])[self.rank]
        return SimpleNamespace(Test=lambda: True)

    def exchange(self, array, counts):
        parts = self.gather(np.split(array, np.cumsum(counts)[:-1])[self.rank].copy())
        array[...] = np.concatenate(parts)

    def deal(self, whole, part, counts):
        whole = self.gather(whole)[0]
        part.reshape(-1)[...] = np.split(whole.reshape(-1), np.cumsum(counts)[:-1])[self.rank]

    def collect(self, part, whole, counts):
        parts = self.gather(part.reshape(-1).copy())
        if self.rank == 0:
            assert [part.size for part in parts] == counts
            whole.reshape(-1)[...] = np.concatenate(parts)
        else:
            assert whole is None


def together(size, function):
    """What function(group) returns in each of `size` processes, a list."""
    group = Threads(size)
    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(lambda rank: function(group.member(rank)), range(size)))


def batch(n_rows=B):
    idx, targets = np.random.default_rng(2).integers(11, size=(2, n_rows, T))
    targets[0, :4] = -100
    return idx, targets


def alone(model, group, workers=1, micro_batch=None, kind=AdamW):
    """A runner of one of several processes, and its optimiser."""
    optimizer = kind(model.trained_params(), lr=0.02, weight_decay=0.1)
    return DistributedRunner(group, optimizer, model, workers, micro_batch), optimizer
