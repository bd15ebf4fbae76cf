"""Which model a run keeps: the best by the task's own measure, and never weights that nobody trained."""

import numpy as np
import pytest
from scripts import run_main

import train
from minigpt import load_model
from minigpt.tasks import ClassifyTask, pretrain

TINY = (
    "--model bigram --tokenizer char --block-size 8 --max-iters 6 --eval-interval 2 --warmup-iters 0".split()
)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """kept(losses, flags…): the step of the model that is kept, where these are the validation losses."""
    (tmp_path / "text.txt").write_text("the cat sat on the mat\n" * 30, encoding="utf-8", newline="\n")
    monkeypatch.setattr(train, "draw_loss_curve", lambda *_: None)
    monkeypatch.setattr(pretrain.PretrainTask, "show", lambda *_: None)

    def kept(losses, *flags, out="out"):
        weights, given = [], iter([*losses, 9.0])  # the last is the report's

        def scripted(runner, *_):
            weights.append(runner.model.params["table.weight"].copy())
            return next(given)

        monkeypatch.setattr(pretrain, "evaluate", scripted)
        printed, _ = run_main(
            train.main, "--data", tmp_path / "text.txt", "--out", tmp_path / out, *TINY, *flags
        )
        saved = load_model(tmp_path / out).params["table.weight"]
        (place,) = [i for i, each in enumerate(weights[:-1]) if np.array_equal(each, saved)]
        assert f"the best model is of step {2 * place}" in printed
        assert np.array_equal(weights[-1], saved), "the report is of the model that is kept"
        return 2 * place

    return kept


def test_the_lowest_loss_counts_and_of_equal_ones_the_last(kept):
    assert kept([5.0, 2.0, 3.0, 4.0]) == 2
    assert kept([5.0, 2.0, 2.0, 4.0], out="tie") == 4


def test_weights_that_nobody_trained_are_kept_only_if_they_came_from_a_model(kept, tmp_path):
    assert kept([1.0, 4.0, 3.0, 5.0]) == 4
    of_a_base = ["--init-from", tmp_path / "out", *"--model gpt --block-size 8 --tokenizer bpe".split()]
    assert kept([1.0, 4.0, 3.0, 5.0], *of_a_base, out="tuned") == 0


def test_a_classifier_is_kept_by_its_errors_not_by_its_loss(tmp_path, monkeypatch):
    rows = "".join(f"{label}\t{label} {i}\n" for i in range(6) for label in ("ham", "spam"))
    (tmp_path / "rows.tsv").write_text(rows, encoding="utf-8", newline="\n")
    errors, losses = iter([0.5, 0.1, 0.2, 0.3]), iter([4.0, 3.0, 2.0, 1.0])
    monkeypatch.setattr(
        ClassifyTask,
        "validate",
        lambda *_: {"val_loss": next(losses), "val_accuracy": 0.0, "val_error": next(errors)},
    )
    monkeypatch.setattr(train, "draw_loss_curve", lambda *_: None)
    flags = (
        "--task classify --tokenizer char --n-layer 1 --n-head 1 --n-embd 4 --max-iters 6 --eval-interval 2"
    )
    printed, _ = run_main(
        train.main, "--data", tmp_path / "rows.tsv", "--out", tmp_path / "out", *flags.split(), "--workers", 1
    )
    assert "the best model is of step 2" in printed


def test_the_training_loss_told_is_the_mean_since_the_last_line_told():
    lines = [
        {"loss": 9.0, "val_loss": 9.5},
        {"loss": 8.0},
        {"loss": 4.0, "val_loss": 7.0},
        {"loss": 3.0},
        {"loss": 2.0},
    ]
    told = train.describe_progress({"step": 5, "val_loss": 2.5, "val_accuracy": 0.875}, lines)
    assert told == "step     5: training loss 3.0000, validation loss 2.5000, accuracy 87.5 %"
    assert train.describe_progress({"step": 0, "val_loss": 2.5}, []) == "step     0: validation loss 2.5000"
