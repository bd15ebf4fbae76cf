import numpy as np


def clip(grads, max_norm):
    everything = np.concatenate([g.ravel() for g in grads.values()])
    norm = float(np.linalg.norm(everything))
    shorter = np.minimum(1, max_norm / norm) if max_norm > 0 else 1
    return {name: g * shorter for name, g in grads.items()}, norm
