"""The classification head: its gradient, its padding, its files, against torch and transformers."""

import json

import numpy as np
import pytest
from check_layer import check_layer
from gradients import assert_gradients_equal_finite_differences
from models import SMALL, order_one

from minigpt import GPT, AdamW, GPTConfig, accept_settings
from minigpt.finetuning.classifier import (
    BalancedLabels,
    GPTClassifier,
    describe_probabilities,
    independent_probabilities,
    pool_backward,
    pool_forward,
    probabilities,
    text_ids,
)
from minigpt.finetuning.last_blocks import LastBlocksGPT
from minigpt.finetuning.lora import LoRAGPT
from minigpt.gradcheck import relative_error
from minigpt.training.runner import BatchRunner
from tokenizer import CharTokenizer

PAD = 12
LABELS = ["ham", "spam", "其他"]
LENGTHS = [7, 3, 1, 5]
TARGETS = np.array([2, 0, 1, 0])


def classifier(dtype="float64", scale=0.5, lora=False):
    gpt = GPT(SMALL, dtype=dtype)
    gpt = LoRAGPT(gpt, rank=2, alpha=3) if lora else gpt
    return order_one(GPTClassifier(gpt, LABELS, PAD), scale=scale)


def texts(lengths=LENGTHS):
    """Ids (B, T) of texts of unequal lengths, padded on the right."""
    idx = np.random.default_rng(2).integers(PAD, size=(len(lengths), max(lengths)))
    for row, length in enumerate(lengths):
        idx[row, length:] = PAD
    return idx


def test_pooling_matches_torch_and_finite_differences():
    last = np.array([2, 0, 3])
    check_layer(pool_forward, pool_backward, lambda hidden: hidden[range(3), last], [(3, 4, 5)], args=(last,))


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_scores_loss_and_every_gradient_equal_those_of_transformers(tmp_path, weighted):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    model, idx = classifier("float32"), texts()
    model.save_pretrained(tmp_path)
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path).double().eval()
    assert type(theirs).__name__ == "GPT2ForSequenceClassification"
    assert theirs.config.id2label == dict(enumerate(LABELS))

    objective = model = in_float64(model)
    weights = None
    if weighted:
        objective = BalancedLabels(model, [5, 2, 9])
        weights = torch.tensor([16 / 15, 16 / 6, 16 / 27], dtype=torch.float64)
    scores, _ = model.forward(idx)
    loss, grads = objective.loss_and_grads(idx, TARGETS)
    expected = theirs(torch.tensor(idx)).logits
    expected_loss = torch.nn.functional.cross_entropy(expected, torch.tensor(TARGETS), weight=weights)
    expected_loss.backward()
    assert relative_error(scores, expected.detach().numpy()) <= 1e-9
    assert relative_error(loss, expected_loss.item()) <= 1e-9
    found = {name.removeprefix("transformer."): p.grad.numpy() for name, p in theirs.named_parameters()}
    assert found.keys() == grads.keys()
    for name, grad in grads.items():
        assert relative_error(grad, found[name]) <= 1e-9, name


def in_float64(model):
    """The same weights in float64, for the GPT within as for the classifier around it."""
    for name in model.params:
        model.params[name] = model.params[name].astype("float64")
    model.gpt.params |= {name: model.params[name] for name in model.gpt.params}
    return model


@pytest.mark.parametrize("lora", [False, True], ids=["full", "LoRA"])
def test_every_gradient_equals_finite_differences(lora):
    model, idx = classifier(lora=lora), texts()
    for objective in (model, BalancedLabels(model, [5, 2, 9])):
        assert_gradients_equal_finite_differences(
            model.trained_params(), lambda objective=objective: objective.loss_and_grads(idx, TARGETS)
        )


def test_training_the_last_block_alone_has_the_gradients_of_training_all():
    model, idx = classifier(), texts()
    _, expected = model.loss_and_grads(idx, TARGETS)
    model = GPTClassifier(LastBlocksGPT(model.gpt, 2), LABELS, PAD, score=model.params["score.weight"])
    _, grads = model.loss_and_grads(idx, TARGETS)
    assert grads.keys() == model.trained_params().keys()
    assert {name.split(".")[0] for name in grads} == {"h", "ln_f", "score"}
    assert {name.split(".")[1] for name in grads if name.startswith("h.")} == {"2"}
    for name, grad in grads.items():
        assert np.array_equal(grad, expected[name]), name


def test_what_stands_in_the_padding_and_how_much_there_is_changes_nothing():
    model, idx = classifier(), texts()
    scores, _ = model.forward(idx)
    wider = np.concatenate([idx, np.full((len(idx), 2), PAD)], axis=1)
    np.testing.assert_allclose(model.forward(wider)[0], scores, rtol=1e-11)
    for row, length in enumerate(LENGTHS):
        alone, _ = model.forward(idx[row : row + 1, :length])
        np.testing.assert_allclose(alone[0], scores[row], rtol=1e-11)


def test_no_gradient_reaches_the_embedding_from_the_padding():
    model, idx = classifier(), texts()
    _, grads = model.loss_and_grads(idx, TARGETS)
    assert not grads["wte.weight"][PAD].any()
    assert not grads["wpe.weight"][max(LENGTHS) :].any()
    assert grads["wpe.weight"][: max(LENGTHS)].any(-1).all()


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_parts_of_a_batch_add_up_to_the_whole(weighted):
    model, idx = classifier(), texts()
    objective = BalancedLabels(model, [5, 2, 9]) if weighted else model
    loss, expected = objective.loss_and_grads(idx, TARGETS)
    n_counted = objective.n_counted(idx, TARGETS)
    total, grads = 0.0, None
    for row in range(len(idx)):
        part = slice(row, row + 1)
        part_loss, grads = objective.loss_and_grads(idx[part], TARGETS[part], None, n_counted, grads)
        total += float(part_loss)
    assert total == pytest.approx(float(loss), rel=1e-12)
    assert float(objective.loss(idx, TARGETS)) == pytest.approx(float(loss), rel=1e-12)
    for name, grad in expected.items():
        assert relative_error(grads[name], grad) <= 1e-11, name


def test_balancing_gives_every_label_the_same_weight():
    weights = BalancedLabels(classifier(), [1, 2, 5]).weights
    np.testing.assert_allclose(weights * [1, 2, 5], [8 / 3] * 3)


@pytest.mark.parametrize("lora", [False, True], ids=["full", "LoRA"])
def test_a_saved_classifier_opens_with_equal_scores_and_the_labels_in_their_order(tmp_path, lora):
    model, idx = classifier("float32", lora=lora), texts()
    model.save_pretrained(tmp_path)
    again = GPTClassifier.from_pretrained(tmp_path)
    assert (again.labels, again.pad_token_id) == (LABELS, PAD)
    assert relative_error(again.forward(idx)[0], model.forward(idx)[0]) <= 1e-5


def test_peft_puts_the_adapter_of_a_classifier_onto_its_base_with_equal_scores(tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    peft = pytest.importorskip("peft")
    model, idx = classifier("float32", lora=True), texts()
    base = GPTClassifier(GPT(SMALL), LABELS, PAD)
    for name, param in base.gpt.params.items():
        param[...] = model.params[name]
    base.save_pretrained(tmp_path / "base")
    model.save_pretrained(tmp_path / "tuned")
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "base")
    theirs = peft.PeftModel.from_pretrained(theirs, tmp_path / "tuned" / "adapter").eval()
    scores = theirs(torch.tensor(idx)).logits.detach().numpy()
    assert relative_error(scores, model.forward(idx)[0]) <= 1e-5


def test_a_base_with_an_untied_head_becomes_a_classifier_that_opens(tmp_path):
    config = GPTConfig(vocab_size=13, block_size=9, n_layer=1, n_head=2, n_embd=10, tie_weights=False)
    model = GPTClassifier(GPT(config), LABELS, PAD)
    _, grads = model.loss_and_grads(texts(), TARGETS)
    assert "lm_head.weight" not in grads
    assert model.trained_params().keys() == grads.keys()
    model.save_pretrained(tmp_path)
    again = GPTClassifier.from_pretrained(tmp_path)
    assert np.array_equal(again.forward(texts())[0], model.forward(texts())[0])


def test_a_classifier_learns_in_a_batch_runner():
    model, idx = classifier("float32", scale=0.3), texts()
    optimizer = AdamW(model.trained_params(), lr=0.01)
    with BatchRunner(model, workers=2, micro_batch=1) as runner:
        for step in range(30):
            loss, grads = runner.loss_and_grads(idx, TARGETS, dropout_key=(0, step))
            optimizer.step(grads, runner.for_each)
    assert loss < 0.2
    assert (probabilities(model.forward(idx)[0]).argmax(1) == TARGETS).all()


def test_probabilities_sum_to_one_and_do_not_overflow():
    shares = probabilities(np.array([[1e4, 0.0, -1e4], [0.0, 0.0, 0.0]], dtype=np.float32))
    np.testing.assert_allclose(shares, [[1, 0, 0], [1 / 3] * 3], atol=1e-12)


@pytest.mark.parametrize("labels", [["ham"], ["ham", "ham"], []])
def test_fewer_than_two_different_labels_are_refused(labels):
    with pytest.raises(ValueError, match="must be at least two different ones"):
        GPTClassifier(GPT(SMALL), labels, PAD)


def test_a_language_model_is_no_classifier(tmp_path):
    GPT(SMALL).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="is no classifier"):
        GPTClassifier.from_pretrained(tmp_path)


# --- classifiers that others made


def theirs_in(directory, n_labels=3, **settings):
    """A classifier of random numbers as transformers writes it, and the model there."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    sizes = {"vocab_size": 13, "n_positions": 9, "n_layer": 2, "n_head": 2, "n_embd": 10}
    config = transformers.GPT2Config(**sizes, num_labels=n_labels, **{"pad_token_id": PAD} | settings)
    model = transformers.GPT2ForSequenceClassification(config).eval()
    for param in model.parameters():
        param.data += 0.5 * torch.randn_like(param)
    model.save_pretrained(directory)
    return model


def their_scores(model, idx):
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        return model(torch.tensor(idx)).logits.numpy()


@pytest.mark.parametrize("n_labels", [2, 3])
def test_default_names_of_labels_are_those_of_transformers(tmp_path, n_labels):
    theirs = theirs_in(tmp_path, n_labels)
    saved = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert ("id2label" in saved) == (n_labels > 2)  # two by default names are left out
    ours = GPTClassifier.from_pretrained(tmp_path)
    assert ours.labels == [theirs.config.id2label[i] for i in range(n_labels)]
    assert relative_error(ours.forward(texts())[0], their_scores(theirs, texts())) <= 1e-5


def test_num_labels_stands_for_missing_names(tmp_path):
    theirs_in(tmp_path, 3)
    change_config(tmp_path, id2label=None, num_labels=3)
    assert GPTClassifier.from_pretrained(tmp_path).labels == ["LABEL_0", "LABEL_1", "LABEL_2"]


def change_config(directory, drop=(), **changes):
    path = directory / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | changes
    config = {name: value for name, value in config.items() if name not in drop}
    path.write_text(json.dumps(config), encoding="utf-8", newline="\n")


def test_without_a_padding_token_the_last_token_of_one_text_counts(tmp_path):
    theirs = theirs_in(tmp_path, pad_token_id=None)
    ours = GPTClassifier.from_pretrained(tmp_path)
    for length in (1, 7):
        idx = texts()[:1, :length]
        assert relative_error(ours.forward(idx)[0], their_scores(theirs, idx)) <= 1e-5
    with pytest.raises(ValueError, match="has no pad_token_id, so where 4 texts end cannot be told"):
        ours.forward(texts())


def test_several_labels_at_once_have_a_probability_each(tmp_path):
    torch = pytest.importorskip("torch")
    theirs = theirs_in(tmp_path, problem_type="multi_label_classification")
    ours, ids = GPTClassifier.from_pretrained(tmp_path), [3, 1, 4]
    shares = torch.sigmoid(torch.tensor(their_scores(theirs, [ids])))[0].tolist()
    expected = sorted(zip(shares, ours.labels), reverse=True)
    assert describe_probabilities(ours, ids) == ", ".join(f"{name} {100 * p:.1f} %" for p, name in expected)
    ours.save_pretrained(tmp_path / "again")
    assert GPTClassifier.from_pretrained(tmp_path / "again").multi_label


def test_independent_probabilities_do_not_overflow():
    shares = independent_probabilities(np.array([[1e4, 0.0, -1e4]], dtype=np.float32))
    assert shares.tolist() == [[1, 0.5, 0]]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_labels": 1}, "holds a regression"),
        ({"n_labels": 3, "problem_type": "regression"}, "holds a regression"),
    ],
)
def test_a_regression_is_refused_by_name(tmp_path, settings, sentence):
    theirs_in(tmp_path, **settings)
    with pytest.raises(ValueError, match=sentence):
        GPTClassifier.from_pretrained(tmp_path)


def test_an_unknown_problem_and_damaged_names_are_refused(tmp_path):
    theirs_in(tmp_path)
    change_config(tmp_path, problem_type="ranking")
    with pytest.raises(ValueError, match="problem_type is 'ranking'"):
        GPTClassifier.from_pretrained(tmp_path)
    change_config(tmp_path, problem_type=None, id2label={"0": "a", "2": "b"})
    with pytest.raises(ValueError, match="id2label must name the labels 0, 1"):
        GPTClassifier.from_pretrained(tmp_path)


def test_what_a_text_ends_with_belongs_to_the_model(tmp_path):
    theirs_in(tmp_path / "theirs")
    assert GPTClassifier.from_pretrained(tmp_path / "theirs").text_end == ""
    classifier("float32").save_pretrained(tmp_path / "ours")
    assert GPTClassifier.from_pretrained(tmp_path / "ours").text_end == "\n"
    change_config(tmp_path / "ours", drop=["text_end"])  # as earlier versions saved it
    with pytest.raises(ValueError, match=r"text_end is None but was '\\n' when"):
        GPTClassifier.from_pretrained(tmp_path / "ours")
    accept_settings(tmp_path / "ours")
    assert GPTClassifier.from_pretrained(tmp_path / "ours").text_end == "\n"
    change_config(tmp_path / "ours", text_end=3)
    with pytest.raises(ValueError, match="text_end is 3"):
        GPTClassifier.from_pretrained(tmp_path / "ours")
    again = GPTClassifier.from_pretrained(tmp_path / "theirs")
    again.save_pretrained(tmp_path / "again")
    assert GPTClassifier.from_pretrained(tmp_path / "again").text_end == ""


def test_transformers_keeps_what_a_text_ends_with(tmp_path):
    transformers = pytest.importorskip("transformers")
    classifier("float32").save_pretrained(tmp_path / "ours")
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "ours")
    theirs.save_pretrained(tmp_path / "again")
    assert GPTClassifier.from_pretrained(tmp_path / "again").text_end == "\n"


def test_a_text_is_cut_before_its_end():
    tokenizer = CharTokenizer.train("abc\n")
    a, b, c, end = (tokenizer.encode(text)[0] for text in "abc\n")
    assert text_ids(tokenizer, ["ab"], 3, "\n") == ([a, b, end], False)
    assert text_ids(tokenizer, ["ab", "c"], 3, "\n") == ([a, b, end], True)
    assert text_ids(tokenizer, ["abc"], 3) == ([a, b, c], False)
