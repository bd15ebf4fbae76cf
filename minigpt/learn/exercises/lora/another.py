import numpy as np


def lora_backward(dy, x, weight, a, b, scale):
    dm = np.einsum("ni,no->io", x, dy)  # of weight + scale · a @ b, were it trained
    return dy @ (weight + scale * a @ b).T, scale * dm @ b.T, scale * a.T @ dm
