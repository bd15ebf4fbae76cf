"""Windows that begin at documents: what a model of many short documents is trained on.

The ids of all documents stand in one array, parted by the token of the end, which also stands before them:

    ⏹ e m m a ⏹ o l i v i a ⏹ …        inputs  ⏹ e m m a        targets  e m m a ⏹

One document is one window. So a document is begun by ⏹ and nothing else stands before it, just as when a new
one is generated; its end is the last thing to learn, and nothing behind it counts. Windows of a batch are as
long as the longest of them; the rest of a shorter one is padding, of which no target counts. A document of
more than block_size tokens goes on in further windows, which begin where the one before ended.

Windows touch each other, so that their edges are all there is to know: window i takes the inputs
tokens[edges[i] : edges[i + 1]], and the targets one place further on. Every target is in exactly one window.
"""

import numpy as np

from minigpt.interchange.files import written_aside
from minigpt.layers import IGNORED

TOKENS_AT_ONCE = 1 << 22


def find_windows(tokens, end, block_size, path):
    """The edges of all windows, (N + 1,) int64, written to a file and memory-mapped.

    tokens: ids (n,) that begin and end with `end`, the id of the end of a document.
    """
    last = 0
    with written_aside(path) as file:
        for start in range(1, len(tokens), TOKENS_AT_ONCE):
            ends = start + np.flatnonzero(tokens[start : start + TOKENS_AT_ONCE] == end)
            bounds = np.concatenate([[last], ends])  # documents begin and end here
            n_windows = -(-np.diff(bounds) // block_size)
            first = np.repeat(n_windows.cumsum() - n_windows, n_windows)  # of the window's document
            edges = np.repeat(bounds[:-1], n_windows) + (np.arange(len(first)) - first) * block_size
            file.write(edges.astype(np.int64).tobytes())
            last = int(bounds[-1])
        file.write(np.asarray([last], dtype=np.int64).tobytes())
    return np.memmap(path, dtype=np.int64, mode="r")


def document_batch(tokens, edges, rows):
    """Some windows as a batch: x (B, T) and targets y (B, T), int64; T is the length of the longest.

    rows (B,): which windows. Beyond a window's end x is the token of the end, and y is −100, not counted.
    """
    starts, stops = np.asarray(edges[rows]), np.asarray(edges[rows + 1])
    inside = np.arange((stops - starts).max()) < (stops - starts)[:, None]  # (B, T)
    positions = np.minimum(starts[:, None] + np.arange(inside.shape[1]), len(tokens) - 2)
    x = np.where(inside, tokens[positions], tokens[0]).astype(np.int64)
    y = np.where(inside, tokens[positions + 1].astype(np.int64), IGNORED)
    return x, y


def random_documents(tokens, edges, batch_size, rng):
    """batch_size windows, drawn by chance, as a batch; see document_batch."""
    return document_batch(tokens, edges, rng.integers(len(edges) - 1, size=batch_size))
