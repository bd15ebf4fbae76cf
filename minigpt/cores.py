"""On which cores the work is done: BLAS has one thread here, and what is parallel is cut in this project.

NumPy's BLAS can spread one matrix product over all cores. Its threads then wait for one another at the end
of each product, and a GPT is thousands of small ones. On a machine that does nothing else this costs a
little; as soon as another program wants a core, every product waits until the thread that was sent away is
let in again, and the same work takes several times as long. So BLAS runs on one thread wherever minigpt
computes (`one_blas_thread`), and work that is large enough is cut into a few large pieces, of which each goes
through several products before it meets the others (`Team`; training/runner.py's shards meet once a batch).
"""

import functools
import os
import threading
from concurrent.futures import ThreadPoolExecutor

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
    """A few threads that do one thing together: each its part, and here and there they meet.

    Member 0 is the thread that calls, so a team of one is a plain function call. The others live as long as
    the team.
    """

    def __init__(self, size):
        self.size = size
        self.barrier = threading.Barrier(size)
        self.others = ThreadPoolExecutor(size - 1, thread_name_prefix="team") if size > 1 else None

    def run(self, work):
        """Call work(member) for every member at once, and return when all are done.

        Raises what a member raised, and MemoryError where the system gives no more threads. Members that wait
        for one that failed are let go.
        """
        futures = []
        try:
            for member in range(1, self.size):
                futures.append(self.others.submit(self._part, work, member))
            self._part(work, 0)
        except RuntimeError as error:
            if "start new thread" in str(error):
                self.barrier.abort()
                raise MemoryError(
                    f"no second thread of {self.size} could be started: set OMP_NUM_THREADS=1 to do without"
                ) from None
            if not isinstance(error, threading.BrokenBarrierError):  # else another member says why
                raise
        finally:
            errors = [future.exception() for future in futures]  # waits for them
            if self.barrier.broken:
                self.barrier.reset()
        for error in errors:
            if error is not None and not isinstance(error, threading.BrokenBarrierError):
                raise error

    def _part(self, work, member):
        try:
            work(member)
        except BaseException:
            self.barrier.abort()
            raise

    def meet(self):
        """Wait until every member is here."""
        if self.size > 1:
            self.barrier.wait()

    def share(self, member, n):
        """The part of range(n) that is a member's, a slice: all parts are nearly equal, some may be empty."""
        return slice(n * member // self.size, n * (member + 1) // self.size)
