"""The DPO loss and its gradient, against torch, finite differences and what the paper says of them."""

import math

import numpy as np
import pytest
from check_layer import check_layer, random_arrays
from gradients import assert_gradients_equal_finite_differences
from models import make_order_one, order_one_gpt

from minigpt import AdamW, GPTConfig
from minigpt.finetuning.dpo import (
    PreferenceTuning,
    dpo_loss_backward,
    dpo_loss_forward,
    reference_log_probs,
    sequence_log_prob_backward,
    sequence_log_prob_forward,
)
from minigpt.finetuning.lora import LoRAGPT
from minigpt.gradcheck import relative_error
from minigpt.training.runner import BatchRunner

N, T, V, BETA = 3, 6, 11, 0.3
CONFIG = GPTConfig(vocab_size=V, block_size=8, n_layer=2, n_head=2, n_embd=10, layer_norm_epsilon=0.01)


def model_of(seed=1, dtype="float64", scale=0.5):
    return order_one_gpt(CONFIG, seed, scale, dtype)


def pairs():
    """Pairs with answers of unequal lengths, each after two tokens of prompt, and padding behind."""
    idx, targets = np.random.default_rng(2).integers(V, size=(2, N, 2, T))
    targets[:, :, 0] = -100
    for row in range(N):
        targets[row, 0, T - row :] = -100
        targets[row, 1, 3 + row :] = -100
    return idx, targets


def torch_log_probs(logits, targets):
    import torch

    targets = torch.tensor(targets)
    picked = torch.log_softmax(logits, -1).gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return (picked * (targets != -100)).sum(-1)


def torch_dpo(log_probs, reference):
    import torch

    ratios = log_probs - torch.tensor(reference)
    return -torch.nn.functional.logsigmoid(BETA * (ratios[:, 0] - ratios[:, 1])).mean()


def test_the_log_probability_of_a_sequence_matches_torch_and_finite_differences():
    targets = pairs()[1][:, 0]
    check_layer(
        sequence_log_prob_forward,
        sequence_log_prob_backward,
        lambda logits: torch_log_probs(logits, targets),
        [(N, T, V)],
        args=(targets,),
    )


def test_the_loss_matches_torch_and_finite_differences():
    (reference,) = random_arrays([(N, 2)], seed=7)
    check_layer(
        dpo_loss_forward,
        dpo_loss_backward,
        lambda log_probs: torch_dpo(log_probs, reference),
        [(N, 2)],
        args=(reference, BETA),
    )


def test_a_model_that_is_still_its_reference_has_the_loss_of_a_coin():
    log_probs = random_arrays([(N, 2)])[0]
    loss, cache = dpo_loss_forward(log_probs, log_probs, BETA)
    assert loss == pytest.approx(math.log(2), rel=1e-12)
    expected = np.tile([-BETA / 2 / N, BETA / 2 / N], (N, 1))
    np.testing.assert_allclose(dpo_loss_backward(1.0, cache), expected, rtol=1e-12)


def test_margins_of_any_size_neither_overflow_nor_lose_the_loss():
    log_probs = np.array([[1e4, -1e4], [-1e4, 1e4]])
    with np.errstate(all="raise", under="ignore"):
        loss, cache = dpo_loss_forward(log_probs, np.zeros((2, 2)), 1.0)
        grad = dpo_loss_backward(1.0, cache)
    assert loss == pytest.approx(1e4)
    np.testing.assert_allclose(grad, [[0, 0], [-0.5, 0.5]], atol=1e-12)


def test_every_gradient_of_the_model_equals_that_of_transformers():
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from reference_gpt2 import reference_of, reference_parameters

    model, (idx, targets) = model_of(), pairs()
    frozen = reference_log_probs(model_of(seed=5), idx, targets)
    loss, grads = PreferenceTuning(model, BETA).loss_and_grads(idx, targets, frozen)

    theirs, their_copy = reference_of(model), reference_of(model_of(seed=5))

    def their_log_probs(gpt):
        logits = gpt(torch.tensor(idx.reshape(2 * N, T)), use_cache=False).logits
        return torch_log_probs(logits, targets.reshape(2 * N, T)).reshape(N, 2)

    with torch.no_grad():
        expected_reference = their_log_probs(their_copy).numpy()
    assert relative_error(frozen, expected_reference) <= 1e-9
    expected_loss = torch_dpo(their_log_probs(theirs), expected_reference)
    expected_loss.backward()
    assert relative_error(loss, expected_loss.item()) <= 1e-9
    for name, parameter in reference_parameters(theirs, model).items():
        assert relative_error(grads[name], parameter.grad.numpy()) <= 1e-9, name


@pytest.mark.parametrize("adapted", [False, True], ids=["full", "LoRA"])
def test_every_gradient_of_the_model_equals_finite_differences(adapted):
    model, (idx, targets) = model_of(), pairs()
    frozen = reference_log_probs(model_of(seed=5), idx, targets)
    if adapted:
        model = LoRAGPT(model, rank=2, alpha=3)
        make_order_one(model.trained_params(), seed=6, scale=0.5)
    tuning = PreferenceTuning(model, BETA)
    assert_gradients_equal_finite_differences(
        model.trained_params(), lambda: tuning.loss_and_grads(idx, targets, frozen)
    )


def test_prompt_and_padding_have_no_part_in_the_loss():
    _, targets = pairs()
    logits = random_arrays([(2 * N, T, V)])[0]
    counted = targets.reshape(2 * N, T) != -100
    _, cache = sequence_log_prob_forward(logits, targets.reshape(2 * N, T))
    dlogits = sequence_log_prob_backward(np.ones(2 * N), cache)
    assert not dlogits[~counted].any()
    assert dlogits[counted].any(-1).all()


def test_parts_with_the_number_of_all_pairs_add_up_to_the_whole():
    model, (idx, targets) = model_of(), pairs()
    frozen = reference_log_probs(model_of(seed=5), idx, targets)
    tuning, grads, total = PreferenceTuning(model, BETA), None, 0.0
    loss, expected = tuning.loss_and_grads(idx, targets, frozen)
    for row in range(N):
        part = slice(row, row + 1)
        part_loss, grads = tuning.loss_and_grads(
            idx[part], targets[part], frozen[part], n_counted=N, grads=grads
        )
        total += float(part_loss)
    assert total == pytest.approx(float(loss), rel=1e-12)
    for name, grad in expected.items():
        assert relative_error(grads[name], grad) <= 1e-11, name


def test_training_widens_the_margin_of_every_pair():
    model, (idx, targets) = model_of(dtype="float32", scale=0.3), pairs()
    frozen = reference_log_probs(model, idx, targets)
    tuning, optimizer = PreferenceTuning(model, BETA), AdamW(model.params, lr=0.01)
    for _ in range(30):
        loss, grads = tuning.loss_and_grads(idx, targets, frozen)
        assert {grad.dtype.name for grad in grads.values()} == {"float32"}
        optimizer.step(grads)
    ratios = reference_log_probs(model, idx, targets) - frozen
    assert (ratios[:, 0] - ratios[:, 1] > 1).all()
    assert loss < math.log(2) / 2


def test_a_beta_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="beta is 0 but must be a positive number"):
        PreferenceTuning(model_of(), 0)


def test_a_runner_divides_by_pairs_not_by_answers():
    model, (idx, targets) = model_of(), pairs()
    frozen = reference_log_probs(model_of(seed=5), idx, targets)
    tuning = PreferenceTuning(model, BETA)
    loss, expected = tuning.loss_and_grads(idx, targets, frozen)
    with BatchRunner(tuning, workers=2, micro_batch=1) as runner:
        assert runner.loss(idx, targets, frozen) == pytest.approx(float(loss), rel=1e-12)
        of_runner, grads = runner.loss_and_grads(idx, targets, frozen)
    assert of_runner == pytest.approx(float(loss), rel=1e-12)
    for name, grad in expected.items():
        assert relative_error(grads[name], grad) <= 1e-11, name
