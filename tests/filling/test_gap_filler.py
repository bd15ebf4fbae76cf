"""The model that sees both sides: against PyTorch, against finite differences, and in what it is not."""

import dataclasses
import math

import numpy as np
import pytest
from gradients import assert_gradients_equal_finite_differences
from models import SMALL, order_one

from minigpt import GPT, BigramConfig, BigramLM, generate, generate_text_simple, load_model
from minigpt.filling.model import GapFiller
from minigpt.gradcheck import relative_error
from minigpt.layers import IGNORED, dropout_streams
from minigpt.training.runner import BatchRunner

V, T, H = SMALL.vocab_size, SMALL.block_size, SMALL.n_head


def order_one_model():
    return order_one(GapFiller(SMALL, dtype="float64"), scale=0.5)


def batch():
    rng = np.random.default_rng(2)
    idx, targets = rng.integers(V, size=(2, 4, T))
    targets[rng.random(targets.shape) < 0.7] = IGNORED
    targets[1] = IGNORED  # a sequence of which nothing is asked
    return idx, targets


def torch_logits(w, idx, config):
    """The model written in torch, its attention torch's own, without a mask."""
    import torch
    from torch.nn import functional as F

    def norm(x, name):
        return F.layer_norm(
            x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], config.layer_norm_epsilon
        )

    def linear(x, name):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    idx = torch.tensor(idx)
    x = w["wte.weight"][idx] + w["wpe.weight"][: idx.shape[1]]
    for i in range(config.n_layer):
        q, k, v = linear(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn").chunk(3, -1)
        q, k, v = (a.unflatten(-1, (config.n_head, -1)).transpose(1, 2) for a in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + linear(y, f"h.{i}.attn.c_proj")
        h = F.gelu(linear(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc"), approximate="tanh")
        x = x + linear(h, f"h.{i}.mlp.c_proj")
    return norm(x, "ln_f") @ w["wte.weight"].T


def test_logits_loss_and_every_gradient_match_torch():
    torch = pytest.importorskip("torch")
    model, (idx, targets) = order_one_model(), batch()
    w = {name: torch.tensor(param, requires_grad=True) for name, param in model.params.items()}
    logits = torch_logits(w, idx, SMALL)
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten())
    expected.backward()
    loss, grads = model.loss_and_grads(idx, targets)
    assert relative_error(model.forward(idx)[0], logits.detach().numpy()) <= 1e-9
    assert relative_error(loss, expected.item()) <= 1e-10
    assert relative_error(model.loss(idx, targets), expected.item()) <= 1e-10
    assert grads.keys() == w.keys()
    for name, grad in grads.items():
        assert relative_error(grad, w[name].grad.numpy()) <= 1e-9, name


def test_the_loss_is_that_of_transformers_for_masked_language_models():
    """BertForMaskedLM's: cross-entropy over all places, of which those with −100 are left out."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    model, (idx, targets) = order_one_model(), batch()
    config = transformers.BertConfig(
        vocab_size=V, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    bert = transformers.BertForMaskedLM(config).double().eval()
    logits, _ = model.forward(idx)
    bert.cls.forward = lambda hidden: torch.tensor(logits)
    expected = bert(input_ids=torch.tensor(idx), labels=torch.tensor(targets)).loss
    assert relative_error(model.loss(idx, targets), float(expected.detach())) <= 1e-10


def test_gradients_match_finite_differences_with_dropout_too():
    idx, targets = batch()
    for dropout in (0.0, 0.3):
        model = order_one(GapFiller(dataclasses.replace(SMALL, dropout=dropout), dtype="float64"), scale=0.5)

        def loss_and_grads(model=model):
            return model.loss_and_grads(idx, targets, rngs=dropout_streams(1, 2, 0, 4))

        assert_gradients_equal_finite_differences(model.params, loss_and_grads)


def test_a_single_token_has_nothing_to_see_and_is_a_gpts_with_dropout_and_without():
    config = dataclasses.replace(SMALL, dropout=0.4)
    model = order_one(GapFiller(config, dtype="float64"), scale=0.5)
    gpt, idx = GPT(config, params=model.params), np.arange(12)[:, None]
    for rngs in (lambda: None, lambda: dropout_streams(1, 2, 0, 12)):
        np.testing.assert_allclose(model.forward(idx, rngs())[0], gpt.forward(idx, rngs())[0], rtol=1e-12)
    assert np.abs(model.forward(idx)[0] - model.forward(idx, dropout_streams(1, 2, 0, 12))[0]).max() > 0.1


def test_every_token_sees_every_other():
    model, (idx, _) = order_one_model(), batch()
    before, _ = model.forward(idx)
    for t in range(T):
        changed = idx.copy()
        changed[:, t] = (changed[:, t] + 1) % V
        after, _ = model.forward(changed)
        assert (np.abs(after - before).max((0, 2)) > 1e-3).all()


def test_chosen_places_have_the_scores_of_all():
    model, (idx, targets) = order_one_model(), batch()
    chosen = targets != IGNORED
    np.testing.assert_allclose(
        model.forward(idx, chosen=chosen)[0], model.forward(idx)[0][chosen], rtol=1e-12
    )


def test_parts_of_a_batch_add_up_also_those_in_which_nothing_is_asked():
    model, (idx, targets) = order_one_model(), batch()
    loss, grads = model.loss_and_grads(idx, targets)
    with BatchRunner(model, workers=2, micro_batch=1) as runner:
        summed, parts = runner.loss_and_grads(idx, targets)
        assert runner.loss(idx, targets) == pytest.approx(float(loss), rel=1e-12)
    assert summed == pytest.approx(float(loss), rel=1e-12)
    for name, grad in grads.items():
        assert relative_error(parts[name], grad) <= 1e-9
    nothing, zeros = model.loss_and_grads(idx, np.full_like(targets, IGNORED))
    assert nothing == 0 and not any(grad.any() for grad in zeros.values())


def test_at_the_start_every_token_is_about_equally_likely_and_float32_stays():
    model, (idx, targets) = GapFiller(SMALL, seed=3), batch()
    loss, grads = model.loss_and_grads(idx, targets)
    assert float(loss) == pytest.approx(math.log(V), abs=0.1)
    assert {grad.dtype for grad in grads.values()} == {np.dtype("float32")}


def test_a_saved_model_comes_back_as_what_it_is(tmp_path):
    model, (idx, _) = order_one_model(), batch()
    model.save_pretrained(tmp_path)
    for opened in (GapFiller.from_pretrained(tmp_path), load_model(tmp_path)):
        assert type(opened) is GapFiller and opened.config == model.config
        assert np.array_equal(opened.forward(idx)[0], model.forward(idx)[0])
    with pytest.raises(ValueError, match="model_type is 'minigpt-fill', but only 'gpt2' can be opened"):
        GPT.from_pretrained(tmp_path)
    BigramLM(BigramConfig(4, 5)).save_pretrained(tmp_path / "bigram")
    with pytest.raises(ValueError, match="does not hold a model that fills gaps"):
        GapFiller.from_pretrained(tmp_path / "bigram")


@pytest.mark.parametrize("use_cache", [True, False])
def test_it_continues_no_text(use_cache):
    sentence = r"this is a model that fills gaps \(--task fill\): it cannot continue a text"
    with pytest.raises(ValueError, match=sentence):
        generate(order_one_model(), [[1, 2]], 3, use_cache=use_cache)
    with pytest.raises(ValueError, match=sentence):
        generate_text_simple(order_one_model(), [[1, 2]], 3, T)


def test_targets_that_do_not_fit_are_refused():
    model, (idx, targets) = order_one_model(), batch()
    with pytest.raises(ValueError, match=r"targets must be integers of shape \(4, 9\)"):
        model.loss_and_grads(idx, targets[:, :-1])
    with pytest.raises(ValueError, match="targets run from"):
        model.loss_and_grads(idx, np.full_like(targets, V))
    with pytest.raises(ValueError, match="the input has 10 tokens but the context holds 9"):
        model.forward(np.zeros((1, 10), dtype=int))
