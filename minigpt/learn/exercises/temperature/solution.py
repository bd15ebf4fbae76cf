import numpy as np


def probabilities(logits, temperature):
    """logits (B, V), temperature, a number from 0 on -> probabilities (B, V)."""
    if temperature == 0:
        return np.eye(logits.shape[-1])[logits.argmax(-1)]
    z = (logits - logits.max(-1, keepdims=True)) / temperature
    exps = np.exp(z)
    return exps / exps.sum(-1, keepdims=True)
