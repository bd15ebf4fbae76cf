import numpy as np


def adamw(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    """w, g, m, v, arrays of one shape; t = 1, 2, …; the rest numbers -> new w, m, v in that shape."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    decay = weight_decay * w if g.ndim >= 2 else 0
    w = w - lr * (m_hat / (np.sqrt(v_hat) + eps) + decay)
    return w, m, v
