"""Batches of sequences of unequal length: padded to the longest of the batch, alike lengths together.

Padding is computed like everything else and then thrown away. A batch is therefore only as wide as its
longest sequence, and sequences of like length share a batch. Sorting all of them by length would bring
the same batches every time, short ones first; so each epoch shuffles anew, sorts within pools of some
batches only, and takes the batches in a random order.
"""

import numpy as np

BATCHES_IN_POOL = 16


def pad_right(sequences, value):
    """Lists of ids of any lengths -> (N, longest) int64, filled up with `value` on the right."""
    padded = np.full((len(sequences), max(map(len, sequences))), value, dtype=np.int64)
    for row, sequence in zip(padded, sequences):
        row[: len(sequence)] = sequence
    return padded


class BucketedBatches:
    """Which sequences are in the batch of a training step; the same for the same seed and step."""

    def __init__(self, lengths, batch_size, seed):
        """lengths: of the sequences. The last batch of an epoch may be smaller than batch_size."""
        self.lengths = np.asarray(lengths)
        self.batch_size = batch_size
        self.seed = seed
        self.per_epoch = -(-len(self.lengths) // batch_size)
        self._epoch = None

    def of_step(self, step):
        """The indices of the sequences in a step's batch, an array of at most batch_size."""
        epoch, position = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._shuffled(np.random.default_rng([self.seed, epoch]))
        return self._batches[position]

    def _shuffled(self, rng):
        order = rng.permutation(len(self.lengths))
        pool = BATCHES_IN_POOL * self.batch_size
        for start in range(0, len(order), pool):
            part = order[start : start + pool]
            order[start : start + pool] = part[np.argsort(self.lengths[part], kind="stable")]
        batches = [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]
        return [batches[i] for i in rng.permutation(len(batches))]


def batches_in_order(lengths, batch_size):
    """All sequences once, for evaluation: index arrays, shortest sequences first."""
    order = np.argsort(lengths, kind="stable")
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
