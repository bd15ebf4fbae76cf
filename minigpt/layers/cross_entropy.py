"""Softmax cross-entropy: minus the log-probability that the model gives to the token that came.

    p = softmax(z)        loss = mean over counted targets y of  −log p_y  =  logsumexp(z) − z_y

Softmax and logarithm are fused: log(exp(z_y) / Σ exp z) would overflow for a large z and underflow for
a small one, while logsumexp(z) = m + log Σ exp(z − m) with m = max(z) does neither.

Backward. ∂logsumexp(z)/∂z = softmax(z), and z_y itself counts −1; N targets share the mean:

    dz = dloss · (p − onehot(y)) / N

Where classes are uneven, class y may count w_y times: the mean becomes Σ w_y · loss / Σ w_y.
"""

from minigpt.backend import xp
from minigpt.layers.reductions import row_max, row_sum

IGNORED = -100  # a target that is not counted, PyTorch's convention


def cross_entropy_forward(logits, targets, n_counted=None, class_weights=None):
    """The mean loss of the predictions, in nats.

    logits (..., V), targets (...) int, where -100 is not counted -> loss (a 0-d array), cache.
    n_counted replaces the divisor of the mean: a part of a batch gives the count of the whole batch,
    and the parts' losses and gradients add up to the whole's. With nothing to count the loss is 0.
    class_weights (V,): how often a target of each class counts; once, where none are given.
    """
    V = logits.shape[-1]
    rows = xp.arange(targets.size)
    flat_targets = targets.reshape(-1)  # (N,)
    counted = flat_targets != IGNORED  # (N,) bool
    picked = xp.where(counted, flat_targets, 0)  # any valid column serves for a row that is not counted
    if class_weights is not None:
        counted = counted * class_weights[picked]  # (N,): w_y, or 0
    if n_counted is None:
        n_counted = float(counted.sum())

    z = logits.reshape(-1, V)  # (N, V)
    peak = row_max(z)  # (N, 1)
    exps = z - peak
    xp.exp(exps, out=exps)
    sums = row_sum(exps)  # (N, 1)
    losses = (xp.log(sums) + peak)[:, 0] - z[rows, picked]  # logsumexp(z) - z_y
    loss = (losses * counted).sum() / (n_counted or 1)
    loss = loss.astype(exps.dtype)  # NumPy 1 has made float64 of it: a float32 over a Python float
    return loss, (exps, sums, rows, picked, counted, n_counted, logits.shape)


def cross_entropy_backward(dloss, cache):
    """dloss, a scalar (1.0 at the end of the network) -> dlogits (..., V)."""
    exps, sums, rows, picked, counted, n_counted, shape = cache

    # loss = mean(logsumexp(z) - z_y);  softmax(z) = exps / sums
    scale = counted * (dloss / (n_counted or 1))  # (N,): 0 in a row that is not counted
    scale = scale.astype(exps.dtype)
    dlogits = exps * (scale[:, None] / sums)
    dlogits[rows, picked] -= scale
    return dlogits.reshape(shape)
