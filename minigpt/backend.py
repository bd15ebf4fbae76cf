"""Where arrays live: `xp` is NumPy, or CuPy when MINIGPT_BACKEND=cupy asks for the GPU.

Every layer writes `xp.exp(x)` and does not care which of the two it is. Only four things know the
device, and three of them are here: batches going in (`to_device`), checkpoints and the logged loss
coming out (`to_host`), and the embedding's scatter-add, which each library does best in its own way.

The choice is made once, when this module is first imported: train.py and generate.py turn
`--backend cupy` into the environment variable before they import anything of minigpt.
"""

import os

import numpy as np


def _load_backend(name):
    """Return the array module called `name`, or fail in a sentence: there is no silent fallback."""
    if name == "numpy":
        return np
    if name != "cupy":
        raise ValueError(
            f"backend {name!r} is not known: set MINIGPT_BACKEND (or --backend) to numpy or cupy"
        )
    try:
        import cupy
    except ImportError as error:
        raise ValueError(
            f"backend cupy was asked for but CuPy cannot be imported ({error}): "
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


backend_name = os.environ.get("MINIGPT_BACKEND", "numpy")
xp = _load_backend(backend_name)


def to_device(array):
    """A NumPy array (or anything np.asarray takes) as an array of the backend."""
    return xp.asarray(array)


def to_host(array):
    """An array of the backend as a NumPy array."""
    return array if xp is np else xp.asnumpy(array)


def scatter_add_rows(n_rows, idx, rows):
    """Sum rows[i] into row idx[i] of a new (n_rows, C) array; an index that comes twice counts twice.

    idx (N,) int, rows (N, C) -> (n_rows, C), in the dtype of rows.
    """
    out = xp.zeros((n_rows, rows.shape[1]), dtype=rows.dtype)
    if xp is not np:
        xp.add.at(out, idx, rows)
        return out
    # `out[idx] += rows` would keep only one of several equal indices. np.add.at is right but adds row
    # by row; sorting brings equal indices together, and reduceat sums each run of them at once.
    order = np.argsort(idx, kind="stable")
    sorted_idx = idx[order]
    starts = np.flatnonzero(np.diff(sorted_idx, prepend=-1))
    out[sorted_idx[starts]] = np.add.reduceat(rows[order], starts, axis=0)
    return out
