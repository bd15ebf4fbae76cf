"""The whole GPT, every named parameter: against transformers and finite differences, and its promises."""

import dataclasses

import numpy as np
import pytest
from gradients import assert_gradients_equal_finite_differences
from models import SMALL, order_one_gpt

from minigpt import GPT, AdamW, GPTConfig
from minigpt.gradcheck import relative_error
from minigpt.layers import dropout_streams
from minigpt.model import parameter_shapes

B, T = 4, 7  # unequal, and unlike any size of SMALL
CONFIG = SMALL
UNTIED = dataclasses.replace(CONFIG, tie_weights=False)
either_head = pytest.mark.parametrize("config", [CONFIG, UNTIED], ids=["tied", "untied"])


def batch():
    """Ids and targets (B, T); a fifth of the targets is not counted, unevenly by row."""
    rng = np.random.default_rng(2)
    idx, targets = rng.integers(CONFIG.vocab_size, size=(2, B, T))
    targets[rng.random((B, T)) < 0.2] = -100
    targets[1, 1:] = -100
    return idx, targets


@either_head
def test_logits_loss_and_every_gradient_equal_those_of_transformers(config):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from reference_gpt2 import reference_loss, reference_of, reference_parameters

    model, (idx, targets) = order_one_gpt(config), batch()
    logits, _ = model.forward(idx)
    loss, grads = model.loss_and_grads(idx, targets)

    reference = reference_of(model)
    expected_logits, expected_loss = reference_loss(reference, idx, targets)
    expected_loss.backward()
    assert relative_error(logits, expected_logits.detach().numpy()) <= 1e-9
    assert relative_error(loss, expected_loss.item()) <= 1e-9
    assert grads.keys() == model.params.keys()
    for name, parameter in reference_parameters(reference, model).items():
        assert relative_error(grads[name], parameter.grad.numpy()) <= 1e-9, name


@either_head
def test_every_gradient_equals_finite_differences_of_the_whole_model(config):
    model, (idx, targets) = order_one_gpt(config, scale=0.5), batch()
    assert_gradients_equal_finite_differences(model.params, lambda: model.loss_and_grads(idx, targets))


def test_with_dropout_every_gradient_equals_finite_differences_under_the_same_masks():
    model, (idx, targets) = order_one_gpt(dataclasses.replace(CONFIG, dropout=0.3), scale=0.5), batch()
    assert_gradients_equal_finite_differences(
        model.params,
        lambda: model.loss_and_grads(idx, targets, dropout_streams(seed=1, step=2, first=0, count=B)),
    )


def test_dropout_acts_at_all_four_places_and_only_when_streams_are_given():
    """Once on the embeddings; then in every block on the attention shares and on both branches."""
    model, (idx, targets) = order_one_gpt(dataclasses.replace(CONFIG, dropout=0.5)), batch()

    class Counted:
        """A stream that counts how often a mask is drawn from it."""

        def __init__(self, stream):
            self.stream, self.shapes = stream, []

        def random(self, shape, dtype):
            self.shapes.append(shape)
            return self.stream.random(shape, dtype=dtype)

    (stream,) = dropout_streams(1, 2, 0, 1)
    counted = Counted(stream)
    model.loss_and_grads(idx[:1], targets[:1], [counted])
    hidden, shares = (T, CONFIG.n_embd), (CONFIG.n_head, T, T)
    assert counted.shapes == [hidden] + CONFIG.n_layer * [shares, hidden, hidden]
    without, _ = model.forward(idx)
    assert np.array_equal(without, model.forward(idx)[0])
    assert np.array_equal(without, order_one_gpt(CONFIG).forward(idx)[0])


def test_changing_a_future_token_leaves_past_logits_alone():
    model, (idx, _) = order_one_gpt(CONFIG), batch()
    before, _ = model.forward(idx)
    for t in range(T):
        changed = idx.copy()
        changed[:, t] = (changed[:, t] + 1) % CONFIG.vocab_size
        after, _ = model.forward(changed)
        assert np.array_equal(after[:, :t], before[:, :t])
        assert not np.isclose(after[:, t:], before[:, t:]).all(-1).any(), "a later token did not notice"


def test_a_prefix_alone_has_the_logits_it_has_within_the_whole():
    model, (idx, _) = order_one_gpt(CONFIG), batch()
    whole, _ = model.forward(idx)
    for t in range(1, T):
        np.testing.assert_allclose(model.forward(idx[:, :t])[0], whole[:, :t], rtol=1e-10, atol=1e-10)


@either_head
def test_accumulated_gradients_equal_the_big_batchs(config):
    model, (idx, targets) = order_one_gpt(config), batch()
    loss, grads = model.loss_and_grads(idx, targets)
    n_counted = int((targets != -100).sum())
    parts, accumulated = [], None
    for rows in (slice(0, 1), slice(1, 2), slice(2, 4)):
        part, accumulated = model.loss_and_grads(
            idx[rows], targets[rows], n_counted=n_counted, grads=accumulated
        )
        parts.append(float(part))
    assert sum(parts) == pytest.approx(float(loss), rel=1e-12)
    assert accumulated.keys() == grads.keys()
    for name, grad in grads.items():
        assert relative_error(accumulated[name], grad) <= 1e-11, name


@either_head
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_of_the_weights_is_the_dtype_of_everything(config, dtype):
    model, (idx, targets) = GPT(dataclasses.replace(config, dropout=0.1), dtype=dtype), batch()
    assert {param.dtype.name for param in model.params.values()} == {dtype}
    logits, _ = model.forward(idx)
    loss, grads = model.loss_and_grads(idx, targets, dropout_streams(0, 0, 0, B))
    assert logits.dtype == loss.dtype == dtype
    assert {grad.dtype.name for grad in grads.values()} == {dtype}
    optimizer = AdamW(model.params)
    optimizer.step(grads)
    for arrays in (model.params, optimizer.m, optimizer.v):
        assert {array.dtype.name for array in arrays.values()} == {dtype}


def test_no_array_of_the_computation_is_wider_than_the_weights():
    """A np.float64 scalar within a layer would widen the caches long before it shows in a gradient."""
    model, (idx, _) = GPT(dataclasses.replace(CONFIG, dropout=0.1), dtype="float32"), batch()

    def floats(cache):
        if isinstance(cache, (tuple, list, dict)):
            for part in cache.values() if isinstance(cache, dict) else cache:
                yield from floats(part)
        elif isinstance(cache, (np.ndarray, np.generic)) and cache.dtype.kind == "f":
            yield cache.dtype.name

    _, cache = model.forward(idx, dropout_streams(0, 0, 0, B))
    widths = list(floats(cache))
    assert set(widths) == {"float32"} and len(widths) > 10 * CONFIG.n_layer, "no cache was passed over"


def test_float32_gradients_are_those_of_float64_up_to_rounding():
    narrow, wide, (idx, targets) = order_one_gpt(CONFIG, dtype="float32"), order_one_gpt(CONFIG), batch()
    loss, grads = narrow.loss_and_grads(idx, targets)
    expected_loss, expected = wide.loss_and_grads(idx, targets)
    assert float(loss) == pytest.approx(float(expected_loss), rel=1e-4)
    for name, grad in expected.items():
        assert relative_error(grads[name], grad) <= 1e-3, name


def test_two_runs_with_one_seed_are_bit_identical_and_two_seeds_are_not():
    def trained(seed):
        model = GPT(dataclasses.replace(CONFIG, dropout=0.2), seed=seed)
        optimizer = AdamW(model.params, lr=0.1)
        for step in range(5):
            _, grads = model.loss_and_grads(*batch(), dropout_streams(seed, step, 0, B))
            optimizer.step(grads)
        return b"".join(param.tobytes() for param in model.params.values())

    assert trained(1) == trained(1)
    assert trained(1) != trained(2)


def test_weights_start_as_gpt2s_do():
    """Normal with 0.02, residual projections smaller by 1/√(2·n_layer), zero biases, unit LayerNorms."""
    config = GPTConfig(vocab_size=500, block_size=300, n_layer=8, n_head=2, n_embd=64, tie_weights=False)
    for name, param in GPT(config).params.items():
        if name.endswith(".bias"):
            assert not param.any(), name
        elif "ln_" in name:
            assert (param == 1).all(), name
        else:
            std = 0.02 / 4 if "c_proj" in name else 0.02  # √(2 · 8) = 4
            assert param.std() == pytest.approx(std, rel=0.05), name
            assert abs(param.mean()) < 0.05 * std, name


def test_weights_of_equal_shape_start_different():
    params = GPT(CONFIG).params
    matrices = [param.tobytes() for param in params.values() if param.ndim == 2]
    assert len(set(matrices)) == len(matrices)


def test_gpt2_small_has_124439808_parameters():
    config = GPTConfig(vocab_size=50257, block_size=1024, n_layer=12, n_head=12, n_embd=768)
    assert sum(int(np.prod(shape)) for shape in parameter_shapes(config).values()) == 124_439_808
    assert GPT(CONFIG).n_params() == sum(param.size for param in GPT(CONFIG).params.values())


@either_head
def test_an_untied_head_is_a_parameter_of_its_own_and_a_tied_one_is_not(config):
    assert ("lm_head.weight" in GPT(config).params) == (not config.tie_weights)


@pytest.mark.parametrize(
    ("idx", "sentence"),
    [
        ([[0, 13]], "token ids run from 0 to 13 but the vocabulary has ids 0 to 12"),
        ([[-1, 3]], "token ids run from -1 to 3 but the vocabulary has ids 0 to 12"),
        ([[0] * 10], "the input has 10 tokens but the context holds 9"),
        ([0, 1], r"token ids must be integers of shape \(B, T\), not int64 of shape \(2,\)"),
        ([[0.0, 1.0]], r"token ids must be integers of shape \(B, T\), not float64"),
        (np.zeros((0, 3), dtype=int), r"there are no tokens in an input of shape \(0, 3\)"),
        (np.zeros((2, 0), dtype=int), r"there are no tokens in an input of shape \(2, 0\)"),
    ],
)
def test_ids_that_do_not_fit_are_refused_in_a_sentence(idx, sentence):
    idx = np.asarray(idx)
    with pytest.raises(ValueError, match=sentence):
        GPT(CONFIG).forward(idx)
    with pytest.raises(ValueError, match=sentence):
        GPT(CONFIG).loss_and_grads(idx, idx)


def test_the_last_id_and_the_full_context_are_within_the_limits():
    logits, _ = GPT(CONFIG).forward(np.full((1, 9), 12))
    assert logits.shape == (1, 9, 13)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_layer": 0}, "n_layer is 0 but must be a whole number of at least 1"),
        ({"vocab_size": -5}, "vocab_size is -5"),
        ({"block_size": 2.5}, "block_size is 2.5 but must be a whole number"),
        ({"n_head": 3}, "n_embd is 10, which 3 heads cannot share equally: choose .* such as 12"),
        ({"dropout": 1.0}, "dropout is 1.0 but must be at least 0 and below 1"),
        ({"dropout": -0.1}, "dropout is -0.1"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_a_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(CONFIG, **change)
