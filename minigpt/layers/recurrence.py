"""A recurrent layer (Elman, 1990, Cognitive Science 14, pp. 179–211): one state reads a text token by token.

    a_t = x_t Wx + h_(t−1) Wh + b        h_t = tanh(a_t)         t = 1 … T, from a state h_0 that is given

The state is all that a step knows of the past: whatever it is to remember has to fit into H numbers. And no
step can be computed before the one before it, where attention computes all of them at once.

Backward through time. A state is used twice, above and by the step after it, so its gradient is a sum of two:

    dh_t = dout_t + da_(t+1) Whᵀ         da_t = dh_t ⊙ (1 − h_t²)            since tanh′ = 1 − tanh²

from the last step to the first, where dh_0 = da_1 Whᵀ is left. The same weights serve every step, so their
gradients are sums over all of them:

    dWx = Σ x_tᵀ da_t        dWh = Σ h_(t−1)ᵀ da_t        db = Σ da_t        dx_t = da_t Wxᵀ

From step to step the gradient is multiplied by (1 − h²) and by Whᵀ: over many steps it vanishes, or explodes
where Wh is large (Bengio, Simard & Frasconi, 1994). That is why such a network forgets.
"""

from minigpt.backend import xp
from minigpt.layers.linear import linear_backward, linear_forward


def recurrence_forward(x, Wx, Wh, b, h0):
    """x (B, T, I), Wx (I, H), Wh (H, H), b (H,), h0 (B, H), the state before -> h (B, T, H), cache."""
    # What the inputs add waits for no state, and is one product for all steps.
    h, _ = linear_forward(x, Wx, b)  # (B, T, H), so far x_t Wx + b
    before = h0
    for t in range(h.shape[1]):
        a = before @ Wh
        a += h[:, t]
        before = h[:, t] = xp.tanh(a, out=a)
    return h, (x, Wx, Wh, h, h0)


def recurrence_backward(dh, cache):
    """dh (B, T, H) -> dx (B, T, I), dWx (I, H), dWh (H, H), db (H,), dh0 (B, H)."""
    x, Wx, Wh, h, h0 = cache
    T, H = h.shape[1:]

    # h_t = tanh(a_t)   a_t = x_t Wx + h_(t−1) Wh + b
    da = 1 - h * h  # tanh′, so far
    from_after = xp.zeros_like(h0)  # what the step after t has to say of h_t
    for t in reversed(range(T)):
        da_t = dh[:, t] + from_after
        da_t *= da[:, t]
        da[:, t] = da_t
        from_after = da_t @ Wh.T
    before = xp.zeros_like(h)  # h_(t−1)
    before[:, 0], before[:, 1:] = h0, h[:, :-1]
    dWh = before.reshape(-1, H).T @ da.reshape(-1, H)
    dx, dWx, db = linear_backward(da, (x, Wx))
    return dx, dWx, dWh, db, from_after
