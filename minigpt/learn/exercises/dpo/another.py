import math


def dpo(log_probs, reference, beta):
    N, loss, dlog_probs = len(log_probs), 0.0, np.zeros(log_probs.shape)
    for n in range(N):
        h = beta * (log_probs[n, 0] - log_probs[n, 1] - reference[n, 0] + reference[n, 1])
        loss += (math.log1p(math.exp(-abs(h))) + max(-h, 0)) / N
        sigma = 0.5 * (1 + math.tanh(-h / 2))
        dlog_probs[n] = -beta * sigma / N, beta * sigma / N
    return loss, dlog_probs
