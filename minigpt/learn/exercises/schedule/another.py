import numpy as np


def learning_rate(step, max_iters, peak, min_lr, warmup_iters):
    if step < warmup_iters:
        return float(np.linspace(0, peak, warmup_iters + 2)[step + 1])
    left = max_iters - warmup_iters
    angle = np.pi * np.clip((step - warmup_iters) / left, 0, 1)
    return float(peak * np.cos(angle / 2) ** 2 + min_lr * np.sin(angle / 2) ** 2)
