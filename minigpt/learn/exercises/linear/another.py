import numpy as np


def linear_backward(dy, x, weight):
    dx, dweight, dbias = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(dy.shape[-1])
    for b, t in np.ndindex(dy.shape[:2]):
        dx[b, t] = weight @ dy[b, t]
        dweight += np.outer(x[b, t], dy[b, t])
        dbias += dy[b, t]
    return dx, dweight, dbias
