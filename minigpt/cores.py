"""On which cores the work is done: BLAS has one thread here, and what is parallel is cut in this project.

NumPy's BLAS can spread one matrix product over all cores. Its threads then wait for one another at the end
of each product, and a GPT is thousands of small ones. On a machine that does nothing else this costs a
little; as soon as another program wants a core, every product waits until the thread that was sent away is
let in again, and the same work takes several times as long. So BLAS runs on one thread wherever minigpt
computes (`one_blas_thread`), and work that is large enough is cut into few large pieces: each thread has one,
and goes through several products before it meets the others, or whoever is free takes the next (`Team`;
training/runner.py's shards meet once a batch).
"""

import functools
import os
import threading
import weakref
from functools import partial
from queue import SimpleQueue

from threadpoolctl import ThreadpoolController


def cores():
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache  # it looks through all loaded libraries
def blas_libraries():
    """The BLAS of NumPy and of what else is loaded; none where it takes no orders (Apple's Accelerate)."""
    return ThreadpoolController().select(user_api="blas").lib_controllers


def set_blas_threads(numbers):
    """Give each BLAS its number of threads.

    threadpoolctl (from 3.6 on) takes the first thread that asks for the one that decides, and passes over all
    others in silence. Here whoever asks decides, and the next one too.
    """
    for library, number in zip(blas_libraries(), numbers):
        release = getattr(library, "clear_controlling_thread", lambda force: None)
        release(force=True)
        library.set_num_threads(number)
        release(force=True)


class OneBlasThread:
    """A context in which BLAS has one thread. The number belongs to the process, so there is one of these.

    It may be entered again within itself and by several threads at once. The last one to leave gives back
    what the first one found: the machine's number, OMP_NUM_THREADS or a caller's threadpool_limits.
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.n_inside = 0
        self.found = []  # the number of threads of each library

    def __enter__(self):
        with self.lock:
            if self.n_inside == 0:
                self.found = [library.num_threads for library in blas_libraries()]
                set_blas_threads([1] * len(self.found))
            self.n_inside += 1

    def __exit__(self, *error):
        with self.lock:
            self.n_inside -= 1
            if self.n_inside == 0:
                set_blas_threads(self.found)

    def threads_allowed(self):
        """How many threads whoever called lets BLAS have, at most one a core: as many may compute here."""
        with self.lock:
            found = self.found if self.n_inside else [library.num_threads for library in blas_libraries()]
        return min([cores(), *found])


one_blas_thread = OneBlasThread()


class Team:
    """A few threads that do one thing together: each its part (run), or who is free the next piece (each).

    Member 0 is the thread that calls, so a team of one is a plain function call. The others live as long as
    the team. Raises MemoryError where the system gives no more threads.
    """

    def __init__(self, size):
        self.size = size
        self.barrier = threading.Barrier(size)
        self.calls = [SimpleQueue() for _ in range(size - 1)]  # what each other one is to call; None: end
        weakref.finalize(self, dismiss, self.calls)
        try:
            for calls in self.calls:
                threading.Thread(target=obey, args=(calls,), name="team", daemon=True).start()
        except RuntimeError:
            raise MemoryError(
                f"no second thread of {size} could be started: set OMP_NUM_THREADS=1 to do without"
            ) from None

    def run(self, work):
        """Call work(member) for every member at once, and return when all are done. They may meet.

        Raises what a member raised. Members that wait for one that failed are let go.
        """
        if self.size == 1:
            work(0)
            return
        done = SimpleQueue()

        def part(member):
            error = failure(work, member)
            if error is not None:
                self.barrier.abort()
            done.put(error)

        for member, calls in enumerate(self.calls, start=1):
            calls.put(partial(part, member))
        part(0)
        errors = [done.get() for _ in range(self.size)]
        if self.barrier.broken:
            self.barrier.reset()
        raise_one_of(errors)

    def each(self, n, work):
        """Call work(piece) for every piece of range(n), and return when all are done. They do not meet.

        A member that has no processor keeps nobody waiting: the others take its pieces, and when it comes, no
        piece is left. Raises what a piece raised, when the others are done.
        """
        if self.size == 1:
            for piece in range(n):
                work(piece)
            return
        # Popped from the end, at the same time by all: a list allows that. Each member finds one None.
        left, done = [None] * self.size + list(reversed(range(n))), SimpleQueue()

        def take():
            for piece in iter(left.pop, None):
                done.put(failure(work, piece))

        for calls in self.calls:
            calls.put(take)
        take()
        raise_one_of([done.get() for _ in range(n)])

    def meet(self):
        """Wait until every member is here, in run."""
        if self.size > 1:
            self.barrier.wait()

    def share(self, member, n):
        """The part of range(n) that is a member's, a slice: all parts are nearly equal, some may be empty."""
        return slice_of(n, member, self.size)


def slice_of(n, part, n_parts):
    """One of n_parts slices of range(n): all are nearly equal, and some empty where n is less."""
    return slice(n * part // n_parts, n * (part + 1) // n_parts)


def obey(calls):
    """What a member's thread does: call what comes, until None does."""
    while (call := calls.get()) is not None:
        call()
        del call  # and what it holds, while this thread waits for the next one


def dismiss(queues):
    """End the threads of a team that is no more."""
    for calls in queues:
        calls.put(None)


def failure(work, part):
    """Call work(part): what it raised, or None."""
    try:
        work(part)
    except BaseException as error:
        return error
    return None


def raise_one_of(errors):
    """Raise one of a list of errors and Nones, if there is any: rather a cause than a meeting it broke up."""
    errors = [error for error in errors if error is not None]
    if errors:
        raise min(errors, key=lambda error: isinstance(error, threading.BrokenBarrierError))
