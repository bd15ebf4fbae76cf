import numpy as np


def cross_entropy(logits, targets):
    """logits (B, T, V), targets (B, T) int -> loss, a number; targets of -100 do not count."""
    counted = targets != -100
    z = logits - logits.max(-1, keepdims=True)
    log_probs = z - np.log(np.exp(z).sum(-1, keepdims=True))
    places = np.where(counted, targets, 0)[:, :, None]
    losses = -np.take_along_axis(log_probs, places, axis=-1)[:, :, 0]
    return (losses * counted).sum() / max(1, counted.sum())
