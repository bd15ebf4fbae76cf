"""Finite differences for whole models, whose parameters are too many to move each of them."""

import numpy as np

from minigpt.gradcheck.differences import slope

TOLERANCE = 1e-7


def assert_gradients_equal_finite_differences(params, loss_and_grads, entries=4):
    """Move a few entries of every parameter and see whether the loss moves as its gradient says.

    params: a dict of float64 arrays; loss_and_grads() reads them and returns the loss and all gradients.
    """
    rng = np.random.default_rng(3)
    _, grads = loss_and_grads()
    assert grads.keys() == params.keys()
    for name, param in params.items():
        # entries of large gradient and entries at random: rows that no id uses have none at all
        flat, grad = param.reshape(-1), grads[name].reshape(-1)
        chosen = [*np.abs(grad).argsort()[-entries // 2 :], *rng.integers(grad.size, size=entries // 2)]
        for i in chosen:
            expected, doubt = slope(lambda: loss_and_grads()[0], flat, i)
            allowed = TOLERANCE * abs(expected) + doubt
            assert doubt <= 1e-7 * np.abs(grad).max(), (name, i, "no slope to compare with")
            assert abs(grad[i] - expected) <= allowed, (name, i, grad[i], expected)
