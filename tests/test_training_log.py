"""metrics.jsonl: what is added comes back, also across an interruption."""

import json

from minigpt.training_log import TrainingLog, read_lines


def test_lines_come_back_as_they_were_added(tmp_path):
    path = tmp_path / "metrics.jsonl"
    with TrainingLog(path, first_step=0) as log:
        log.add({"step": 0, "val_loss": 4.0, "loss": 4.5, "lr": 0.1})
        log.add({"step": 1, "loss": 4.25})
        log.add({"step": 2, "val_loss": 3.5})
    assert read_lines(path) == [
        {"step": 0, "val_loss": 4.0, "loss": 4.5, "lr": 0.1},
        {"step": 1, "loss": 4.25},
        {"step": 2, "val_loss": 3.5},
    ]
    assert log.losses == [(0, 4.5), (1, 4.25)]
    assert log.validation_losses == [(0, 4.0), (2, 3.5)]


def test_a_fresh_run_begins_a_fresh_log(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 0, "loss": 9.0}\n', encoding="utf-8", newline="\n")
    with TrainingLog(path, first_step=0) as log:
        log.add({"step": 0, "loss": 1.0})
    assert read_lines(path) == [{"step": 0, "loss": 1.0}]


def test_a_resumed_run_drops_the_steps_that_it_repeats_and_keeps_the_rest(tmp_path):
    path = tmp_path / "metrics.jsonl"
    with TrainingLog(path, first_step=0) as log:
        for step in range(6):
            log.add({"step": step, "loss": float(step)} | ({"val_loss": 7.0} if step == 3 else {}))
    with TrainingLog(path, first_step=4) as log:
        assert log.losses == [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0)]
        assert log.validation_losses == [(3, 7.0)]
        log.add({"step": 4, "loss": 40.0})
    assert [line["loss"] for line in read_lines(path)] == [0, 1, 2, 3, 40]


def test_a_half_written_last_line_is_forgotten(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 0, "loss": 1.0}\n{"step": 1, "lo', encoding="utf-8", newline="\n")
    with TrainingLog(path, first_step=2) as log:
        log.add({"step": 2, "loss": 3.0})
    assert [line["step"] for line in read_lines(path)] == [0, 2]


def test_flushed_lines_are_on_the_disk_while_the_log_is_open(tmp_path):
    path = tmp_path / "metrics.jsonl"
    with TrainingLog(path, first_step=0) as log:
        log.add({"step": 0, "loss": 1.0})
        log.flush()
        assert read_lines(path) == [{"step": 0, "loss": 1.0}]


def test_the_file_is_plain_json_lines_with_unix_line_ends(tmp_path):
    path = tmp_path / "metrics.jsonl"
    with TrainingLog(path, first_step=0) as log:
        log.add({"step": 0})
        log.add({"step": 1})
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b"" and [json.loads(line) for line in lines] == [{"step": 0}, {"step": 1}]
