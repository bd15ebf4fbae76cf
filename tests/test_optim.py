"""AdamW, clipping and the schedule: against torch step by step, and against their formulas."""

import math

import numpy as np
import pytest

from minigpt import GPT, AdamW, GPTConfig, clip_grad_norm, cosine_schedule, optim
from minigpt.gradcheck import relative_error

SHAPES = {"matrix": (5, 3), "table": (4, 7), "bias": (6,), "ln.weight": (2,)}


def random_dict(rng, scale=1.0):
    return {name: scale * rng.standard_normal(shape) for name, shape in SHAPES.items()}


def torch_adamw(tensors, learning_rate, betas, eps, weight_decay):
    """torch's AdamW with decay for matrices and none for vectors, and its schedule."""
    import torch

    groups = [
        {"params": [tensor for tensor in tensors if tensor.ndim >= 2], "weight_decay": weight_decay},
        {"params": [tensor for tensor in tensors if tensor.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1.0, betas=betas, eps=eps)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, learning_rate)


def torch_clip(tensors, max_norm):
    """torch's clipping. It divides by norm + 1e-6, which is no part of the formula and is undone here."""
    import torch

    norm = torch.nn.utils.get_total_norm([tensor.grad for tensor in tensors]).item()
    torch.nn.utils.clip_grad_norm_(tensors, max_norm * (norm + 1e-6) / norm)
    return norm


def warmup_and_cosine(step, max_iters, highest, lowest, warmup):
    """The schedule in its three cases, written from its definition."""
    if step < warmup:
        return highest * (step + 1) / (warmup + 1)
    if step >= max_iters:
        return lowest
    angle = math.pi * (step - warmup) / (max_iters - warmup)
    return lowest + (highest - lowest) * (math.cos(angle) + 1) / 2


@pytest.mark.parametrize("chunk", [optim.CHUNK, 4, 1])
@pytest.mark.parametrize("eps", [1e-8, 0.3], ids=["usual eps", "large eps"])
def test_adamw_clipping_and_schedule_equal_torchs_over_20_steps(eps, chunk, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(optim, "CHUNK", chunk)
    rng = np.random.default_rng(0)
    params = random_dict(rng)
    tensors = {name: torch.tensor(param, requires_grad=True) for name, param in params.items()}
    rates = (16, 0.5, 0.05, 4)
    ours = AdamW(params, betas=(0.8, 0.95), eps=eps, weight_decay=0.3)
    theirs, schedule = torch_adamw(
        tensors.values(), lambda step: warmup_and_cosine(step, *rates), (0.8, 0.95), eps, 0.3
    )
    n_clipped = 0
    for step in range(20):
        grads = random_dict(rng, scale=rng.choice([0.1, 1.0]))
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(grads[name])

        norm = clip_grad_norm(grads, 2.0)
        n_clipped += norm > 2.0
        ours.lr = cosine_schedule(step, *rates)
        ours.step(grads)

        assert norm == pytest.approx(torch_clip(list(tensors.values()), 2.0), rel=1e-12)
        theirs.step()
        schedule.step()
        for name, tensor in tensors.items():
            assert relative_error(grads[name], tensor.grad.numpy()) <= 1e-9, (step, name)
            assert relative_error(params[name], tensor.detach().numpy()) <= 1e-9, (step, name)
    assert 0 < n_clipped < 20, "both cases of clipping must have come up"


def test_a_training_runs_losses_equal_those_of_the_same_run_in_torch():
    """GPT here and in transformers: same weights and batches, dropout off, 25 steps of the whole recipe."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from reference_gpt2 import reference_loss, reference_of, reference_parameters

    config = GPTConfig(vocab_size=13, block_size=9, n_layer=2, n_head=2, n_embd=10)
    model = GPT(config, dtype="float64")
    reference = reference_of(model)
    tensors = list(reference_parameters(reference, model).values())
    rates = (20, 0.02, 0.001, 5)
    ours = AdamW(model.params, betas=(0.9, 0.99), weight_decay=0.1)
    theirs, schedule = torch_adamw(
        tensors, lambda step: warmup_and_cosine(step, *rates), (0.9, 0.99), 1e-8, 0.1
    )
    text = np.arange(60) ** 2 % 13
    losses = []
    for step in range(25):
        starts = np.random.default_rng(step + 1).integers(50, size=4)
        windows = text[starts[:, None] + np.arange(10)]
        idx, targets = windows[:, :-1], windows[:, 1:]

        loss, grads = model.loss_and_grads(idx, targets)
        clip_grad_norm(grads, 1.0)
        ours.lr = cosine_schedule(step, *rates)
        ours.step(grads)

        theirs.zero_grad()
        _, expected = reference_loss(reference, idx, targets)
        expected.backward()
        torch_clip(tensors, 1.0)
        theirs.step()
        schedule.step()

        assert relative_error(loss, expected.item()) <= 1e-8, step
        losses.append(float(loss))
    assert losses[-1] < losses[0] - 0.5, "a run that learns nothing compares little"


def test_the_first_step_has_the_length_of_the_learning_rate_whatever_the_gradient():
    """With both bias corrections m̂ = g and √v̂ = |g|, so that every entry moves by lr exactly."""
    params = {"bias": np.array([1.0, -2.0, 3.0])}
    AdamW(params, lr=0.125, betas=(0.9, 0.99), eps=0.0).step({"bias": np.array([1e-6, -5.0, 1e6])})
    np.testing.assert_allclose(params["bias"], [0.875, -1.875, 2.875], rtol=1e-12)


def test_matrices_are_decayed_by_lr_times_lambda_and_vectors_are_not():
    params = {"matrix": np.full((2, 2), 8.0), "bias": np.full(2, 8.0), "ln_f.weight": np.full(2, 8.0)}
    optimizer = AdamW(params, lr=0.5, weight_decay=0.25)
    optimizer.step({name: np.zeros_like(param) for name, param in params.items()})
    assert params["matrix"].tolist() == [[7.0, 7.0], [7.0, 7.0]]  # 8 · (1 − 0.5 · 0.25)
    assert params["bias"].tolist() == params["ln_f.weight"].tolist() == [8.0, 8.0]


def test_a_step_changes_the_parameters_in_place_and_leaves_the_gradients_alone():
    rng = np.random.default_rng(0)
    params, grads = random_dict(rng), random_dict(rng)
    matrix, before = params["matrix"], params["matrix"].copy()
    grads_before = {name: grad.copy() for name, grad in grads.items()}
    AdamW(params).step(grads)
    assert params["matrix"] is matrix and not np.array_equal(matrix, before)
    for name, grad in grads.items():
        assert np.array_equal(grad, grads_before[name])


def test_only_parameters_with_a_gradient_move():
    rng = np.random.default_rng(0)
    params, grads = random_dict(rng), random_dict(rng)
    before = {name: param.copy() for name, param in params.items()}
    AdamW(params).step({"bias": grads["bias"]})
    moved = [name for name, param in params.items() if not np.array_equal(param, before[name])]
    assert moved == ["bias"]


def test_gradients_may_lie_in_memory_as_they_like_but_parameters_must_be_contiguous():
    rng = np.random.default_rng(0)
    params, grad = {"matrix": rng.standard_normal((3, 5))}, rng.standard_normal((5, 3)).T
    copies = {"matrix": params["matrix"].copy()}
    AdamW(params).step({"matrix": grad})
    AdamW(copies).step({"matrix": np.ascontiguousarray(grad)})
    assert np.array_equal(params["matrix"], copies["matrix"])
    with pytest.raises(ValueError, match="matrix is not contiguous in memory"):
        AdamW({"matrix": np.ones((5, 3)).T})


def test_clipping_brings_the_norm_of_all_gradients_together_to_the_limit():
    grads = {"a": np.array([[3.0, 0.0]]), "b": np.array([0.0, 4.0, 12.0])}  # norm √(9 + 16 + 144) = 13
    assert clip_grad_norm(grads, 6.5) == 13.0
    assert grads["a"].tolist() == [[1.5, 0.0]] and grads["b"].tolist() == [0.0, 2.0, 6.0]
    assert clip_grad_norm(grads, 6.5) == 6.5


@pytest.mark.parametrize("max_norm", [0, 13.0, 100.0])
def test_gradients_within_the_limit_and_a_limit_of_zero_change_nothing(max_norm):
    grads = {"a": np.array([[3.0, 0.0]]), "b": np.array([0.0, 4.0, 12.0])}
    assert clip_grad_norm(grads, max_norm) == 13.0
    assert grads["a"].tolist() == [[3.0, 0.0]] and grads["b"].tolist() == [0.0, 4.0, 12.0]


def test_the_schedule_rises_in_equal_steps_peaks_falls_by_half_a_cosine_and_stays_at_the_bottom():
    rates = [cosine_schedule(step, 24, 1.0, 0.2, 4) for step in range(30)]
    np.testing.assert_allclose(rates[:5], [0.2, 0.4, 0.6, 0.8, 1.0], rtol=1e-12)
    assert rates[14] == pytest.approx(0.6)  # half way down
    assert rates[9] == pytest.approx(0.2 + 0.8 * (1 + math.sqrt(0.5)) / 2)  # a quarter: cos 45°
    assert all(a > b for a, b in zip(rates[4:], rates[5:25]))
    assert rates[24:] == [0.2] * 6
    np.testing.assert_allclose(
        rates, [warmup_and_cosine(step, 24, 1.0, 0.2, 4) for step in range(30)], rtol=1e-12
    )


def test_without_warmup_the_first_step_is_the_highest_and_warmup_may_fill_the_whole_run():
    assert cosine_schedule(0, 10, 1.0, 0.1, 0) == 1.0
    rates = [cosine_schedule(step, 4, 1.0, 0.1, 4) for step in range(5)]
    np.testing.assert_allclose(rates, [0.2, 0.4, 0.6, 0.8, 1.0])


def test_three_steps_of_one_number_follow_the_formulas_as_they_stand():
    """Algorithm 2 of Loshchilov & Hutter, word for word, with an ε that weighs as much as √v̂."""
    lr, beta1, beta2, eps, decay = 0.1, 0.6, 0.9, 0.5, 0.25
    params = {"w": np.array([[2.0]]), "b": np.array([2.0])}
    optimizer = AdamW(params, lr, (beta1, beta2), eps, decay)
    expected, m, v = {"w": 2.0, "b": 2.0}, 0.0, 0.0
    for t, g in enumerate([1.5, -0.5, 3.0], 1):
        optimizer.step({"w": np.array([[g]]), "b": np.array([g])})
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        update = m_hat / (math.sqrt(v_hat) + eps)
        expected["w"] -= lr * update + lr * decay * expected["w"]
        expected["b"] -= lr * update
        assert params["w"][0, 0] == pytest.approx(expected["w"], rel=1e-14)
        assert params["b"][0] == pytest.approx(expected["b"], rel=1e-14)


def test_gradients_of_an_infinite_norm_are_left_to_whoever_looks_at_the_norm():
    grads = {"a": np.array([np.inf, 1.0]), "b": np.array([2.0])}
    assert clip_grad_norm(grads, 1.0) == math.inf
    assert grads["a"].tolist() == [math.inf, 1] and grads["b"].tolist() == [2]
