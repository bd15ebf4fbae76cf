import math


def learning_rate(step, max_iters, peak, min_lr, warmup_iters):
    """step, an int from 0 on; max_iters, warmup_iters, ints; peak, min_lr, floats -> a float."""
    if step < warmup_iters:
        return peak * (step + 1) / (warmup_iters + 1)
    progress = min(1.0, (step - warmup_iters) / max(1, max_iters - warmup_iters))
    return min_lr + 0.5 * (1 + math.cos(math.pi * progress)) * (peak - min_lr)
