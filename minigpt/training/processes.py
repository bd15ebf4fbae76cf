"""Worker processes in the place of worker threads: every shard has a Python of its own.

Threads wait for one another without any need: Python's lock lets one of them at a time run what lies between
two calls of NumPy, and of a small model that is a good part of a step. Processes share no lock. They share
the parameters, in memory that all of them see (shared_arrays.py), and each leaves its gradients in such
memory too. A step is

    here                                  in each other process
    copy the parameters to all            wait
    send the batch                        receive it
    run the first shard                   run another one, leave its gradients
    receive the losses                    send the loss
    add up the gradients                  wait

and clipping and optimiser are as ever, on threads of this process, which then has the only copy of everything
that is to be kept. What is computed is the same to the bit as on threads: runner.py's shards, added in its
order.

The others are programs of their own (`python -c "… serve()"`), so it is the same on all systems. They see no
Ctrl-C, which is this process's to answer, and end when it ends, however it does. What one raises comes out
where the batch was given; one that is gone is said to be.
"""

import contextlib
import io
import os
import pickle
import subprocess
import sys
import traceback

import numpy as np

from minigpt.backend import on_host, use_backend
from minigpt.training.runner import BatchRunner, default_workers
from minigpt.training.shared_arrays import SharedArrays, shapes_of

WORTH_STARTING = 200  # batches: to start takes half a second, of which a step wins back a few milliseconds

LAST_WORD_SECONDS = 5  # in which a process that no longer answers may end by itself

PROTOCOL = 5  # of pickle: arrays go over as they are

SERVE = "import sys; sys.path[:] = sys.argv[1:]; from minigpt.training.processes import serve; serve()"

# A new session, or group, gets no Ctrl-C of the terminal.
if sys.platform == "win32":
    APART = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
else:
    APART = {"start_new_session": True}


def runner_for(n_batches, model, workers=None, micro_batch=None):
    """A BatchRunner for so many batches, with worker processes where these are worth their start."""
    workers = workers or default_workers()
    kind = ProcessRunner if workers > 1 and on_host() and n_batches >= WORTH_STARTING else BatchRunner
    return kind(model, workers, micro_batch)


class ProcessRunner(BatchRunner):
    """A BatchRunner whose first shard runs here, each other one in a process of its own; for NumPy only."""

    def __enter__(self):
        """Raises OSError where no more processes can be started, and MemoryError."""
        self.shared = SharedArrays(shapes_of(self.model.params))
        super().__enter__()
        self.others = []
        try:
            self._share(self.model.params)
            for _ in range(self.workers - 1):
                self.others.append(Worker(self.model, self.shared, self.micro_batch))
            for other in self.others:
                other.answer()  # that it is there
        except BaseException:
            self.__exit__()
            raise
        finally:
            self.shared.close_handle()
        return self

    def __exit__(self, *error):
        for other in self.others:
            other.end()
        super().__exit__(*error)

    def _of_shards(self, run, batch, *more):
        n_counted = self.model.n_counted(*batch)
        first, *rest = self._shards(len(batch[0]))
        asked = self.others[: len(rest)]
        self._share(self.model.trained_params())  # as the optimiser, or whoever it was, has left them
        for other, rows in zip(asked, rest):
            other.ask(run.__name__, rows, batch, n_counted, *more)
        return [run(first, batch, n_counted, *more), *(other.answer() for other in asked)]

    def _share(self, params):
        """Let the others see these parameters as they are now."""
        self.for_each(lambda name: self.shared.put(name, params[name]), params)


class Worker:
    """Another process, as the one that it works for sees it: asked for a shard, it owes an answer."""

    def __init__(self, model, params, micro_batch):
        """params: the SharedArrays of the model's parameters. The first answer is that it is there."""
        names = {id(param): name for name, param in model.params.items()}
        model_without_params = packed(model, names)
        self.grads = SharedArrays(shapes_of(model.trained_params()))
        handles = [params.handle, self.grads.handle]
        inherited = {} if sys.platform == "win32" else {"pass_fds": handles}
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                **APART,
                **inherited,
            )
        except OSError as error:
            raise OSError(
                f"no process could be started beside this one ({error.strerror}): give fewer --workers"
            ) from None
        finally:
            self.grads.close_handle()
        self.owes = False
        try:
            self.ask(*handles, shapes_of(params), shapes_of(self.grads), model_without_params, micro_batch)
        except BaseException:  # nobody else knows of it yet
            self.end()
            raise

    def ask(self, *message):
        """Send what it is to do. What it owes from before, of a call that was broken off, goes unheard."""
        if self.owes:
            self._outcome()
        message = pickle.dumps(message, PROTOCOL)
        self.owes = True
        try:
            self.process.stdin.write(message)
            self.process.stdin.flush()
        except OSError:  # a BrokenPipeError, but not on Windows
            raise self._gone() from None
        except BaseException:  # in the middle of it
            self.process.kill()
            raise

    def answer(self):
        """Wait for what it owes. Raises what it raised, and ChildProcessError if it is no more."""
        value, trace = self._outcome()
        if isinstance(value, Exception):
            raise value from RuntimeError(f"in a worker process:\n{trace}")
        return value

    def _outcome(self):
        try:
            outcome = unpacked(self.process.stdout, self.grads)
        except (EOFError, pickle.UnpicklingError):
            raise self._gone() from None
        except BaseException:  # in the middle of it
            self.process.kill()
            raise
        self.owes = False
        return outcome

    def _gone(self):
        """The sentence on a process that has ended while it was needed."""
        try:
            status = self.process.wait(LAST_WORD_SECONDS)
        except subprocess.TimeoutExpired:  # it is there, but not in its senses
            self.process.kill()
            status = self.process.wait()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        why = ", as happens where memory is short" if status == -9 else ""
        return ChildProcessError(
            f"a worker process has ended before its time, {how}{why}: go on with --resume from what was "
            "saved, and with fewer --workers (1: this process alone)"
        )

    def end(self):
        """It holds nothing that could be lost."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with contextlib.suppress(OSError):  # of what it no longer read
            self.process.stdin.close()


class ServingRunner(BatchRunner):
    """The runner in another process: it leaves gradients where both see them."""

    def __init__(self, model, micro_batch, grads):
        """grads: the SharedArrays of the gradients."""
        super().__init__(model, 1, micro_batch)
        self.grads = grads

    def shard_loss_and_grads(self, *shard):
        loss, grads = super().shard_loss_and_grads(*shard)
        for name, grad in grads.items():
            self.grads.put(name, grad)
        return loss, {name: self.grads[name] for name in grads}


def serve():
    """The program of another process: run the shards that are asked for, until nobody is there to ask."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # should anything be printed
    with contextlib.suppress(EOFError, pickle.UnpicklingError, BrokenPipeError):  # the other one's end
        use_backend("numpy")
        params_handle, grads_handle, params, grads, model, micro_batch = pickle.load(sys.stdin.buffer)
        grads = SharedArrays(grads, grads_handle)
        names = {id(grad): name for name, grad in grads.items()}

        def tell(value, trace):
            try:
                answer = packed((value, trace), names)
            except Exception:  # of an error that cannot be sent
                answer = packed((RuntimeError(repr(value)), trace), names)
            answers.write(answer)
            answers.flush()

        params = SharedArrays(params, params_handle)
        model, trace = outcome(unpacked, io.BytesIO(model), params)
        if trace:
            tell(model, trace)
            return
        with ServingRunner(model, micro_batch, grads) as runner:
            tell(None, "")
            while True:
                name, *shard = pickle.load(sys.stdin.buffer)
                tell(*outcome(getattr(runner, name), *shard))
    os._exit(0)  # without a last word: there is nobody to hear it


def outcome(function, *arguments):
    """What a function gives, or the exception that it raises, and where that was."""
    try:
        return function(*arguments), ""
    except Exception as error:
        return error, traceback.format_exc()


class Packer(pickle.Pickler):
    """Pickles a value with names in the places of the arrays that both processes have."""

    def __init__(self, file, names):
        super().__init__(file, PROTOCOL)
        self.names = names

    def persistent_id(self, value):
        return self.names.get(id(value)) if isinstance(value, np.ndarray) else None


class Unpacker(pickle.Unpickler):
    """Opens what a Packer has made, with the arrays of this process in the places of the names.

    A pickle could run anything; these never lie in a file: they come from the program that started this one,
    or that this one has started.
    """

    def __init__(self, file, arrays):
        super().__init__(file)
        self.arrays = arrays

    def persistent_load(self, name):
        return self.arrays[name]


def packed(value, names):
    """A value as bytes, but for the arrays in it that names knows by their id."""
    content = io.BytesIO()
    Packer(content, names).dump(value)
    return content.getvalue()


def unpacked(file, arrays):
    """The next packed value in a file; arrays: those that are meant, by name."""
    return Unpacker(file, arrays).load()
