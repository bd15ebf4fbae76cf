"""Two runs on one folder, a terminal that goes away, signals before the loop: what is saved stands."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from scripts import TINY, TRAIN, finish, run_main, start_script
from tiny_texts import MIXED

import train
from minigpt import load_model
from minigpt.training.log import read_lines
from minigpt.training.run import Run
from tokenizer import load_tokenizer

FLAGS = [*TINY, "--tokenizer", "char", "--workers", "1"]
ROUNDS = 10 if int(os.environ.get("MINIGPT_TEST_KILLS", 4)) >= 20 else 3
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals, pipes and /dev/full are POSIX's")


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(MIXED * 9, encoding="utf-8", newline="\n")
    return path


def steps_of(out):
    return [line["step"] for line in read_lines(out / "metrics.jsonl")]


def arguments_of(out):
    return json.loads((out / "arguments.json").read_text(encoding="utf-8"))


def set_arguments(out, /, **more):
    text = json.dumps(arguments_of(out) | more)
    (out / "arguments.json").write_text(text, encoding="utf-8", newline="\n")


def wait_for(path, process):
    while not path.exists():
        assert process.poll() is None
        time.sleep(0.01)


# Two runs on one folder


def test_of_two_runs_on_one_folder_one_goes_through_and_the_other_is_told(text, tmp_path):
    """In three rounds, or ten with MINIGPT_TEST_KILLS=20: first two fresh runs, then two that resume."""
    out = tmp_path / "out"
    flags = ["--data", text, "--out", out, *FLAGS, "--eval-interval", 10]
    for i in range(ROUNDS):
        n_steps = 30 * (i + 1)
        more = [*flags, "--max-iters", n_steps, *(["--resume"] if i else [])]
        runs = [start_script(TRAIN, *more) for _ in range(2)]
        ends = [(*run.communicate(timeout=120), run.returncode) for run in runs]
        assert all(b"Traceback" not in error for _, error, _ in ends)
        told = [error.decode("utf-8") for _, error, status in ends if status == 2]
        for error in told:  # or it came when the other had ended
            assert f"{out} is in use by " in error or f"{out} holds a trained model" in error
        assert {status for *_, status in ends} <= {0, 2} and len(told) < 2
        assert steps_of(out) == list(range(n_steps + 1))
        assert load_model(out).config.block_size == 8 and load_tokenizer(out).n_vocab
        assert not [name for name in os.listdir(out) if name == "lock" or name.endswith(".tmp")]


def test_a_second_run_is_told_and_changes_nothing_and_one_that_was_killed_is_no_hindrance(text, tmp_path):
    out = tmp_path / "out"
    flags = ["--data", text, "--out", out, *FLAGS, "--max-iters", 100_000, "--eval-interval", 100_000]
    first = start_script(TRAIN, *flags)
    wait_for(out / "generation_config.json", first)  # the last that is written
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir() if path.name != "metrics.jsonl"}
    for more in ([], ["--resume"]):
        _, error = run_main(train.main, *flags, *more, status=2)
        assert f"{out} is in use by process {first.pid} on " in error and "--out" in error
        assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    assert first.poll() is None
    first.kill()
    first.communicate()
    run_main(train.main, "--out", out, "--resume", "--max-iters", 3)
    assert steps_of(out) == [0, 1, 2, 3]


def test_a_run_starts_from_a_model_that_another_run_is_writing(text, tmp_path):
    base = tmp_path / "base"
    flags = ["--data", text, *FLAGS, "--max-iters", 100_000, "--eval-interval", 1]
    writing = start_script(TRAIN, *flags, "--out", base, stdout=subprocess.DEVNULL)
    wait_for(base / "generation_config.json", writing)
    for i in range(5):
        run_main(
            train.main,
            "--data",
            text,
            "--init-from",
            base,
            "--out",
            tmp_path / str(i),
            "--max-iters",
            1,
            "--batch-size",
            2,
            "--eval-iters",
            1,
        )
    assert writing.poll() is None
    writing.kill()
    writing.communicate()


# A terminal that goes away


@posix
@pytest.mark.parametrize("where", ["a full disk", "a pipe without a reader", "closed", "one line is read"])
def test_a_run_goes_on_when_nothing_can_be_printed_any_more(text, tmp_path, where):
    out = tmp_path / "out"
    flags = ["--data", str(text), "--out", str(out), *FLAGS, "--max-iters", "12", "--eval-interval", "1"]
    tail = {
        "a full disk": "> /dev/full 2>&1",
        "a pipe without a reader": "2>&1 | true",
        "closed": ">&- 2>&-",
        "one line is read": "2>/dev/full | head -1",
    }[where]
    command = f'set -o pipefail; "$@" {tail}'
    done = subprocess.run(["bash", "-c", command, "bash", sys.executable, *TRAIN, *flags], timeout=120)
    assert done.returncode == 0
    assert steps_of(out) == list(range(13))
    assert load_model(out).config.block_size == 8


@posix
def test_a_run_that_is_refused_says_so_by_its_status_though_nobody_hears_it(tmp_path):
    command = f'"{sys.executable}" "{TRAIN[0]}" --data missing.txt --out "{tmp_path}/out" > /dev/full 2>&1'
    assert subprocess.run(["bash", "-c", command], timeout=120).returncode == 2


# Signals


@posix
@pytest.mark.parametrize(
    ("name", "status", "learning"),
    [("SIGINT", 130, True), ("SIGTERM", 143, True), ("SIGHUP", 129, True), ("SIGINT", 130, False)],
)
def test_a_signal_before_the_loop_ends_in_a_sentence_and_leaves_nothing(tmp_path, name, status, learning):
    if signal.getsignal(getattr(signal, name)) == signal.SIG_IGN:
        pytest.skip(f"these tests are run with {name} ignored, and so is train.py")
    text, out = tmp_path / "text.txt", tmp_path / "out"
    words = "".join(f"{'abcdefghij'[i % 10]}{i * i:x} " for i in range(60_000))
    text.write_text(words * (1 if learning else 8), encoding="utf-8", newline="\n")
    kind = ["--vocab-size", "8000"] if learning else ["--vocab-size", "300"]
    process = start_script(TRAIN, "--data", text, "--out", out, *TINY, *kind)
    wait_for(out / "lock" if learning else out / "tokens", process)
    time.sleep(0.3)
    process.send_signal(getattr(signal, name))
    _, error = finish(process, status=status)
    assert error.splitlines()[-1] == f"train.py: interrupted by {name}; what was saved stands"
    assert not out.exists()


@posix
def test_a_closed_terminal_is_a_request_to_save_as_ctrl_c_is(text, tmp_path):
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        pytest.skip("these tests are run with SIGHUP ignored, and so is train.py")
    flags = ["--data", text, "--out", tmp_path / "out", *FLAGS, "--max-iters", 100_000, "--eval-interval", 0]
    process = start_script(TRAIN, *flags)
    wait_for(tmp_path / "out" / "metrics.jsonl", process)
    time.sleep(0.3)
    process.send_signal(signal.SIGHUP)
    assert "go on with: python train.py --resume" in "".join(finish(process))
    assert (tmp_path / "out" / "training_state.safetensors").exists()


@posix
def test_a_signal_that_is_to_be_ignored_is_ignored(text, tmp_path):
    """As nohup wants it of SIGHUP."""
    flags = ["--data", text, "--out", tmp_path / "out", *FLAGS, "--max-iters", 300, "--eval-interval", 50]
    command = ["bash", "-c", 'trap "" HUP; exec "$@"', "bash", sys.executable, *TRAIN, *map(str, flags)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(tmp_path / "out" / "model.safetensors", process)
    process.send_signal(signal.SIGHUP)
    finish(process)
    assert steps_of(tmp_path / "out") == list(range(301))


# What a run is told to write, and how long it is


def test_fewer_steps_once_are_not_fewer_for_ever(text, tmp_path, monkeypatch):
    def keep_and_stop(run, step, *what):
        keep(run, step, *what)
        if step == 4:
            raise KeyboardInterrupt

    keep = Run.keep
    out = tmp_path / "out"
    run_main(train.main, "--data", text, "--out", out, *FLAGS, "--max-iters", 10, "--eval-interval", 2)
    _, error = run_main(train.main, "--out", out, "--resume", "--max-iters", 3, status=2)
    assert "--max-iters is 3 but the run in" in error and "has done 10 steps" in error
    assert arguments_of(out)["max_iters"] == 10

    out = tmp_path / "stopped"
    flags = ["--data", text, "--out", out, *FLAGS, "--max-iters", 10, "--eval-interval", 2]
    with monkeypatch.context() as patch:
        patch.setattr(Run, "keep", keep_and_stop)
        run_main(train.main, *flags, status=130)
    run_main(train.main, "--out", out, "--resume", "--max-iters", 6)
    assert steps_of(out) == [*range(7)] and arguments_of(out)["max_iters"] == 10
    run_main(train.main, "--out", out, "--resume")
    assert steps_of(out) == [*range(11)]
    run_main(train.main, "--out", out, "--resume", "--max-iters", 12)
    assert steps_of(out) == [*range(13)] and arguments_of(out)["max_iters"] == 12


@pytest.mark.parametrize("name", ["out", "resume", "eval_only", "planned_iters", "surprise", "\x1b[31m"])
def test_a_folder_of_others_cannot_say_where_to_write_nor_set_what_is_no_flag(text, tmp_path, name):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    run_main(train.main, "--data", text, "--out", out, *FLAGS, "--max-iters", 2)
    assert not {"out", "resume", "eval_only", "planned_iters"} & arguments_of(out).keys()
    set_arguments(out, **{name: str(elsewhere)})
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    for flag in ("--resume", "--eval-only"):
        _, error = run_main(train.main, "--out", out, flag, status=2)
        assert f"arguments.json sets {name!r}, which is not taken from there" in error and "\x1b" not in error
    assert not elsewhere.exists()
    assert before == {path.name: path.stat().st_mtime_ns for path in out.iterdir()}


@posix
@pytest.mark.parametrize("name", ["data", "val_data"])
def test_a_folder_of_others_cannot_have_a_device_read(text, tmp_path, name):
    out = tmp_path / "out"
    run_main(train.main, "--data", text, "--out", out, *FLAGS, "--max-iters", 2)
    set_arguments(out, **{name: ["/dev/zero"]})
    _, error = run_main(train.main, "--out", out, "--resume", status=2)
    assert "/dev/zero is no file that can be read again" in error
    set_arguments(out, data=["/dev/zero"], val_data=None)
    run_main(train.main, "--out", out, "--resume", "--data", text)


def test_resuming_rewrites_nothing_that_stands(text, tmp_path):
    """But the state and the log, when a step was done."""
    out = tmp_path / "out"
    run_main(train.main, "--data", text, "--out", out, *FLAGS, "--max-iters", 2)
    for path in out.rglob("*"):
        os.utime(path, (1, 1))
    run_main(train.main, "--out", out, "--resume")
    changed = [path.name for path in out.rglob("*") if path.is_file() and path.stat().st_mtime != 1]
    assert set(changed) <= {"metrics.jsonl", "loss.png"}
