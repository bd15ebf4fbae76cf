"""Arrays that several processes of one machine have together, in memory that has no name.

A block of shared memory with a name stays behind where nobody is left to remove it, after a `kill -9` of all
that used it. This one is a file without a name (Linux: of memory alone), which a process that is started
inherits open: it goes with the last process that has it, however that ends. On Windows, where files are not
inherited so, the block has a name, and the system itself takes it away with the last user.
"""

import mmap
import os
import secrets
import sys
import tempfile

import numpy as np

ALIGNED = 64  # bytes: arrays begin where a line of the cache begins


class SharedArrays(dict):
    """Arrays by name, shaped as others are, all in one block; `handle` opens the same block elsewhere."""

    def __init__(self, shapes, handle=None):
        """shapes: by name, each a pair of shape and dtype. handle: of those that another process made.

        Raises MemoryError where there cannot be so much. As of all memory, the system has it to give only
        when it is written to.
        """
        super().__init__()
        starts, end = {}, 0
        for name, (shape, dtype) in shapes.items():
            starts[name] = end
            n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
            end += -(-n_bytes // ALIGNED) * ALIGNED
        size = max(end, 1)  # no block is empty
        block, self.handle = new_block(size) if handle is None else open_block(handle, size)
        for name, (shape, dtype) in shapes.items():
            self[name] = np.ndarray(shape, dtype, block, starts[name])

    def put(self, name, array):
        """Copy an array into its place. Raises TypeError for another shape or dtype: nothing is converted."""
        place = self[name]
        if (array.shape, array.dtype) != (place.shape, place.dtype):
            raise TypeError(
                f"{name} is {array.dtype} of shape {array.shape}, not {place.dtype} of shape {place.shape}"
            )
        place[...] = array

    def close_handle(self):
        """Once those who were to have it have it. The arrays stay as long as anybody uses them."""
        if isinstance(self.handle, int):
            os.close(self.handle)
        self.handle = None


def shapes_of(arrays):
    """What SharedArrays asks for, of arrays by name."""
    return {name: (array.shape, array.dtype) for name, array in arrays.items()}


def new_block(n_bytes):
    """A block of zeros, and its handle: a name on Windows, else the number of an open file."""
    handle = None
    try:
        if sys.platform == "win32":
            name = f"minigpt-{secrets.token_hex(8)}"
            return mmap.mmap(-1, n_bytes, tagname=name), name
        handle = nameless_file()
        os.ftruncate(handle, n_bytes)
        return mmap.mmap(handle, n_bytes), handle
    except OSError:
        if handle is not None:
            os.close(handle)
        raise MemoryError(
            f"{n_bytes:,} bytes to share with worker processes: --workers 1 needs none"
        ) from None


def nameless_file():
    """The number of an open file that is in no folder."""
    if hasattr(os, "memfd_create"):  # Linux; /dev/shm is often small, in a container 64 MB
        return os.memfd_create("minigpt")
    with tempfile.TemporaryFile() as temporary:
        return os.dup(temporary.fileno())


def open_block(handle, n_bytes):
    """The block of a handle that was inherited, and None: nobody inherits it from here."""
    if sys.platform == "win32":
        return mmap.mmap(-1, n_bytes, tagname=handle), None
    block = mmap.mmap(handle, n_bytes)
    os.close(handle)
    return block, None
