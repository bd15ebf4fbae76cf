"""The recurrent layer, against PyTorch's own, finite differences, and the exercise on one step of it."""

import numpy as np
import pytest
from check_layer import check_layer, random_arrays

from minigpt.gradcheck import relative_error
from minigpt.layers import recurrence_backward, recurrence_forward
from minigpt.learn.exercises.rnn.solution import rnn, rnn_step_backward

B, T, C, H = 2, 5, 3, 4
SHAPES = [(B, T, C), (C, H), (H, H), (H,), (B, H)]


def torch_rnn(x, Wx, Wh, b, h0):
    """torch.nn.RNN, whose matrices are (out, in) and which has two biases, one of them zero here."""
    import torch

    zeros = torch.zeros_like(b)
    weights = (Wx.T.contiguous(), Wh.T.contiguous(), b, zeros)
    out, _ = torch._VF.rnn_tanh(x, h0[None], weights, True, 1, 0.0, False, False, True)
    return out


def torch_step_by_step(x, Wx, Wh, b, h0):
    import torch

    states = []
    for t in range(x.shape[1]):
        h0 = torch.tanh(x[:, t] @ Wx + h0 @ Wh + b)
        states.append(h0)
    return torch.stack(states, 1)


@pytest.mark.parametrize("torch_function", [torch_rnn, torch_step_by_step])
def test_the_recurrence_matches_torch_and_finite_differences(torch_function):
    check_layer(recurrence_forward, recurrence_backward, torch_function, SHAPES)


@pytest.mark.parametrize("steps", [1, 2])
def test_the_shortest_texts_too(steps):
    check_layer(
        recurrence_forward, recurrence_backward, torch_step_by_step, [(B, steps, C), *SHAPES[1:]], seed=3
    )


def test_the_module_of_torch_is_the_same():
    torch = pytest.importorskip("torch")
    x, Wx, Wh, b, h0 = random_arrays(SHAPES)
    module = torch.nn.RNN(C, H, batch_first=True).double()
    with torch.no_grad():
        module.weight_ih_l0[:], module.weight_hh_l0[:] = torch.tensor(Wx.T), torch.tensor(Wh.T)
        module.bias_ih_l0[:], module.bias_hh_l0[:] = torch.tensor(b / 4), torch.tensor(3 * b / 4)
    inputs = [torch.tensor(array, requires_grad=True) for array in (x, h0[None])]
    expected, _ = module(*inputs)
    dh = np.random.default_rng(9).standard_normal((B, T, H))
    expected.backward(torch.tensor(dh))
    h, cache = recurrence_forward(x, Wx, Wh, b, h0)
    dx, dWx, dWh, db, dh0 = recurrence_backward(dh, cache)
    assert relative_error(h, expected.detach().numpy()) <= 1e-12
    for ours, theirs in (
        (dx, inputs[0].grad),
        (dh0, inputs[1].grad[0]),
        (dWx, module.weight_ih_l0.grad.T),
        (dWh, module.weight_hh_l0.grad.T),
        (db, module.bias_ih_l0.grad),
    ):
        assert relative_error(ours, theirs.numpy()) <= 1e-9


def test_it_is_the_step_of_the_exercise_from_the_last_to_the_first():
    x, Wx, Wh, b, h0 = random_arrays(SHAPES)
    dh = np.random.default_rng(9).standard_normal((B, T, H))
    h, cache = recurrence_forward(x, Wx, Wh, b, h0)
    np.testing.assert_allclose(h, rnn(x, Wx, Wh, b, h0), rtol=1e-12)
    dx, dWx, dWh, db, dh0 = recurrence_backward(dh, cache)
    carried, sums = np.zeros((B, H)), [0, 0, 0]
    for t in reversed(range(T)):
        before = h[:, t - 1] if t else h0
        dx_t, carried, *parts = rnn_step_backward(dh[:, t] + carried, x[:, t], h[:, t], before, Wx, Wh)
        np.testing.assert_allclose(dx[:, t], dx_t, rtol=1e-12)
        sums = [total + part for total, part in zip(sums, parts)]
    for ours, theirs in zip((dWx, dWh, db, dh0), (*sums, carried)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_a_later_input_leaves_earlier_states_alone_and_an_earlier_one_reaches_the_last():
    x, *others = random_arrays(SHAPES)
    before, _ = recurrence_forward(x, *others)
    for t in range(T):
        changed = x.copy()
        changed[:, t] += 1
        after, _ = recurrence_forward(changed, *others)
        assert np.array_equal(after[:, :t], before[:, :t])
        assert np.abs(after[:, -1] - before[:, -1]).max() > 1e-3


def test_a_text_may_be_read_in_pieces():
    x, *weights, h0 = random_arrays(SHAPES)
    whole, _ = recurrence_forward(x, *weights, h0)
    first, _ = recurrence_forward(x[:, :2], *weights, h0)
    rest, _ = recurrence_forward(x[:, 2:], *weights, first[:, -1])
    np.testing.assert_allclose(np.concatenate([first, rest], axis=1), whole, rtol=1e-12)


def test_float32_stays_float32():
    arrays = [array.astype(np.float32) for array in random_arrays(SHAPES)]
    h, cache = recurrence_forward(*arrays)
    grads = recurrence_backward(h, cache)
    assert {array.dtype for array in (h, *grads)} == {np.dtype("float32")}
