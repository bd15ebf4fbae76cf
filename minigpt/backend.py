"""Where arrays live: `xp` is NumPy, or CuPy when the GPU is asked for.

Every layer writes `xp.exp(x)` and does not care which of the two it is. Only four things know the
device, and three of them are here: batches going in (`to_device`), checkpoints and the logged loss
coming out (`to_host`), and the embedding's scatter-add, which each library does best in its own way.

The choice is made before the first array: by `use_backend`, which --backend calls, or by the environment
variable MINIGPT_BACKEND.
"""

import os

import numpy as np


class ArrayModule:
    """Stands for the chosen array library: its attributes are NumPy's or CuPy's, fetched at first use."""

    def __getattr__(self, name):
        if name == "module":  # nothing was chosen yet
            use_backend()
            return self.module
        value = getattr(self.module, name)
        setattr(self, name, value)  # the next access finds it without coming here
        return value


xp = ArrayModule()


def use_backend(name=None):
    """Make `xp` NumPy ("numpy") or CuPy ("cupy"), or what MINIGPT_BACKEND says where no name is given.

    Arrays made before stay where they are.
    Raises ValueError for another name, and for CuPy where there is no CuPy or no GPU: there is no silent
    fallback.
    """
    module = _load(name or os.environ.get("MINIGPT_BACKEND", "numpy"))
    xp.__dict__.clear()
    xp.module = module


def _load(name):
    if name == "numpy":
        return np
    if name != "cupy":
        raise ValueError(f"backend {name!r} is not known: set --backend or MINIGPT_BACKEND to numpy or cupy")
    try:
        import cupy
    except ImportError as error:
        raise ValueError(
            f"backend cupy was asked for but CuPy cannot be imported ({error.__cause__ or error}): "
            "install it with pip install 'minigpt[gpu]', or use --backend numpy"
        ) from error
    try:
        n_devices = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise ValueError(
            f"backend cupy was asked for but no GPU answers ({error}): use --backend numpy"
        ) from error
    if n_devices == 0:
        raise ValueError("backend cupy was asked for but this machine shows no GPU: use --backend numpy")
    return cupy


def on_host():
    """Whether arrays are NumPy's and live in the memory of the processor."""
    return xp.module is np


def to_device(array):
    """A NumPy array (or anything np.asarray takes) as an array of the backend."""
    return xp.asarray(array)


def to_host(array):
    """An array of the backend as a NumPy array."""
    return array if on_host() else xp.asnumpy(array)


def scatter_add_rows(n_rows, idx, rows):
    """Sum rows[i] into row idx[i] of a new (n_rows, C) array; an index that comes twice counts twice.

    idx (N,) int, rows (N, C) -> (n_rows, C), in the dtype of rows.
    """
    out = xp.zeros((n_rows, rows.shape[1]), dtype=rows.dtype)
    if not on_host():
        xp.add.at(out, idx, rows)
        return out
    # `out[idx] += rows` would keep only one of several equal indices. np.add.at is right but adds row
    # by row; sorting brings equal indices together, and reduceat sums each run of them at once.
    order = np.argsort(idx, kind="stable")
    sorted_idx = idx[order]
    starts = np.flatnonzero(np.diff(sorted_idx, prepend=-1))
    out[sorted_idx[starts]] = np.add.reduceat(rows[order], starts, axis=0)
    return out
