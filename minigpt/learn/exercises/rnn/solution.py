import numpy as np


def rnn(x, Wx, Wh, b, h0):
    """Given: x (B, T, I), Wx (I, H), Wh (H, H), b (H,), h0 (B, H) -> h (B, T, H), all states."""
    states, h = [], h0
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ Wx + h @ Wh + b)
        states.append(h)
    return np.stack(states, axis=1)


def rnn_step_backward(dh, x, h, h_before, Wx, Wh):
    """dh, h, h_before (B, H), x (B, I), Wx (I, H), Wh (H, H), of one step.

    -> dx (B, I), dh_before (B, H), dWx (I, H), dWh (H, H), db (H,)
    """
    da = dh * (1 - h**2)
    dWx = x.T @ da
    dWh = h_before.T @ da
    db = da.sum(0)
    dx = da @ Wx.T
    dh_before = da @ Wh.T
    return dx, dh_before, dWx, dWh, db
