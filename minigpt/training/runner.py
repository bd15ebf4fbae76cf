"""One batch over all cores: shards for the worker threads, micro-batches for the caches.

NumPy multiplies matrices on every core but does all else, exp and tanh and sums, on one. So the batch is
cut into as many shards as there are workers; each worker thread runs the whole forward and backward of
its shard with a BLAS of one thread, and everything is on every core. NumPy lets go of Python's lock
while it computes, and pure functions share nothing. In a long run processes stand in for the threads, which
changes no bit (processes.py).

A shard in turn goes through in micro-batches of a few sequences: their activations stay in the
processor's cache between one layer and the next, where those of the whole batch would go out to memory.

Cutting changes no result. The loss is a mean over all counted targets, so every piece divides by the
count of the whole batch, and losses and gradients add up; they are added in a fixed order, so that one
seed and one number of workers give the same bits.
"""

import ctypes
import math
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from minigpt.backend import on_host, to_device, to_host
from minigpt.cores import cores, one_blas_thread
from minigpt.layers import dropout_streams

CACHE_FLOATS = 800_000  # numbers in the widest activations of a block, (B, T, 4C): what a core's cache likes
LOGITS_FLOATS = 4_000_000  # numbers in the logits, (B, T, V), which are met once only and may go to memory

LOCK_SECONDS = 1e-4  # after which a thread that waits for Python's lock asks for it; 5e-3 by default

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h


def default_workers():
    """The processors this process may use; one on a GPU, which spreads the work by itself."""
    return cores() if on_host() else 1


def default_micro_batch(config, n_tokens):
    """How many rows of n_tokens each keep activations within CACHE_FLOATS and logits within LOGITS_FLOATS."""
    size = LOGITS_FLOATS // (config.vocab_size * n_tokens)
    if hasattr(config, "n_embd"):
        size = min(size, CACHE_FLOATS // (4 * config.n_embd * n_tokens))
    return max(1, size)


def keep_freed_memory():
    """Ask glibc to keep the memory of freed arrays for the next ones.

    By default it hands large blocks back to the system at every release, and the next array of that size
    faults its pages in again one by one, which costs a third of a training step. Elsewhere than in glibc
    (musl, macOS, Windows) there is no mallopt, and nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)  # never shrink the heap …
        mallopt(M_MMAP_THRESHOLD, 32 << 20)  # … and take all but the largest arrays from it


class Threads(ThreadPoolExecutor):
    """Threads that say what to do where the system gives no more of them."""

    def submit(self, *call):
        try:
            return super().submit(*call)
        except RuntimeError as error:
            if "start new thread" not in str(error):
                raise
            raise MemoryError(
                f"no thread beside {len(self._threads)} of --workers could be started"
            ) from None


class BatchRunner:
    """Runs batches of any size through a model on worker threads."""

    def __init__(self, model, workers=None, micro_batch=None):
        self.model = model
        self.workers = workers or default_workers()
        self.micro_batch = micro_batch
        self.pool = Threads(self.workers, thread_name_prefix="shard")

    def __enter__(self):
        keep_freed_memory()
        one_blas_thread.__enter__()  # for a single worker too (cores.py says why)
        # Shards are equal, so their threads come back from NumPy at the same moments and meet at the lock.
        self.switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(LOCK_SECONDS)
        return self

    def __exit__(self, *error):
        self.pool.shutdown()
        sys.setswitchinterval(self.switch_interval)
        one_blas_thread.__exit__()

    def loss_and_grads(self, *batch, dropout_key=None):
        """The batch's mean loss, a float, and its gradients.

        batch: the NumPy arrays that the model's loss_and_grads takes, idx and targets (B, T) for a language
        model; the first axis of each is cut. dropout_key (seed, step) switches dropout on; the mask of a
        sequence depends on the key and on its row in the batch alone.
        """
        losses, shards = zip(*self._of_shards(self.shard_loss_and_grads, batch, dropout_key))
        return sum(losses), self._added(shards)

    def loss(self, *batch):
        """The mean loss alone, a float: no dropout and no gradients."""
        return sum(self._of_shards(self.shard_loss, batch))

    def shard_loss_and_grads(self, rows, batch, n_counted, dropout_key):
        """What rows, a slice, give to the mean loss of the whole batch (a float), and to its gradients."""
        parts = self._micro_batches(rows, batch[0][0].size)
        loss, grads = 0.0, self._empty_grads(rows, len(parts))
        for part in parts:
            rngs = dropout_streams(*dropout_key, part.start, part.stop - part.start) if dropout_key else None
            with np.errstate(over="ignore", invalid="ignore"):  # whoever called looks at what comes out
                part_loss, grads = self.model.loss_and_grads(
                    *self._part(batch, part), rngs=rngs, n_counted=n_counted, grads=grads
                )
            loss += float(to_host(part_loss))
        return loss, grads

    def shard_loss(self, rows, batch, n_counted):
        """What rows, a slice, give to the mean loss of the whole batch, a float."""
        parts = (self._part(batch, part) for part in self._micro_batches(rows, batch[0][0].size))
        return sum(float(to_host(self.model.loss(*part, n_counted=n_counted))) for part in parts)

    def for_each(self, function, names):
        """Call function(name) for every parameter's name, on all worker threads.

        Each takes the largest that nobody has taken yet: what a parameter costs depends on the optimiser too.
        """
        waiting = sorted(names, key=lambda name: self.model.params[name].size)

        def take_and_call(_):
            while waiting:
                try:
                    name = waiting.pop()
                except IndexError:  # another thread has just taken the last
                    return
                function(name)

        return list(self.pool.map(take_and_call, range(self.workers)))

    # What follows is otherwise where several processes share the batches (distributed.py); here there is one.

    def total(self, number):
        """The sum of what the processes give."""
        return number

    def any(self, happened):
        """Whether it happened in any of the processes."""
        return bool(self.total(happened))

    def whole_grads(self, grads):
        """All gradients, where the processes have parts of them."""
        return grads

    def whole_optimizer(self, optimizer):
        """The optimiser with all moments, where the processes have parts of them."""
        return optimizer

    def check_same_weights(self):
        """Raise ValueError if the processes do not hold the same weights."""

    def _empty_grads(self, rows, n_parts):
        """What a shard's gradients are added into, which come in n_parts parts."""
        return {}

    def _added(self, shards):
        """The sum of the gradients of all shards."""
        grads, *others = shards

        def add_others(name):
            for other_grads in others:
                grads[name] += other_grads[name]

        if others:
            self.for_each(add_others, grads)
        return grads

    def _of_shards(self, run, batch, *more):
        """What each shard gives, a list, in order; run: shard_loss_and_grads or shard_loss."""
        n_counted = self.model.n_counted(*batch)
        shards = self._shards(len(batch[0]))
        return list(self.pool.map(lambda rows: run(rows, batch, n_counted, *more), shards))

    def _part(self, batch, rows):
        return [to_device(array[rows]) for array in batch]

    def _shards(self, n_rows):
        """Contiguous slices of nearly equal size, one a worker, none of them empty."""
        bounds = [n_rows * i // self.workers for i in range(self.workers + 1)]
        return [slice(start, stop) for start, stop in zip(bounds, bounds[1:]) if start < stop]

    def _micro_batches(self, rows, n_tokens):
        """Slices of at most micro_batch rows, nearly equal. A GPU takes the whole shard by default."""
        n_rows = rows.stop - rows.start
        most = self.micro_batch or (default_micro_batch(self.model.config, n_tokens) if on_host() else n_rows)
        n_parts = math.ceil(n_rows / most)
        bounds = [rows.start + n_rows * i // n_parts for i in range(n_parts + 1)]
        return list(map(slice, bounds, bounds[1:]))
