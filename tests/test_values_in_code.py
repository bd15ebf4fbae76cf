"""Sizes, ids and targets that a program gives: what does not fit is a sentence, never another number."""

import numpy as np
import pytest

from minigpt import GPT, BigramConfig, BigramLM, GPTConfig, generate, generate_text_simple
from minigpt.finetuning.classifier import BalancedLabels, GPTClassifier

GPT_MODEL = GPT(GPTConfig(11, 6, 1, 2, 4), seed=1)
CLASSIFIER = GPTClassifier(GPT_MODEL, ["a", "b", "c"], 0, seed=1)
BALANCED = BalancedLabels(CLASSIFIER, [1, 2, 3])
IDX = np.array([[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ((11, True, 1, 2, 4), "block_size is True but must be a whole number of at least 1"),
        ((11.0, 6, 1, 2, 4), "vocab_size is 11.0 but"),
        ((11, 6, np.bool_(True), 2, 4), "n_layer is"),
        ((11, 6, 1, 2, 4, float("nan")), "dropout is nan but"),
        ((11, 6, 1, 2, 4, "0.1"), "dropout is '0.1' but"),
        ((11, 6, 1, 2, 4, 0.0, 1), "tie_weights is 1 but must be True or False"),
        ((11, 6, 1, 2, 4, 0.0, True, 0), "layer_norm_epsilon is 0 but must be a positive number"),
        ((11, 6, 1, 2, 4, 0.0, True, float("inf")), "layer_norm_epsilon is inf"),
    ],
)
def test_sizes_that_are_none_are_refused(sizes, sentence):
    with pytest.raises(ValueError, match=sentence):
        GPTConfig(*sizes)


def test_a_bigram_takes_no_truth_as_a_size():
    with pytest.raises(ValueError, match="vocab_size is True but must be a whole number"):
        BigramConfig(True, 4)


def test_numpys_integers_are_sizes_and_can_be_saved(tmp_path):
    config = GPTConfig(np.int64(11), np.int32(6), np.uint8(1), 2, 4)
    assert config == GPT_MODEL.config and type(config.vocab_size) is int
    GPT(config).save_pretrained(tmp_path)


TARGETS = [
    (np.array([[-1, 2, 3], [4, 5, 6]]), "targets run from -1 to 6 but must lie between 0 and 10, or be -100"),
    (np.array([[-100, 2, 3], [-7, 5, 6]]), "targets run from -7 to 6"),
    (np.array([[1, 2, 11], [4, 5, 6]]), "targets run from 1 to 11"),
    (np.array([[1.0, 2, 3], [4, 5, 6]]), r"integers of shape \(2, 3\), not float64 of shape \(2, 3\)"),
    (np.array([[True, False, True], [True, True, True]]), r"not bool of shape \(2, 3\)"),
    (np.array([[1, 2], [4, 5]]), r"not int64 of shape \(2, 2\)"),
    (np.array([1, 2, 3, 4, 5, 6]), r"not int64 of shape \(6,\)"),
    ([[1, 2, 3], [4, 5, 6]], r"not a list"),
]


@pytest.mark.parametrize("model", [GPT_MODEL, BigramLM(BigramConfig(11, 6))], ids=["gpt", "bigram"])
@pytest.mark.parametrize(("targets", "sentence"), TARGETS)
def test_targets_that_are_none_are_refused(model, targets, sentence):
    with pytest.raises(ValueError, match=sentence):
        model.loss_and_grads(IDX, targets)
    with pytest.raises(ValueError, match=sentence):
        model.loss(IDX, targets)


@pytest.mark.parametrize("labels", [[-1, 0], [0, 3], [0.0, 1.0], [[0], [1]]])
@pytest.mark.parametrize(
    "model", [CLASSIFIER, BalancedLabels(CLASSIFIER, [1, 2, 3])], ids=["plain", "balanced"]
)
def test_labels_that_are_none_are_refused(model, labels):
    for run in (model.loss_and_grads, model.loss):
        with pytest.raises(ValueError, match=r"^targets "):
            run(IDX, np.array(labels))


@pytest.mark.parametrize("kind", ["int8", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_any_integers_give_the_same_loss_and_gradients(kind):
    loss, grads = GPT_MODEL.loss_and_grads(IDX, IDX + 1)
    again, same = GPT_MODEL.loss_and_grads(IDX.astype(kind), (IDX + 1).astype(kind))
    assert again == loss and again.dtype == loss.dtype
    assert all(
        np.array_equal(same[name], grad) and same[name].dtype == grad.dtype for name, grad in grads.items()
    )


def test_targets_of_which_none_is_counted_pass():
    assert GPT_MODEL.loss(IDX, np.full((2, 3), -100)) == 0


@pytest.mark.parametrize("idx", [np.array([[1.0, 2.0]]), np.array([[True]]), np.array([1, 2]), [["a"]]])
def test_ids_to_continue_must_be_integers_of_two_dimensions(idx):
    with pytest.raises(ValueError, match=r"token ids must be integers of shape \(B, T\)"):
        generate(GPT_MODEL, idx, 2)
    with pytest.raises(ValueError, match=r"token ids must be integers of shape \(B, T\)"):
        generate_text_simple(GPT_MODEL, idx, 2, 6)


@pytest.mark.parametrize("kind", ["uint8", "uint64", "int32"])
def test_what_is_generated_is_whole_numbers_whatever_the_ids_are(kind):
    for continued in (
        generate(GPT_MODEL, IDX.astype(kind), 3, temperature=0),
        generate_text_simple(GPT_MODEL, IDX.astype(kind), 3, 6),
    ):
        assert continued.dtype == np.int64 and np.array_equal(continued[:, :3], IDX)


def test_ids_beyond_the_vocabulary_are_refused():
    for idx in (np.array([[11]]), np.array([[-1]]), np.array([[2**64 - 1]], dtype=np.uint64)):
        with pytest.raises(ValueError, match="token id"):
            generate(GPT_MODEL, idx, 1)


def test_a_list_in_place_of_an_array_is_a_sentence():
    with pytest.raises(ValueError, match=r"token ids must be integers of shape \(B, T\), not a list"):
        GPT_MODEL.forward([[1, 2]])
