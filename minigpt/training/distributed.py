"""Many processes, one model: the batch is cut among machines, and MPI adds up the gradients.

    mpiexec -n 4 python train.py --distributed

Every process holds the whole model and draws the same batch, from seed and step, but runs its own rows of it
only. Losses and gradients are divided by the count of the whole batch, so that those of all processes add up
to what one process would have found; after one sum (an allreduce) all of them take the same step:

    g = Σ g_rank over the processes           g_rank: the gradient of the rows of one process

What else there is to do, the process of rank 0 does alone: it reads the command line and the data, prints,
draws the bar and writes. The others get from it what is to be trained, once, and look on in silence. Token
ids do not travel: each process opens the file of them and reads the windows that it needs.
"""

import io
import os
import pickle
import socket
import sys
import time
import traceback
import zlib

import numpy as np

from minigpt.backend import to_device, to_host
from minigpt.training.runner import BatchRunner, default_workers

LOOK_SECONDS = 0.02  # between two looks whether the others have come, where that may take long
LAST_WORD_SECONDS = 0.5  # in which mpiexec passes on what was said, of which it drops the rest at the end
FIRST_WORD_SECONDS = 1.0  # by which process 0 is the first to say what all of them may have met


class Group:
    """The processes that mpiexec has started together; this one is `rank` of `size`, the first is 0."""

    def __init__(self):
        """Join the others. Raises ValueError without mpi4py, and where there are no others."""
        try:
            from mpi4py import MPI
        except (ImportError, RuntimeError) as error:  # RuntimeError: mpi4py without an MPI
            raise ValueError(
                f"--distributed needs MPI, which cannot be loaded ({error}): pip install 'minigpt[mpi]', or "
                "leave --distributed out"
            ) from None
        self.mpi, self.comm = MPI, MPI.COMM_WORLD
        self.rank, self.size = self.comm.Get_rank(), self.comm.Get_size()
        if self.size == 1:
            raise ValueError(
                "--distributed was given to one process alone: start several with mpiexec -n 4 python "
                "train.py --distributed (that of the MPI which mpi4py was built for), or leave it out"
            )
        of_machine = self.comm.Split_type(MPI.COMM_TYPE_SHARED)
        self.local_rank, self.local_size = of_machine.Get_rank(), of_machine.Get_size()
        self.stderr = sys.stderr
        sys.excepthook = self._end_unexpected
        choose_gpu(self.local_rank)
        if self.rank:
            sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")

    def __str__(self):
        return f"{self.size} processes"

    def check_batch(self, n_rows):
        """Raise ValueError for a batch in which there is no sequence for some process."""
        if n_rows < self.size:
            raise ValueError(
                f"a batch of {n_rows} sequences (--batch-size times --grad-accum) has no work for all "
                f"{self.size} processes: take a larger batch, or start at most {n_rows}"
            )

    def share(self, value=None):
        """What process 0 gives, in all of them: each its own copy. Memory-mapped files are opened anew."""
        content = packed(value) if self.rank == 0 else None
        self.wait()
        size = self.comm.bcast(content and len(content))
        content = bytearray(content or size)
        self.comm.Bcast([content, self.mpi.BYTE])
        # A pickle could run anything; this one never lay in a file: it comes from this very run's process 0.
        return value if self.rank == 0 else pickle.loads(content)

    def sum(self, array):
        """Replace a contiguous NumPy array by the sum of those of all processes, the same bits in all."""
        self.comm.Allreduce(self.mpi.IN_PLACE, array)

    def gather(self, value):
        """A list of what each process gives, in the order of their ranks."""
        return self.comm.allgather(value)

    def wait(self):
        """Until all have come here: asleep, and to be interrupted, where MPI's own waiting is neither."""
        request = self.comm.Ibarrier()
        while not request.Test():
            time.sleep(LOOK_SECONDS)

    def end(self, said, status):
        """Say why, and end all processes with an exit status.

        What all have met process 0 tells, and the others are gone before their turn comes.
        """
        if self.rank:
            time.sleep(FIRST_WORD_SECONDS)
            said = f"process {self.rank} on {socket.gethostname()}: {said}"
        if said:
            print(said, file=self.stderr)
        self.stderr.flush()
        time.sleep(LAST_WORD_SECONDS)
        self.comm.Abort(status)
        os._exit(status)  # some MPIs come back from it

    def _end_unexpected(self, kind, error, trace):
        self.end("".join(traceback.format_exception(kind, error, trace)), 1)

    def runner(self, model, workers=None, micro_batch=None):
        """A BatchRunner that shares its batches with the other processes; its threads share the machine."""
        return DistributedRunner(
            model, workers or max(1, default_workers() // self.local_size), micro_batch, self
        )


def choose_gpu(local_rank):
    """One GPU a process: of those that CUDA would show, let it show the one with the number local_rank.

    Where a queueing system has given each process one of its own, that is it.
    """
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    if shown is None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(local_rank)
    elif "," in shown:
        gpus = shown.split(",")
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[local_rank] if local_rank < len(gpus) else ""


class Packer(pickle.Pickler):
    """Pickles a memory-mapped array as the place of its file, not as what is in it."""

    def reducer_override(self, value):
        if type(value) is np.memmap and value.filename is not None:
            return np.memmap, (value.filename, value.dtype, "r", value.offset, value.shape)
        return NotImplemented


def packed(value):
    """A value as bytes, for pickle.loads."""
    content = io.BytesIO()
    Packer(content, protocol=5).dump(value)
    return content.getbuffer()


class DistributedRunner(BatchRunner):
    """A BatchRunner that runs its own rows of every batch, and gives back the results of all of them."""

    def __init__(self, model, workers, micro_batch, group):
        super().__init__(model, workers, micro_batch)
        self.group = group
        trained = reversed(model.trained_params().items())  # as backward comes to them
        self.slices, size = {}, 0  # where each gradient lies in one flat array
        for name, param in trained:
            self.slices[name] = slice(size, size + param.size)
            size += param.size
        self.flat = np.zeros(size, dtype=param.dtype)

    def loss_and_grads(self, *batch, dropout_key=None):
        """As BatchRunner's, over the rows of all processes. The next call overwrites the gradients."""
        loss, grads = 0.0, {}
        if self._shards(len(batch[0])):
            loss, grads = super().loss_and_grads(*batch, dropout_key=dropout_key)
        for name, rows in self.slices.items():
            self.flat[rows] = to_host(grads[name]).reshape(-1) if grads else 0
        self.group.sum(self.flat)  # one large message, through the host
        summed = {
            name: to_device(self.flat[rows].reshape(self.model.params[name].shape))
            for name, rows in self.slices.items()
        }
        return self._sum(loss), summed

    def loss(self, *batch):
        """As BatchRunner's, over the rows of all processes."""
        return self._sum(super().loss(*batch))

    def any(self, happened):
        """Whether it happened in any of the processes."""
        return bool(self._sum(happened))

    def check_same_weights(self):
        """Raise ValueError if the processes do not hold the same weights, bit by bit.

        They take the same steps from the same gradients, so they do, unless their processors compute
        differently.
        """
        checksum = 0
        for param in self.model.params.values():
            checksum = zlib.crc32(np.ascontiguousarray(to_host(param)), checksum)
        checksums = self.group.gather(checksum)
        for rank, other in enumerate(checksums):
            if other != checksums[0]:
                raise ValueError(
                    f"process {rank} no longer has the weights of process 0, bit by bit: use machines with "
                    "processors of one kind, and the same versions of Python and NumPy on them"
                )

    def _sum(self, number):
        total = np.array([number], dtype=np.float64)
        self.group.sum(total)
        return float(total[0])

    def _shards(self, n_rows):
        """Those of this process, one a worker: of its rows, which may be none."""
        group = self.group
        first, end = n_rows * group.rank // group.size, n_rows * (group.rank + 1) // group.size
        return [slice(first + rows.start, first + rows.stop) for rows in super()._shards(end - first)]


class RunElsewhere:
    """A run (run.py) as the processes see it that do not keep it: how far it has come, and its log."""

    def __init__(self, step, lines):
        self.step = step
        self.lines = list(lines)
        self.log = self

    def add(self, line):
        self.lines.append(line)

    def flush(self):
        pass

    def keep(self, step, measured=None):
        pass
