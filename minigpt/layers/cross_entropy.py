"""Softmax cross-entropy: minus the log-probability that the model gives to the token that came.

    p = softmax(z)        loss of a token y = −log p_y = logsumexp(z) − z_y

Softmax and logarithm are fused: log(exp(z_y) / Σ exp z) would overflow for a large z and underflow for
a small one, while logsumexp(z) = m + log Σ exp(z − m) with m = max(z) does neither.

Backward. ∂logsumexp(z)/∂z = softmax(z), and z_y itself counts −1:

    dz = dloss · (p − onehot(y))

The loss of a batch is the mean over its N counted targets, so each of them gets dloss / N.
"""

from minigpt.backend import xp
from minigpt.layers.reductions import row_max, row_sum

IGNORED = -100  # a target that is not counted, PyTorch's convention


def token_losses_forward(logits, targets):
    """The loss of every row: logits (N, V), targets (N,) int, each in 0 … V − 1 -> losses (N,), cache."""
    rows = xp.arange(len(targets))
    peak = row_max(logits)  # (N, 1)
    exps = logits - peak
    xp.exp(exps, out=exps)
    sums = row_sum(exps)
    losses = (xp.log(sums) + peak)[:, 0] - logits[rows, targets]  # logsumexp(z) - z_y
    return losses, (exps, sums, rows, targets)


def token_losses_backward(dlosses, cache):
    """dlosses (N,) -> dlogits (N, V)."""
    exps, sums, rows, targets = cache

    # losses = logsumexp(z) - z_y;  softmax(z) = exps / sums
    dlogits = exps * (dlosses[:, None] / sums)
    dlogits[rows, targets] -= dlosses
    return dlogits


def cross_entropy_forward(logits, targets, n_counted=None):
    """The mean loss of the predictions, in nats.

    logits (..., V), targets (...) int, where -100 is not counted -> loss (a 0-d array), cache.
    n_counted replaces the divisor of the mean: a part of a batch gives the count of the whole batch,
    and the parts' losses and gradients add up to the whole's. With nothing to count the loss is 0.
    """
    targets = targets.reshape(-1)  # (N,)
    counted = targets != IGNORED  # (N,) bool
    picked = xp.where(counted, targets, 0)  # any valid token serves for a row that is not counted
    if n_counted is None:
        n_counted = int(counted.sum())

    losses, losses_cache = token_losses_forward(logits.reshape(-1, logits.shape[-1]), picked)
    loss = (losses * counted).sum() / (n_counted or 1)
    loss = loss.astype(losses.dtype)  # NumPy 1 has made float64 of it: a float32 over a Python float
    return loss, (losses_cache, counted, n_counted, logits.shape)


def cross_entropy_backward(dloss, cache):
    """dloss, a scalar (1.0 at the end of the network) -> dlogits (..., V)."""
    losses_cache, counted, n_counted, shape = cache
    exps, *_ = losses_cache

    # loss = Σ losses * counted / n_counted
    dlosses = (counted * (dloss / (n_counted or 1))).astype(exps.dtype)  # (N,): 0 where nothing is counted
    return token_losses_backward(dlosses, losses_cache).reshape(shape)
