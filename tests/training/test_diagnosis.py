"""What broke first: parameter, activation or gradient, by its name."""

import numpy as np
import pytest
from models import SMALL, order_one_gpt

from minigpt import RNN, BigramConfig, BigramLM, RNNConfig
from minigpt.finetuning.classifier import GPTClassifier
from minigpt.training.diagnosis import first_overflow, overflow_report

IDX = np.arange(6).reshape(2, 3)


def model_with(**values):
    """A GPT in which an entry of each named parameter is replaced."""
    model = order_one_gpt()
    for name, value in values.items():
        model.params[name].flat[-1] = value
    return model


def test_a_parameter_comes_before_what_it_makes_of_the_text():
    model = model_with(**{"h.1.mlp.c_fc.bias": np.inf, "ln_f.bias": np.nan})
    assert first_overflow(model, IDX, {}, np.nan) == "the parameter h.1.mlp.c_fc.bias"


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("h.0.mlp.c_proj.bias", 1e308, "the output of block h.0"),
        ("h.2.mlp.c_proj.bias", 1e308, "the output of block h.2"),
        ("ln_f.bias", 1e308, "the output of the head"),
    ],
)
def test_the_first_activation_that_overflows_is_named(name, value, where):
    model = model_with(**{name: value})
    if name.startswith("h."):
        model.params[name][:] = value
        model.params[name.replace("mlp.c_proj", "attn.c_proj")][:] = value
    else:
        model.params["wte.weight"][:] *= 1e10
    with np.errstate(all="ignore"):
        assert first_overflow(model, IDX, {}, np.nan) == where


def test_embeddings_that_overflow_are_named():
    model = order_one_gpt()
    model.params["wte.weight"][:] = model.params["wpe.weight"][:] = 1.7e308
    with np.errstate(all="ignore"):
        assert first_overflow(model, IDX, {}, np.nan) == "the output of the embeddings"


def test_gradients_come_in_the_order_of_the_backward_pass():
    grads = {"a": np.ones(3), "b": np.array([1.0, np.nan]), "c": np.array([np.inf])}
    assert first_overflow(order_one_gpt(), IDX, grads, 1.0) == "the gradient of b"


def test_without_any_it_is_the_norm_or_the_loss_under_dropout():
    grads = {"a": np.ones(3)}
    assert first_overflow(order_one_gpt(), IDX, grads, 1.0) == "the norm of the gradients"
    assert first_overflow(order_one_gpt(), IDX, grads, np.inf) == "the loss, and only under dropout"


def test_a_classifiers_gpt_and_a_bigram_table_are_looked_into():
    gpt = order_one_gpt()
    classifier = GPTClassifier(gpt, ["a", "b"], pad_token_id=0)
    gpt.params["h.0.mlp.c_proj.bias"][:] = gpt.params["h.0.attn.c_proj.bias"][:] = 1e308
    with np.errstate(all="ignore"):
        assert first_overflow(classifier, IDX, {}, np.nan) == "the output of block h.0"
    bigram = BigramLM(BigramConfig(SMALL.vocab_size, 4))
    assert first_overflow(bigram, IDX, {}, 1.0) == "the norm of the gradients"
    bigram.params["table.weight"][3, 3] = np.nan
    assert first_overflow(bigram, IDX, {}, 1.0) == "the parameter table.weight"
    rnn = RNN(RNNConfig(SMALL.vocab_size, IDX.shape[-1], 4))
    rnn.params["rnn.b"][:], rnn.params["head.weight"][:] = 100, 3e38
    with np.errstate(all="ignore"):
        assert first_overflow(rnn, IDX, {}, np.inf) == "the output of the model"


def test_the_report_names_the_step_the_last_five_norms_and_the_folder():
    lines = [{"grad_norm": float(step)} for step in range(9)]
    report = overflow_report(order_one_gpt(), IDX, {"a": np.array([np.nan])}, np.inf, lines, 9, "my-out")
    assert report.startswith("step 9 gave a loss of inf")
    assert "overflow is the gradient of a." in report and "steps before: 4, 5, 6, 7, 8." in report
    assert report.endswith("the last good state is in my-out")
    assert "steps before: none yet." in overflow_report(order_one_gpt(), IDX, {}, 1.0, [], 0, "x")
