"""The bigram model: a table of logits, its gradient, and what it can learn at best."""

import math

import numpy as np
import pytest
from models import order_one

from minigpt import GPT, AdamW, BigramConfig, BigramLM, GPTConfig, load_model
from minigpt.gradcheck import numerical_gradient, relative_error

V = 7
CONFIG = BigramConfig(vocab_size=V, block_size=5)


def order_one_model():
    return order_one(BigramLM(CONFIG, dtype="float64"))


def batch():
    idx, targets = np.random.default_rng(2).integers(V, size=(2, 4, 5))
    targets[0, 1:3] = -100
    return idx, targets


def test_logits_are_the_rows_of_the_table():
    model, (idx, _) = order_one_model(), batch()
    logits, _ = model.forward(idx)
    assert logits.shape == (4, 5, V)
    assert np.array_equal(logits[2, 3], model.params["table.weight"][idx[2, 3]])


def test_loss_and_gradient_match_torch():
    torch = pytest.importorskip("torch")
    model, (idx, targets) = order_one_model(), batch()
    loss, grads = model.loss_and_grads(idx, targets)
    table = torch.tensor(model.params["table.weight"], requires_grad=True)
    logits = torch.nn.functional.embedding(torch.tensor(idx), table)
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten())
    expected.backward()
    assert relative_error(loss, expected.item()) <= 1e-12
    assert relative_error(grads["table.weight"], table.grad.numpy()) <= 1e-9


def test_the_gradient_matches_finite_differences():
    model, (idx, targets) = order_one_model(), batch()
    _, grads = model.loss_and_grads(idx, targets)
    expected = numerical_gradient(
        lambda: float(model.loss_and_grads(idx, targets)[0]), model.params["table.weight"]
    )
    assert relative_error(grads["table.weight"], expected) <= 1e-9


def test_gradients_accumulate():
    model, (idx, targets) = order_one_model(), batch()
    _, once = model.loss_and_grads(idx, targets)
    once = once["table.weight"].copy()
    _, grads = model.loss_and_grads(idx, targets)
    _, twice = model.loss_and_grads(idx, targets, grads=grads)
    np.testing.assert_allclose(twice["table.weight"], 2 * once, rtol=1e-12)


def test_training_reaches_the_entropy_of_the_text_and_its_frequencies():
    """After a token 0 comes 1 or 2 with equal chance, after these comes 0: the best loss is ½ ln 2."""
    rng = np.random.default_rng(0)
    text = np.zeros(2001, dtype=int)
    text[1::2] = rng.permutation(np.repeat([1, 2], 500))
    idx, targets = text[:-1].reshape(-1, 5), text[1:].reshape(-1, 5)
    model = BigramLM(BigramConfig(3, 5), dtype="float64")
    optimizer = AdamW(model.params, lr=0.2, weight_decay=0.0)
    for _ in range(200):
        loss, grads = model.loss_and_grads(idx, targets)
        optimizer.step(grads)
    assert float(loss) == pytest.approx(math.log(2) / 2, abs=0.002)
    table = model.params["table.weight"]
    shares = np.exp(table) / np.exp(table).sum(1, keepdims=True)
    np.testing.assert_allclose(shares[0], [0, 0.5, 0.5], atol=0.01)


def test_float32_stays_float32_and_one_seed_gives_one_table():
    first, again, other = (BigramLM(CONFIG, seed=seed).params["table.weight"] for seed in (1, 1, 2))
    assert first.dtype == np.float32
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    _, grads = BigramLM(CONFIG).loss_and_grads(*batch())
    assert grads["table.weight"].dtype == np.float32


def test_a_saved_model_comes_back_as_it_was(tmp_path):
    model, (idx, _) = order_one_model(), batch()
    model.save_pretrained(tmp_path)
    for opened in (BigramLM.from_pretrained(tmp_path), load_model(tmp_path)):
        assert isinstance(opened, BigramLM) and opened.config == CONFIG
        assert np.array_equal(opened.forward(idx)[0], model.forward(idx)[0])


def test_ids_and_sizes_that_do_not_fit_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match="token ids run from 0 to 7 but the vocabulary has ids 0 to 6"):
        order_one_model().forward(np.array([[0, 7]]))
    with pytest.raises(ValueError, match="the input has 6 tokens but the context holds 5"):
        order_one_model().forward(np.zeros((1, 6), dtype=int))
    with pytest.raises(ValueError, match="vocab_size is 0 but must be a whole number of at least 1"):
        BigramConfig(0, 5)


def test_at_the_start_every_token_is_about_equally_likely():
    table = BigramLM(BigramConfig(100, 5), dtype="float64").params["table.weight"]
    assert table.std() == pytest.approx(0.02, rel=0.05) and abs(table.mean()) < 0.001


def test_a_folder_with_another_model_is_refused(tmp_path):
    GPT(GPTConfig(V, 5, 1, 1, 4)).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="does not hold a bigram model"):
        BigramLM.from_pretrained(tmp_path)
