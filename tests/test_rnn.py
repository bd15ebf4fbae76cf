"""The recurrent language model: its gradients, its state, and what it remembers and a bigram model cannot."""

import math

import numpy as np
import pytest
from gradients import assert_gradients_equal_finite_differences
from models import order_one, order_one_gpt, shaken

from minigpt import GPT, RNN, AdamW, BigramConfig, BigramLM, GPTConfig, RNNConfig, generate, load_model
from minigpt.finetuning.lora import LoRAGPT
from minigpt.generation.decoder import RecomputingDecoder, RecurrentDecoder, decoder_for
from minigpt.gradcheck import relative_error

V = 7
CONFIG = RNNConfig(vocab_size=V, block_size=5, n_embd=6)


def order_one_model():
    return order_one(RNN(CONFIG, dtype="float64"), scale=0.7)


def batch():
    idx, targets = np.random.default_rng(2).integers(V, size=(2, 4, 5))
    targets[0, 1:3] = -100
    return idx, targets


def test_loss_and_gradients_match_torch():
    torch = pytest.importorskip("torch")
    model, (idx, targets) = order_one_model(), batch()
    loss, grads = model.loss_and_grads(idx, targets)
    w = {name: torch.tensor(param, requires_grad=True) for name, param in model.params.items()}
    rnn = torch.nn.RNN(CONFIG.n_embd, CONFIG.n_embd, batch_first=True, bias=True).double()
    zeros = torch.zeros_like(w["rnn.b"])
    named = dict(weight_ih_l0=w["rnn.Wx"].T, weight_hh_l0=w["rnn.Wh"].T, bias_ih_l0=w["rnn.b"])
    x = torch.nn.functional.embedding(torch.tensor(idx), w["embedding.weight"])
    h, _ = torch.func.functional_call(rnn, named | {"bias_hh_l0": zeros}, (x,))
    logits = h @ w["head.weight"].T
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten())
    expected.backward()
    assert relative_error(model.forward(idx)[0], logits.detach().numpy()) <= 1e-12
    assert relative_error(loss, expected.item()) <= 1e-12
    assert grads.keys() == w.keys()
    for name, grad in grads.items():
        assert relative_error(grad, w[name].grad.numpy()) <= 1e-9, name


def test_gradients_match_finite_differences():
    model, (idx, targets) = order_one_model(), batch()
    assert_gradients_equal_finite_differences(model.params, lambda: model.loss_and_grads(idx, targets))


def test_gradients_accumulate():
    model, (idx, targets) = order_one_model(), batch()
    _, once = model.loss_and_grads(idx, targets)
    once = {name: grad.copy() for name, grad in once.items()}
    _, grads = model.loss_and_grads(idx, targets)
    _, twice = model.loss_and_grads(idx, targets, grads=grads)
    for name, grad in twice.items():
        np.testing.assert_allclose(grad, 2 * once[name], rtol=1e-12)


def test_changing_a_future_token_leaves_past_logits_alone_and_a_past_one_reaches_the_end():
    model, (idx, _) = order_one_model(), batch()
    before, _ = model.forward(idx)
    for t in range(5):
        changed = idx.copy()
        changed[:, t] = (changed[:, t] + 1) % V
        after, _ = model.forward(changed)
        assert np.array_equal(after[:, :t], before[:, :t])
        assert np.abs(after[:, -1] - before[:, -1]).max() > 1e-3


def test_it_remembers_what_a_bigram_model_cannot():
    """1 0 0 … 1 or 2 0 0 … 2: the fourth token is the first one again, and zeros stand between them."""
    text = np.array([[1, 0, 0, 1], [2, 0, 0, 2]] * 8)
    idx, targets = text[:, :-1], text[:, 1:]
    losses = []
    for model in (RNN(RNNConfig(3, 3, 8), dtype="float64"), BigramLM(BigramConfig(3, 3), dtype="float64")):
        optimizer = AdamW(model.params, lr=0.05, weight_decay=0.0)
        for _ in range(150):
            loss, grads = model.loss_and_grads(idx, targets)
            optimizer.step(grads)
        losses.append(float(loss))
    assert losses[0] < 0.01
    assert losses[1] > 0.4, "after a zero comes a zero half of the time, and else 1 or 2"


def test_float32_stays_float32_and_one_seed_gives_one_model():
    first, again, other = (RNN(CONFIG, seed=seed).params for seed in (1, 1, 2))
    for name, param in first.items():
        assert param.dtype == np.float32 and param.shape == RNN.parameter_shapes(CONFIG)[name]
        assert np.array_equal(param, again[name])
        assert name == "rnn.b" or not np.array_equal(param, other[name])
    _, grads = RNN(CONFIG).loss_and_grads(*batch())
    assert {grad.dtype for grad in grads.values()} == {np.dtype("float32")}


def test_at_the_start_tokens_are_about_equally_likely_and_the_state_neither_dies_nor_saturates():
    model = RNN(RNNConfig(50, 200, 128), dtype="float64")
    idx = np.random.default_rng(0).integers(50, size=(3, 200))
    loss, _ = model.loss_and_grads(idx, idx)
    assert float(loss) == pytest.approx(math.log(50), abs=0.1)
    h, _ = model.forward_hidden(idx, model.empty_state(3))
    spread = h[:, -50:].std()
    assert 0.5 < spread < 0.85
    table = model.params["embedding.weight"]
    assert table.std() == pytest.approx(1, rel=0.05) and not model.params["rnn.b"].any()
    for name in ("rnn.Wx", "rnn.Wh"):
        assert model.params[name].std() == pytest.approx(1 / math.sqrt(128), rel=0.05)


def test_a_saved_model_comes_back_as_it_was(tmp_path):
    model, (idx, _) = order_one_model(), batch()
    model.save_pretrained(tmp_path)
    for opened in (RNN.from_pretrained(tmp_path), load_model(tmp_path)):
        assert isinstance(opened, RNN) and opened.config == CONFIG
        assert np.array_equal(opened.forward(idx)[0], model.forward(idx)[0])


def test_what_does_not_fit_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="token ids run from 0 to 7 but the vocabulary has ids 0 to 6"):
        order_one_model().forward(np.array([[0, 7]]))
    with pytest.raises(ValueError, match="the input has 6 tokens but the context holds 5"):
        order_one_model().forward(np.zeros((1, 6), dtype=int))
    with pytest.raises(ValueError, match="n_embd is 0 but must be a whole number of at least 1"):
        RNNConfig(3, 5, 0)
    GPT(GPTConfig(V, 5, 1, 1, 4)).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="does not hold an RNN"):
        RNN.from_pretrained(tmp_path)


def test_an_adapter_of_an_rnn_is_refused(tmp_path):
    RNN(CONFIG).save_pretrained(tmp_path / "rnn")
    LoRAGPT(order_one_gpt(), 2, 4, ["wte"], 0, str(tmp_path / "rnn")).save_pretrained(tmp_path / "lora")
    with pytest.raises(ValueError, match="but that holds an RNN, which has one recurrent layer, not a GPT"):
        load_model(tmp_path / "lora" / "adapter")


# --- the state as the cache


def test_the_kept_state_gives_the_logits_of_the_whole_text_at_every_step():
    model, rng = order_one_model(), np.random.default_rng(4)
    prompts = [[1], [2, 3, 4], [5, 6]]
    kept, recomputed = decoder_for(model, prompts), decoder_for(model, prompts, use_cache=False)
    assert (type(kept), type(recomputed)) == (RecurrentDecoder, RecomputingDecoder)
    pairs = [(kept.start(), recomputed.start())]
    for tokens in rng.integers(V, size=(2, 3)):  # up to the context of 5
        pairs.append((kept.append(tokens), recomputed.append(tokens)))
    for ours, expected in pairs:
        assert np.abs(expected).max() > 1 and np.abs(ours - expected).max() <= 1e-12


@pytest.mark.parametrize("given", [1, 5, 6, 13])
def test_nothing_is_forgotten_beyond_the_context_of_training(given):
    """A model of the same weights and a longer context says what the state should say."""
    model = order_one_model()
    longer = RNN(RNNConfig(V, 40, 6), params=model.params)
    text = np.random.default_rng(4).integers(V, size=30).tolist()
    decoder = decoder_for(model, [text[:given]])
    logits = [decoder.start()] + [decoder.append(np.array([token])) for token in text[given:]]
    expected, _ = longer.forward(np.array([text]))
    np.testing.assert_allclose(np.concatenate(logits), expected[0, given - 1 :], rtol=1e-9, atol=1e-12)


def test_what_is_generated_is_the_same_with_the_state_and_without_and_whatever_rows_stand_beside():
    model = shaken(RNN(RNNConfig(V, 50, 6), dtype="float64"))
    idx = np.array([[1, 2], [3, 4]])
    together = generate(model, idx, 20, seed=3)
    assert np.array_equal(together, generate(model, idx, 20, seed=3, use_cache=False))
    assert np.array_equal(together[:1], generate(model, idx[:1], 20, seed=3))
    assert len(set(together[0].tolist())) > 3


def test_empty_prompts_and_foreign_ids_are_refused():
    with pytest.raises(ValueError, match="a prompt has no tokens"):
        decoder_for(order_one_model(), [[1, 2], []])
    with pytest.raises(ValueError, match="token ids run from 1 to 7"):
        decoder_for(order_one_model(), [[1, 7]]).start()
