import numpy as np


def bigram_probabilities(ids, V):
    """ids (N,) int from 0 to V - 1 -> P (V, V): P[a, b], the probability that b comes after a."""
    counts = np.ones((V, V))
    for a, b in zip(ids, ids[1:]):
        counts[a, b] += 1
    return counts / counts.sum(1, keepdims=True)
