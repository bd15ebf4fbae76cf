import math

import numpy as np


def causal_mask(S):
    """S (B, H, T, T), scores of query i (row) and key j (column) -> the same, −inf where j > i."""
    T = S.shape[-1]
    seen = np.tril(np.ones((T, T), dtype=bool))
    return np.where(seen, S, -math.inf)
