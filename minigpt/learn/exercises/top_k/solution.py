import math

import numpy as np


def keep_top_k(logits, k):
    """logits (B, V), k, an int from 1 on -> (B, V), −inf for all but the k highest of each row."""
    k = min(k, logits.shape[-1])
    kth_highest = np.sort(logits, axis=-1)[:, -k]
    return np.where(logits < kth_highest[:, None], -math.inf, logits)
