import numpy as np


def keep_top_p(probs, p):
    """probs (B, V), p, a number in (0, 1] -> (B, V): what is kept, each row summing to 1 again."""
    kept = np.zeros(probs.shape)
    for b, row in enumerate(probs):
        order = np.argsort(-row)
        likelier = np.cumsum(row[order]) - row[order]
        nucleus = order[likelier < p]
        kept[b, nucleus] = row[nucleus]
    return kept / kept.sum(-1, keepdims=True)
