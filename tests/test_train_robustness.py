"""Training that meets trouble: an overflow, a full disk."""

import random

import pytest
from scripts import TINY, TRAIN, run_script

import train
from minigpt.training import state

SIZES = [*TINY, "--vocab-size", "300"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "text.txt"
    rng = random.Random(0)
    words = "the quick brown fox jumps over a lazy dog".split()
    path.write_text(" ".join(rng.choice(words) for _ in range(2000)), encoding="utf-8", newline="\n")
    return path


def test_an_overflow_names_step_layer_and_norms_and_the_last_good_state_stands(corpus, tmp_path):
    flags = ["--data", corpus, "--out", tmp_path / "out", *SIZES, "--max-iters", 200, "--eval-interval", 1]
    _, error = run_script(TRAIN, *flags, "--learning-rate", 1e6, "--grad-clip", 0, status=2)
    message = error.splitlines()[-1]
    for part in (
        "train.py: error: step ",
        "the first thing to overflow is the",
        "Gradient norms",
        "--learning-rate",
    ):
        assert part in message
    run_script(TRAIN, "--resume", "--out", tmp_path / "out", "--max-iters", 1, "--learning-rate", 1e-3)


def train_on_a_disk_that_is_full_at(monkeypatch, full_at, corpus, out):
    """train.py in this process, six steps, saving at 0, 2, 4 and 6, without success at some of them."""
    saves = []

    def save(directory, params, optimizer, progress):
        saves.append(progress["step"])
        if progress["step"] in full_at:
            raise OSError(28, "No space left on device")
        real_save(directory, params, optimizer, progress)

    real_save = state.save_training_state
    monkeypatch.setattr("minigpt.training.run.save_training_state", save)
    flags = ["--data", corpus, "--out", out, *SIZES, "--max-iters", 6, "--eval-interval", 2]
    train.train(train.train_arguments(list(map(str, flags))))
    assert saves == [0, 2, 4, 6]


def test_a_full_disk_is_reported_and_training_goes_on(corpus, tmp_path, monkeypatch, capsys):
    train_on_a_disk_that_is_full_at(monkeypatch, [0, 2], corpus, tmp_path / "out")
    said = capsys.readouterr().err
    assert "step 2 could not be saved, training goes on" in said and "No space left" in said
    assert (tmp_path / "out" / "training_state.safetensors").exists()


def test_a_model_that_could_not_be_saved_is_not_called_the_best(corpus, tmp_path, monkeypatch, capsys):
    train_on_a_disk_that_is_full_at(monkeypatch, [4, 6], corpus, tmp_path / "out")
    assert "the best model is of step 2" in capsys.readouterr().out


def test_a_run_of_which_nothing_could_be_saved_ends_in_a_sentence(corpus, tmp_path, monkeypatch):
    with pytest.raises(OSError, match=r"nothing could be saved in .*out, so there is no model"):
        train_on_a_disk_that_is_full_at(monkeypatch, [0, 2, 4, 6], corpus, tmp_path / "out")
