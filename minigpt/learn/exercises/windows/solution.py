import numpy as np


def windows(ids, starts, T):
    """ids (N,) int, starts (B,) int, T an int -> x (B, T) int, y (B, T) int."""
    x = np.stack([ids[start : start + T] for start in starts])
    y = np.stack([ids[start + 1 : start + T + 1] for start in starts])
    return x, y
