import numpy as np


def softmax(z):
    """z (..., V) -> probabilities (..., V): along the last axis each at least 0, together 1."""
    exps = np.exp(z - z.max(-1, keepdims=True))
    return exps / exps.sum(-1, keepdims=True)
