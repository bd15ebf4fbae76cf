"""What a run keeps, and what a resumed one takes up: on a model of one number."""

import json

import numpy as np
import pytest

from minigpt import AdamW
from minigpt.training import run as run_module
from minigpt.training.run import Run
from minigpt.training.state import load_training_state


class OneNumber:
    """A model that writes its number where a model directory would lie."""

    def __init__(self, value):
        self.params = {"x": np.array([value])}

    def save_pretrained(self, directory):
        (directory / "number").write_text(str(self.params["x"][0]), encoding="utf-8", newline="\n")


def begun(directory, value=1.0, data="a text", resume=False):
    run, model = Run(directory, resume), OneNumber(value)
    run.optimizer = AdamW(model.params)
    run.begin(model, run.optimizer, data)
    return run


def kept_number(directory):
    return float((directory / "number").read_text(encoding="utf-8"))


def keep(run, step, measured, value):
    run.model.params["x"][0] = value
    run.log.add({"step": step, "loss": 1.0})
    run.keep(step, run.optimizer, measured)


def test_the_best_model_is_kept_and_of_equals_the_last(tmp_path):
    run = begun(tmp_path)
    kept = []
    for step, measured in enumerate([3.0, 2.0, 2.0, 4.0, 1.0]):
        keep(run, step, measured, 10.0 + step)
        kept.append((kept_number(tmp_path), run.best, run.best_step))
    assert kept == [(10, 3, 0), (11, 2, 1), (12, 2, 2), (12, 2, 2), (14, 1, 4)]


def test_a_model_that_was_not_measured_is_kept_while_there_is_no_other(tmp_path):
    run = begun(tmp_path)
    keep(run, 0, None, 10.0)
    assert (kept_number(tmp_path), run.best_step) == (10, None)
    keep(run, 1, None, 11.0)
    assert (kept_number(tmp_path), run.best_step) == (11, None)
    keep(run, 2, 5.0, 12.0)
    keep(run, 3, None, 13.0)
    assert (kept_number(tmp_path), run.best, run.best_step) == (12, 5, 2)


def test_what_is_saved_is_the_step_that_comes_next_and_all_that_led_to_it(tmp_path):
    run = begun(tmp_path, data="this text")
    keep(run, 7, 3.0, 10.0)
    tensors, progress = load_training_state(tmp_path)
    assert progress == {"step": 7, "best": 3.0, "best_step": 7, "data": "this text"}
    assert tensors["params.x"].tolist() == [10.0]
    assert json.loads((tmp_path / "metrics.jsonl").read_text(encoding="utf-8")) == {"step": 7, "loss": 1.0}


def test_a_resumed_run_goes_on_where_the_other_was(tmp_path):
    run = begun(tmp_path)
    run.optimizer.m["x"][0], run.optimizer.v["x"][0] = 0.25, 0.5
    keep(run, 2, 3.0, 10.0)
    keep(run, 4, 8.0, 11.0)
    again = begun(tmp_path, value=0.0, resume=True)
    assert (again.step, again.best, again.best_step, again.data) == (4, 3.0, 2, "a text")
    assert again.model.params["x"][0] == 11
    optimizer = again.optimizer
    assert (optimizer.n_steps, optimizer.m["x"][0], optimizer.v["x"][0]) == (4, 0.25, 0.5)
    assert [line["step"] for line in again.log.lines] == [2], "the line of step 4 is made again"
    keep(again, 5, 4.0, 12.0)
    assert kept_number(tmp_path) == 10, "no better than the best of the run before"


def test_another_text_is_not_taken_up(tmp_path):
    keep(begun(tmp_path), 2, 3.0, 10.0)
    with pytest.raises(ValueError, match=r"--data is not what the run in .* is about"):
        begun(tmp_path, data="another text", resume=True)


def test_a_full_disk_is_told_and_what_was_not_saved_is_no_best(tmp_path, monkeypatch, capsys):
    run = begun(tmp_path)
    keep(run, 1, 3.0, 10.0)

    def full(*args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(run_module, "save_training_state", full)
        keep(run, 2, 1.0, 11.0)
    assert (run.best, run.best_step, kept_number(tmp_path)) == (3, 1, 10)
    assert "step 2 could not be saved, training goes on" in capsys.readouterr().err
