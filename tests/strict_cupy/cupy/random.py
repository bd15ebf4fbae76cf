"""Random numbers on the device."""

import numpy as np

from . import ndarray


class Generator:
    def __init__(self, seed):
        self._host = np.random.Generator(np.random.PCG64(seed))

    def random(self, size=None, dtype=np.float64, out=None):
        assert out is None, "not needed so far"
        return ndarray(np.asarray(self._host.random(size, dtype=dtype)))


def default_rng(seed=None):
    """seed: None, an int, or a list of ints. CuPy's Generator has no shuffle, no choice and no normal."""
    return Generator(np.random.SeedSequence(seed))
