import numpy as np


def measures(losses, n_bytes):
    probabilities = np.exp(-losses)
    perplexity = np.prod(probabilities ** (-1 / len(losses)))
    return perplexity, -sum(np.log2(probabilities)) / n_bytes
