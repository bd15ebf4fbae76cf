import numpy as np


def dpo(log_probs, reference, beta):
    """log_probs, reference (N, 2), of the chosen and the rejected answer -> loss, dlog_probs (N, 2)."""
    ratios = log_probs - reference
    h = beta * (ratios[:, 0] - ratios[:, 1])
    losses = np.logaddexp(0, -h)
    loss = losses.mean()
    falling = np.exp(-np.logaddexp(0, h))
    dchosen = -beta * falling / len(h)
    return loss, np.stack([dchosen, -dchosen], axis=1)
