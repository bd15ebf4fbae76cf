"""The wiring that all tasks of fine-tuning share, on examples small enough to write down."""

from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from minigpt.finetuning.padding import pad_right
from minigpt.finetuning.records import Record
from minigpt.tasks import common
from minigpt.tasks.common import FineTuning, drop_too_long, fingerprint
from tokenizer import CharTokenizer


def examples(first, *lengths):
    """Examples (ids,) whose ids are all one number of their own."""
    return [([first + i] * length,) for i, length in enumerate(lengths)]


TRAIN = examples(10, 1, 2, 3, 4, 5, 6, 7)
VALIDATION = examples(30, 3, 1, 2, 2, 2)
TEST = examples(50, 2, 2)


class Counted(FineTuning):
    """Every id counts; the loss of a batch is the mean of its ids."""

    def __init__(self, **settings):
        super().__init__(
            Namespace(
                **{"data": [], "out": "out", "batch_size": 2, "grad_accum": 1, "eval_iters": 20, "seed": 1}
                | settings
            )
        )
        self.objective = self
        self.start([TRAIN, VALIDATION, TEST])

    def collate(self, examples):
        return (pad_right([example[0] for example in examples], 0),)

    def n_counted(self, idx):
        return int((idx > 0).sum())

    def loss(self, idx):  # stands for the runner's too
        return idx.sum() / self.n_counted(idx)


def ids_of(batch):
    return sorted(set(batch[0].reshape(-1).tolist()) - {0})


def test_a_batch_is_padded_examples_of_the_training_split_and_an_epoch_has_each_once():
    task = Counted()
    batches = [task.batch(step) for step in range(4)]
    for (idx,) in batches:
        for row in idx:
            number = int(row[0])
            assert row.tolist() == [number] * (number - 9) + [0] * (idx.shape[1] - number + 9)
    assert sorted(token for batch in batches for token in ids_of(batch)) == list(range(10, 17))


def test_accumulated_batches_follow_one_another():
    single, double = Counted(), Counted(grad_accum=2)
    for step in range(6):
        expected = ids_of(single.batch(2 * step)) + ids_of(single.batch(2 * step + 1))
        assert ids_of(double.batch(step)) == sorted(set(expected))


def test_the_seed_decides_the_batches():
    orders = [[ids_of(Counted(seed=seed).batch(step)) for step in range(4)] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_the_loss_is_the_mean_over_what_counts_not_over_batches():
    task = Counted()
    ids = [token for (ids,) in VALIDATION for token in ids]
    assert task.mean_loss(task, VALIDATION) == pytest.approx(np.mean(ids), rel=1e-12)
    assert task.validate(task) == {"val_loss": task.mean_loss(task, VALIDATION)}


def test_some_of_validation_is_spread_evenly_and_of_the_validation_split():
    assert Counted().some_of_validation() == VALIDATION
    assert Counted(eval_iters=1).some_of_validation() == [VALIDATION[0], VALIDATION[-1]]
    some = Counted(eval_iters=3, batch_size=1).some_of_validation()
    assert some == [VALIDATION[0], VALIDATION[2], VALIDATION[4]]


def test_the_description_counts_each_split():
    assert Counted(task="chat").describe() == "chat: 7 to train on, 5 to validate, 2 to test"


def test_the_tokenizer_learns_from_the_training_split(monkeypatch):
    seen = []

    def noted(args, training_texts, all_texts):
        seen.append((list(training_texts), list(all_texts)))
        return CharTokenizer.train("a")

    monkeypatch.setattr(common, "starting_tokenizer", noted)
    Counted().choose_tokenizer([["a", "b"], ["c"], ["d"]], str.upper)
    assert seen == [(["A", "B"], ["A", "B", "C", "D"])]


def test_the_fingerprint_changes_with_the_data_the_tokenizer_and_the_settings(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        path.write_text(path.name, encoding="utf-8", newline="\n")
    letters, more = CharTokenizer.train("ab"), CharTokenizer.train("abc")
    prints = [
        fingerprint([one], letters, "x"),
        fingerprint([two], letters, "x"),
        fingerprint([one, two], letters, "x"),
        fingerprint([one], more, "x"),
        fingerprint([one], letters, "y"),
        fingerprint([one], letters),
    ]
    assert len(set(prints)) == 6
    assert fingerprint([one], letters, "x") == prints[0]


def test_what_just_fits_stays_and_the_first_that_does_not_is_named(capsys):
    def example(length, line):
        return ([1] * length, Record({}, Path("records.jsonl"), line))

    splits = [[example(3, 1), example(4, 9)], [example(4, 2), example(3, 5)], [example(2, 3), example(4, 4)]]
    kept = drop_too_long(splits, 3)
    assert [[record.line for _, record in split] for split in kept] == [[1], [5], [3]]
    said = capsys.readouterr().out
    assert (
        "3 of 6 records are longer than the context of 3 tokens, the first is records.jsonl:2 with 4" in said
    )
    assert drop_too_long(splits, 4) == splits and capsys.readouterr().out == ""
    with pytest.raises(ValueError, match=r"5 of 6 records .* records.jsonl:1 with 3"):
        drop_too_long(splits, 2)
