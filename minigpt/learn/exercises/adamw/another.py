def adamw(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m, v = m + (1 - beta1) * (g - m), v + (1 - beta2) * (g * g - v)
    step = lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
    shrunk = w * (1 - lr * weight_decay) if w.ndim > 1 else w
    return shrunk - step * m / (v**0.5 + eps * (1 - beta2**t) ** 0.5), m, v
