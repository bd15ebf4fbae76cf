import math


def clip(grads, max_norm):
    """grads, a dict of arrays; max_norm, a number -> a new dict of arrays, and the norm before, a number."""
    norm = math.sqrt(sum((g**2).sum() for g in grads.values()))
    scale = max_norm / norm if 0 < max_norm < norm < math.inf else 1.0
    return {name: scale * g for name, g in grads.items()}, norm
