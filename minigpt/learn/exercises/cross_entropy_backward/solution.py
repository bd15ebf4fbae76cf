import numpy as np


def softmax(z):
    """Given: z (..., V) -> probabilities (..., V)."""
    exps = np.exp(z - z.max(-1, keepdims=True))
    return exps / exps.sum(-1, keepdims=True)


def cross_entropy_backward(dloss, logits, targets):
    """dloss, a number; logits (B, T, V), targets (B, T) int or -100 -> dlogits (B, T, V)."""
    probs = softmax(logits)
    onehot = (targets[:, :, None] == np.arange(logits.shape[-1])).astype(float)
    counted = targets != -100
    dlosses = dloss * counted / max(1, counted.sum())
    return dlosses[:, :, None] * (probs - onehot)
