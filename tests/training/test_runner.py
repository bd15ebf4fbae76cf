"""Cutting a batch into shards and micro-batches changes no result."""

import dataclasses
import itertools
import threading

import numpy as np
import pytest
from models import order_one_gpt
from threadpoolctl import threadpool_info, threadpool_limits

from minigpt import GPT, AdamW, BigramConfig, BigramLM, GPTConfig, RNNConfig
from minigpt.gradcheck import relative_error
from minigpt.layers import dropout_streams
from minigpt.training.runner import BatchRunner, default_micro_batch, default_workers

B, T = 7, 5
CONFIG = GPTConfig(vocab_size=11, block_size=6, n_layer=2, n_head=2, n_embd=8)
CUTS = [*itertools.product([1, 2, 3], [None, 1, 2, 100]), (9, None)]  # the last: more workers than sequences


def batch():
    """Ids and targets (B, T), counted in every number from all to none of a row's targets."""
    rng = np.random.default_rng(2)
    idx, targets = rng.integers(11, size=(2, B, T))
    for row in range(B):
        targets[row, : max(T - row, 0)] = -100
    return idx, targets


def model_of(dropout=0.0):
    return order_one_gpt(dataclasses.replace(CONFIG, dropout=dropout))


@pytest.mark.parametrize(("workers", "micro_batch"), CUTS)
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_loss_and_gradients_equal_those_of_the_batch_in_one_piece(workers, micro_batch, dropout):
    model, (idx, targets) = model_of(dropout), batch()
    rngs = dropout_streams(5, 3, 0, B) if dropout else None
    expected_loss, expected = model.loss_and_grads(idx, targets, rngs)
    with BatchRunner(model, workers, micro_batch) as runner:
        loss, grads = runner.loss_and_grads(idx, targets, dropout_key=(5, 3) if dropout else None)
    assert loss == pytest.approx(float(expected_loss), rel=1e-12)
    assert grads.keys() == expected.keys()
    for name, grad in expected.items():
        assert relative_error(grads[name], grad) <= 1e-11, name


@pytest.mark.parametrize(("workers", "micro_batch"), CUTS)
def test_the_loss_alone_is_that_of_training_without_dropout(workers, micro_batch):
    model, (idx, targets) = model_of(dropout=0.4), batch()
    expected, _ = model.loss_and_grads(idx, targets)
    with BatchRunner(model, workers, micro_batch) as runner:
        assert runner.loss(idx, targets) == pytest.approx(float(expected), rel=1e-12)


def test_one_seed_and_one_number_of_workers_give_the_same_bits():
    def trained(workers):
        model = GPT(dataclasses.replace(CONFIG, dropout=0.2), seed=3)
        optimizer, losses = AdamW(model.params, lr=0.01), []
        with BatchRunner(model, workers, micro_batch=1) as runner:
            for step in range(6):
                loss, grads = runner.loss_and_grads(*batch(), dropout_key=(3, step))
                optimizer.step(grads, runner.for_each)
                losses.append(loss)
        return losses, [param.tobytes() for param in model.params.values()]

    for workers in (1, 2, 3):
        assert trained(workers) == trained(workers)


def test_for_each_meets_every_name_once_whatever_the_number_of_workers():
    model = model_of()
    for workers in (1, 2, 3, 50):
        met = []
        with BatchRunner(model, workers) as runner:
            runner.for_each(met.append, model.params)
        assert sorted(met) == sorted(model.params)


def test_a_parameter_that_takes_long_holds_up_no_other():
    model, done, others_are_done = model_of(), [], threading.Event()
    largest = max(model.params, key=lambda name: model.params[name].size)

    def update(name):
        if name == largest:
            assert others_are_done.wait(timeout=60)
            return
        done.append(name)
        if len(done) == len(model.params) - 1:
            others_are_done.set()

    with BatchRunner(model, workers=2) as runner:
        runner.for_each(update, model.params)
    assert sorted([largest, *done]) == sorted(model.params)


def test_an_error_of_a_worker_comes_out_where_the_batch_was_given():
    with BatchRunner(model_of(), workers=2) as runner:
        with pytest.raises(ValueError, match="token ids run from 11 to 11"):
            runner.loss_and_grads(np.full((4, T), 11), np.zeros((4, T), dtype=int))


def test_a_batch_with_nothing_to_count_has_loss_zero_and_no_gradient():
    idx, _ = batch()
    with BatchRunner(model_of(), workers=2) as runner:
        loss, grads = runner.loss_and_grads(idx, np.full_like(idx, -100))
    assert loss == 0
    assert not any(grad.any() for grad in grads.values())


def test_the_bigram_model_runs_behind_the_same_interface():
    model, (idx, targets) = BigramLM(BigramConfig(11, 6), dtype="float64"), batch()
    expected_loss, expected = model.loss_and_grads(idx, targets)
    with BatchRunner(model, workers=3, micro_batch=1) as runner:
        loss, grads = runner.loss_and_grads(idx, targets, dropout_key=(0, 0))
    assert loss == pytest.approx(float(expected_loss), rel=1e-12)
    assert relative_error(grads["table.weight"], expected["table.weight"]) <= 1e-12


def test_micro_batches_shrink_with_model_and_sequences_and_hold_at_least_one():
    small = GPTConfig(vocab_size=100, block_size=64, n_layer=1, n_head=1, n_embd=64)
    large = GPTConfig(vocab_size=50257, block_size=1024, n_layer=1, n_head=1, n_embd=768)
    wide = dataclasses.replace(small, n_embd=256)
    assert default_micro_batch(small, 64) > default_micro_batch(wide, 64) >= 1
    assert default_micro_batch(wide, 16) > default_micro_batch(wide, 64)
    assert default_micro_batch(large, 1024) == 1
    assert default_micro_batch(BigramConfig(100, 64), 64) >= 1
    assert default_micro_batch(RNNConfig(100, 64, 64), 64) >= 1
    assert default_workers() >= 1


@pytest.mark.parametrize("workers", [1, 2])
def test_blas_has_one_thread_within_a_runner_and_its_own_number_after(workers):
    def blas_threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with BatchRunner(model_of(), workers):
            assert set(blas_threads()) == {1}
        assert blas_threads() == before
