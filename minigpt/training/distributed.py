"""Many processes, one model: the batch is cut among machines, and MPI adds up the gradients.

    mpiexec -n 4 python train.py --distributed

Every process holds the whole model and draws the same batch, from seed and step, but runs its own rows of it
only. Losses and gradients are divided by the count of the whole batch, so that those of all processes add up
to what one process would have found:

    g = Σ g_rank over the processes           g_rank: the gradient of the rows of one process

Each process gets the sum for its share of the parameters, moves these, and gives them to the others
(shares.py). Blocks are summed while backward is still at work below them (sums.py).

What else there is to do, the process of rank 0 does alone: it reads the command line and the data, prints,
draws the bar and writes. The others get from it what is to be trained, once, and look on in silence. Token
ids do not travel: each process opens the file of them and reads the windows that it needs.
"""

import copy
import copyreg
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
from minigpt.optim import AdamW
from minigpt.training.runner import BatchRunner, default_workers
from minigpt.training.shares import Message, deal, messages
from minigpt.training.sums import LOOKS, SOON_SECONDS, Sums

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
        if MPI.Query_thread() < MPI.THREAD_SERIALIZED:
            raise ValueError(
                "--distributed sends while it computes, but this MPI is for programs of one thread: take one "
                "that is built for several, as that of pip install 'minigpt[mpi]' is"
            )
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
        """What process 0 gives, in all of them: each its own copy. Memory-mapped files are opened anew.

        An optimiser comes without its moments, which DistributedRunner deals.
        """
        content = packed(value) if self.rank == 0 else None
        self.wait()
        size = self.comm.bcast(content and len(content))
        content = bytearray(content or size)
        self.comm.Bcast([content, self.mpi.BYTE])
        # A pickle could run anything; this one never lay in a file: it comes from this very run's process 0.
        return value if self.rank == 0 else pickle.loads(content)

    def sum(self, array):
        """Replace a contiguous NumPy array by the sum of those of all processes, the same bits in all."""
        self._sleep_until(self.comm.Iallreduce(self.mpi.IN_PLACE, array))

    def start_sum_of_shares(self, array, share, counts):
        """Begin to sum arrays over the processes, each of which gets, in `share`, its part of the sum.

        counts: how many numbers each process gets. Returns what has a Test(), which is true when it is done.
        """
        return self.comm.Ireduce_scatter(array, share, counts)

    def exchange(self, array, counts):
        """Give the others this process's part of an array, and get theirs; they lie in the order of ranks."""
        self._sleep_until(self.comm.Iallgatherv(self.mpi.IN_PLACE, [array, counts]))

    def deal(self, whole, part, counts):
        """Fill each process's part from the whole array that process 0 has; the others give None for it."""
        self.comm.Scatterv([whole, counts] if self.rank == 0 else None, part)

    def collect(self, part, whole, counts):
        """Fill the whole array that process 0 gives with the parts of all; the others give None for it."""
        self.comm.Gatherv(part, [whole, counts] if self.rank == 0 else None)

    def gather(self, value):
        """A list of what each process gives, in the order of their ranks."""
        return self.comm.allgather(value)

    def wait(self):
        """Until all have come here, which may take long."""
        self._sleep_until(self.comm.Ibarrier(), LOOK_SECONDS)

    def _sleep_until(self, request, pause=SOON_SECONDS):
        """Until what was begun is done: asleep, and to be interrupted, where MPI's own waiting is neither.

        MPI looks without a pause, and on a busy machine may so keep the processor from whom it waits for.
        """
        while not any(request.Test() for _ in range(LOOKS)):
            time.sleep(pause)

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

    def runner(self, optimizer, model, workers=None, micro_batch=None):
        """A BatchRunner that shares its batches with the other processes; its threads share the machine.

        The optimiser is left with this process's share of the parameters.
        """
        workers = workers or max(1, default_workers() // self.local_size)
        return DistributedRunner(self, optimizer, model, workers, micro_batch)


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
    """Pickles a memory-mapped array as the place of its file, not as what is in it, and no moments."""

    def reducer_override(self, value):
        if isinstance(value, AdamW):
            without = value.__dict__ | {"m": dict.fromkeys(value.m), "v": dict.fromkeys(value.v)}
            return copyreg.__newobj__, (type(value),), without
        if type(value) is np.memmap and value.filename is not None:
            return np.memmap, (value.filename, value.dtype, "r", value.offset, value.shape)
        return NotImplemented


def packed(value):
    """A value as bytes, for pickle.loads."""
    content = io.BytesIO()
    Packer(content, protocol=5).dump(value)
    return content.getbuffer()


class DistributedRunner(BatchRunner):
    """A BatchRunner that runs its own rows of every batch; what it gives back comes of the rows of all."""

    def __init__(self, group, optimizer, model, workers, micro_batch):
        """optimizer: an AdamW or Muon over the model's trained parameters, with all moments in process 0.

        It is left with this process's share: the moments of that, and views of the parameters.
        """
        super().__init__(model, workers, micro_batch)
        self.group = group
        self.params = model.trained_params()
        self.cuts = deal(optimizer, self.params, group.size)
        self.sums = Sums(group, [self._message(names) for names in messages(self.params)])
        self.all = self._message(self.params)
        optimizer.params = {name: param[self._rows(name)] for name, param in self.params.items()}
        optimizer.m = {name: self._dealt(name, moments) for name, moments in optimizer.m.items()}
        optimizer.v = {name: self._dealt(name, moments) for name, moments in optimizer.v.items()}

    def __exit__(self, *error):
        self.sums.close()
        super().__exit__(*error)

    def loss_and_grads(self, *batch, dropout_key=None):
        """The loss of the rows of all processes, and this process's share of the gradients.

        The gradients are views of what the next call overwrites.
        """
        shards = self._shards(len(batch[0]))
        loss = 0.0
        self.sums.begin(len(shards))
        if shards:
            loss, _ = super().loss_and_grads(*batch, dropout_key=dropout_key)
        grads = self.sums.end()  # before anything else is said among the processes
        return self.total(loss), grads

    def loss(self, *batch):
        """As BatchRunner's, over the rows of all processes."""
        return self.total(super().loss(*batch))

    def for_each(self, function, names):
        """As BatchRunner's, of this process's share; then all get what the others have made of theirs."""
        done = super().for_each(function, names)
        self.all.put(self.group.rank, self.sums.flat)
        self.group.exchange(self.sums.flat, self.all.counts)
        self.all.take_others(self.group.rank, self.sums.flat)
        return done

    def total(self, number):
        """The sum of what the processes give, a float."""
        total = np.array([number], dtype=np.float64)
        self.group.sum(total)
        return float(total[0])

    def whole_grads(self, grads):
        """All gradients, in process 0; the others have theirs."""
        return self._collected({name: grads.get(name) for name in reversed(self.params)})

    def whole_optimizer(self, optimizer):
        """The optimiser with all moments, in process 0; the others have theirs."""
        whole = copy.copy(optimizer)
        whole.m, whole.v = self._collected(optimizer.m), self._collected(optimizer.v)
        return whole

    def check_same_weights(self):
        """Raise ValueError if the processes do not hold the same weights, bit by bit.

        Each sends what it has moved, so they do, unless a machine is not to be trusted.
        """
        checksum = 0
        for param in self.model.params.values():
            checksum = zlib.crc32(np.ascontiguousarray(to_host(param)), checksum)
        checksums = self.group.gather(checksum)
        for rank, other in enumerate(checksums):
            if other != checksums[0]:
                raise ValueError(
                    f"process {rank} no longer has the weights of process 0, bit by bit, though each was "
                    "sent to all: leave its machine out, or see that all have the same MPI and the same NumPy"
                )

    def _message(self, names):
        return Message(names, self.params, self.cuts, self.group.size)

    def _rows(self, name):
        """The rows of a parameter that this process moves."""
        return slice(*self.cuts[name][self.group.rank : self.group.rank + 2])

    def _counts(self, name):
        """How many numbers of a parameter each process moves."""
        cuts = np.array(self.cuts[name])
        return [int(n) for n in np.diff(cuts) * (self.params[name].size // len(self.params[name]))]

    def _dealt(self, name, moments):
        """This process's rows of moments that process 0 has, an array of its own."""
        part = np.empty_like(to_host(self.params[name][self._rows(name)]))
        self.group.deal(to_host(moments) if self.group.rank == 0 else None, part, self._counts(name))
        return to_device(part)

    def _collected(self, parts):
        """What each process has of some arrays, as a dict of whole ones in process 0."""
        whole = {}
        for name, part in parts.items():
            param = self.params[name]
            part = np.empty(0, param.dtype) if part is None else to_host(part)
            whole[name] = np.empty(param.shape, param.dtype) if self.group.rank == 0 else None
            self.group.collect(part, whole[name], self._counts(name))
        return {name: to_device(array) for name, array in whole.items()} if self.group.rank == 0 else parts

    def _empty_grads(self, rows, n_parts):
        return self.sums.gradients(rows.start, n_parts)

    def _added(self, shards):
        return self.sums.send_rest(shards)

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

    def keep(self, step, optimizer, measured=None):
        pass
