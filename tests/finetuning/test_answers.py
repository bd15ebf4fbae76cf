"""Training on answers alone: the rows that the head does not see change neither the loss nor a gradient."""

import dataclasses

import numpy as np
import pytest
from models import SMALL, order_one, order_one_gpt

from minigpt import BigramConfig, BigramLM
from minigpt.finetuning import answers
from minigpt.finetuning.answers import AnswerTuning, greedy_answers
from minigpt.finetuning.last_blocks import LastBlocksGPT
from minigpt.finetuning.lora import LoRAGPT
from minigpt.gradcheck import relative_error
from minigpt.layers import IGNORED, dropout_streams
from minigpt.training.runner import BatchRunner
from tokenizer import CharTokenizer

CONFIG = dataclasses.replace(SMALL, dropout=0.2)
KINDS = {
    "all": lambda base: base,
    "last": lambda base: LastBlocksGPT(base, 1),
    "LoRA": lambda base: LoRAGPT(base, rank=2, alpha=3),
}


def model_of(kind, tied):
    return order_one(KINDS[kind](order_one_gpt(dataclasses.replace(CONFIG, tie_weights=tied))))


def batch():
    """Ids and targets (B, T): the answers of four sequences, of which the third has none."""
    idx, targets = np.random.default_rng(2).integers(CONFIG.vocab_size, size=(2, 4, 7))
    for row, n_prompt in enumerate([3, 6, 7, 1]):
        targets[row, :n_prompt] = IGNORED
    return idx, targets


@pytest.mark.parametrize("tied", [True, False], ids=["tied head", "head of its own"])
@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_gradients_are_those_of_the_whole_head(kind, tied):
    model, (idx, targets) = model_of(kind, tied), batch()
    expected_loss, expected = model.loss_and_grads(idx, targets, dropout_streams(1, 2, 0, 4))
    objective = AnswerTuning(model)
    loss, grads = objective.loss_and_grads(idx, targets, dropout_streams(1, 2, 0, 4))
    assert relative_error(loss, expected_loss) <= 1e-12
    assert objective.n_counted(idx, targets) == model.n_counted(idx, targets) == 11
    assert grads.keys() == expected.keys()
    for name, grad in grads.items():
        assert relative_error(grad, expected[name]) <= 1e-11, name
    assert relative_error(objective.loss(idx, targets), model.loss(idx, targets)) <= 1e-12


def test_a_runner_cuts_the_batch_and_sums_the_parts():
    """One of the parts has nothing that counts."""
    model, (idx, targets) = model_of("all", True), batch()
    expected_loss, expected = model.loss_and_grads(idx, targets, dropout_streams(5, 3, 0, 4))
    with BatchRunner(AnswerTuning(model), workers=2, micro_batch=1) as runner:
        loss, grads = runner.loss_and_grads(idx, targets, dropout_key=(5, 3))
        assert relative_error(runner.loss(idx, targets), model.loss(idx, targets)) <= 1e-12
    assert relative_error(loss, expected_loss) <= 1e-12
    for name, grad in grads.items():
        assert relative_error(grad, expected[name]) <= 1e-11, name


def test_answers_stand_beside_their_prompts_and_end_where_the_context_does(monkeypatch):
    """The model counts: after v comes v + 1. Prompts of unequal length are taken in batches of two."""
    tokenizer = CharTokenizer.train("0123456789")
    model = BigramLM(BigramConfig(tokenizer.n_vocab, 6), dtype="float64")
    model.params["table.weight"] += np.roll(np.eye(tokenizer.n_vocab), 1, axis=1)  # after 9 the end
    monkeypatch.setattr(answers, "PROMPTS_AT_ONCE", 2)
    prompts = [tokenizer.encode(prompt) for prompt in ("1234", "8", "12", "01234567", "3")]
    assert greedy_answers(model, tokenizer, prompts) == ["56", "9", "34", "8", "45678"]
