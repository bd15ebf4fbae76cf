"""metrics.jsonl: what is added comes back, also across an interruption."""

import json

import pytest

from minigpt.training.log import TrainingLog, read_lines


def written(path, lines, first_step=0):
    log = TrainingLog(path, first_step)
    for line in lines:
        log.add(line)
    log.flush()
    return log


def test_lines_come_back_as_they_were_added(tmp_path):
    lines = [
        {"step": 0, "val_loss": 4.0, "loss": 4.5},
        {"step": 1, "loss": 4.25},
        {"step": 2, "val_loss": 3.5},
    ]
    log = written(tmp_path / "metrics.jsonl", lines)
    assert read_lines(tmp_path / "metrics.jsonl") == lines
    assert log.series("loss") == [(0, 4.5), (1, 4.25)]
    assert log.series("val_loss") == [(0, 4.0), (2, 3.5)]


def test_a_fresh_run_begins_a_fresh_log(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 0, "loss": 9.0}\n', encoding="utf-8", newline="\n")
    written(path, [{"step": 0, "loss": 1.0}])
    assert read_lines(path) == [{"step": 0, "loss": 1.0}]


def test_a_resumed_run_drops_the_steps_that_it_repeats_and_keeps_the_rest(tmp_path):
    path = tmp_path / "metrics.jsonl"
    written(path, [{"step": step, "loss": float(step)} for step in range(6)])
    log = TrainingLog(path, first_step=4)
    assert log.series("loss") == [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0)]
    assert read_lines(path) == log.lines, "the file was not cut back at once"
    log.add({"step": 4, "loss": 40.0})
    log.flush()
    assert [line["loss"] for line in read_lines(path)] == [0, 1, 2, 3, 40]


def test_a_half_written_last_line_is_forgotten(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 0, "loss": 1.0}\n{"step": 1, "lo', encoding="utf-8", newline="\n")
    written(path, [{"step": 2, "loss": 3.0}], first_step=2)
    assert [line["step"] for line in read_lines(path)] == [0, 2]


def test_flushing_twice_writes_every_line_once(tmp_path):
    path = tmp_path / "metrics.jsonl"
    log = written(path, [{"step": 0, "loss": 1.0}])
    log.add({"step": 1, "loss": 2.0})
    log.flush()
    log.flush()
    assert [line["step"] for line in read_lines(path)] == [0, 1]


def test_a_failed_flush_leaves_no_half_line_and_is_made_up_for_by_the_next(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    log = written(path, [{"step": 0, "loss": 1.0}])
    log.add({"step": 1, "loss": 2.0})

    class FullDisk:
        def __init__(self, *args, **kwargs):
            self.file = open(*args, **kwargs)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def truncate(self, size):
            self.file.truncate(size)

        def write(self, content):
            self.file.write(content[:5])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        "minigpt.training.log.open",
        lambda *args: FullDisk(*args) if args[1] == "ab" else open(*args),
        raising=False,
    )
    with pytest.raises(OSError, match="No space left"):
        log.flush()
    assert [line["step"] for line in read_lines(path)] == [0]
    assert path.read_bytes().endswith(b"\n")
    monkeypatch.undo()
    log.flush()
    assert [line["step"] for line in read_lines(path)] == [0, 1]


def test_what_a_failed_flush_could_not_take_back_is_written_over(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    log = written(path, [{"step": 0, "loss": 1.0}])
    with open(path, "ab") as file:
        file.write(b'{"step": 1, "lo')
    log.add({"step": 1, "loss": 2.0})
    log.flush()
    assert read_lines(path) == log.lines


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b'{"st')])
def test_a_log_that_somebody_deletes_or_cuts_is_written_again(tmp_path, damage):
    path = tmp_path / "metrics.jsonl"
    log = written(path, [{"step": 0, "loss": 1.0}])
    damage(path)
    log.add({"step": 1, "loss": 2.0})
    log.flush()
    assert read_lines(path) == log.lines and len(log.lines) == 2


def test_the_file_is_plain_json_lines_with_unix_line_ends(tmp_path):
    written(tmp_path / "metrics.jsonl", [{"step": 0, "loss": 1.5}, {"step": 1, "loss": 1.25}])
    content = (tmp_path / "metrics.jsonl").read_bytes()
    assert b"\r" not in content
    assert [json.loads(line)["loss"] for line in content.splitlines()] == [1.5, 1.25]
