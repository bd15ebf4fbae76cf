"""Stopped at any of its writes, by a kill, a signal or a full disk, a run goes on and leaves the same files.

By default some of the writes are tried, spread evenly; with MINIGPT_TEST_KILLS=20, or more, every one.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import TINY
from test_train_tasks import NEW_MODEL, data_of, folder, json_lines  # noqa: F401

KILLS = int(os.environ.get("MINIGPT_TEST_KILLS", 4))
SCRIPT = Path(__file__).with_name("run_at_writes.py")
SHORT = "--max-iters 4 --eval-interval 2 --warmup-iters 1 --workers 2".split()
DROPOUT = ["--dropout", "0.1"]
LORA = ["--batch-size", "4", "--lora-rank", "2"]
TEXTS = [*TINY, "--vocab-size", "280"]
KINDS = ["text", "documents", "classify", "instruct", "chat", "prefer"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork and no SIGKILL")


@pytest.fixture(scope="module")
def runner():
    """Runs train.py, stopped where a job says; see run_at_writes.py."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )

    def run(out, flags, stop=None, at=None, silent=False):
        flags = [*map(str, flags), "--out", str(out)]
        job = {"flags": flags, "folder": str(out), "stop": stop, "at": at, "silent": silent}
        process.stdin.write(json.dumps(job).encode("utf-8") + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert "Traceback" not in answer["output"], answer["output"]
        return answer

    yield run
    process.stdin.close()
    process.wait()


def flags_of(folder, kind):  # noqa: F811
    """A short run of each kind; classify and prefer with adapters on a base."""
    if kind in ("text", "documents"):
        parts = ["--documents", "lines", "--tokenizer", "char"] if kind == "documents" else []
        return ["--data", folder / "chat.txt", *TEXTS, *SHORT, *DROPOUT, *parts]
    start = ["--init-from", folder / "base", *LORA] if kind in ("classify", "prefer") else NEW_MODEL
    return [
        "--task",
        kind,
        "--data",
        data_of(folder, kind),
        *start,
        *SHORT,
        *(DROPOUT if kind != "prefer" else []),
    ]


@pytest.fixture(scope="module", params=KINDS)
def kind(request, folder, runner, tmp_path_factory):  # noqa: F811
    """The flags of a kind of run; a run of it from end to end, and one that was killed in the middle."""
    flags = flags_of(folder, request.param)
    runs = tmp_path_factory.mktemp(request.param)
    whole = runner(runs / "whole", flags)
    assert whole["status"] == 0, whole["output"]
    at = whole["n"] // 2
    while not (runs / "half" / "training_state.safetensors").exists():
        shutil.rmtree(runs / "half", ignore_errors=True)
        assert runner(runs / "half", flags, "kill", at)["status"] == -9
        at += whole["n"] // 8
    resumed = runner(shutil.copytree(runs / "half", runs / "resumed"), ["--resume"])
    assert resumed["status"] == 0, resumed["output"]
    return runs, flags, {"fresh": whole["n"], "resume": resumed["n"]}


def files_of(out):
    """Every file of a run, to the bit; of metrics.jsonl all but how fast it went."""
    files = {str(path.relative_to(out)): path for path in out.rglob("*") if path.is_file()}
    content = {name: path.read_bytes() for name, path in files.items()}
    lines = [json.loads(line) for line in content["metrics.jsonl"].splitlines()]
    content["metrics.jsonl"] = [{**line, "tokens_per_s": None} for line in lines]
    return content


def assert_same_files(out, whole):
    ours, theirs = files_of(out), files_of(whole)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


def moments(n_writes):
    """Which writes to stop at: all, or some of them, spread evenly."""
    n = n_writes if KILLS >= 20 else min(n_writes, KILLS)
    return [1 + (2 * i + 1) * n_writes // (2 * n) for i in range(n)]


def begin(kind, begun, out):
    """What the run is given: the flags of a fresh one, or a run in the folder and --resume."""
    runs, flags, _ = kind
    shutil.rmtree(out, ignore_errors=True)
    if begun == "fresh":
        return flags
    shutil.copytree(runs / "half", out)
    return ["--resume"]


def go_on(runner, out, flags):
    """What anybody does who was stopped: --resume where there is something, and else begin again."""
    saved = (out / "training_state.safetensors").exists()
    answer = runner(out, ["--resume"] if saved else flags)
    assert answer["status"] == 0, answer["output"]


@pytest.mark.parametrize("begun", ["fresh", "resume"])
def test_killed_at_any_write_it_goes_on_and_leaves_the_same_files(runner, kind, tmp_path, begun):
    runs, flags, n_writes = kind
    for at in moments(n_writes[begun]):
        out = tmp_path / "out"
        assert runner(out, begin(kind, begun, out), "kill", at)["status"] == -9
        go_on(runner, out, flags)
        assert_same_files(out, runs / "whole")


@pytest.mark.parametrize("begun", ["fresh", "resume"])
def test_a_disk_that_is_full_from_any_write_on_costs_no_more_than_time(runner, kind, tmp_path, begun):
    """Every other time what is printed goes to a full disk too."""
    runs, flags, n_writes = kind
    for i, at in enumerate(moments(n_writes[begun])):
        out, silent = tmp_path / "out", i % 2 == 1
        answer = runner(out, begin(kind, begun, out), "full", at, silent)
        assert answer["status"] in (0, 2), answer["output"]
        assert silent or answer["status"] == 0 or "train.py: error: " in answer["output"]
        go_on(runner, out, flags)
        assert_same_files(out, runs / "whole")


@pytest.mark.parametrize("begun", ["fresh", "resume"])
def test_a_signal_at_any_write_ends_the_run_in_a_sentence(runner, kind, tmp_path, begun):
    runs, flags, n_writes = kind
    statuses = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
    for i, at in enumerate(moments(n_writes[begun])):
        name, status = list(statuses.items())[i % 3]
        out = tmp_path / "out"
        answer = runner(out, begin(kind, begun, out), name, at)
        if answer["status"] == status:
            assert f"train.py: interrupted by {name}; what was saved stands" in answer["output"]
        else:  # in the loop, where it is a request; at its last step there is nothing left to stop
            ends = ("go on with: python train.py --resume", "the best model is of step ")
            assert answer["status"] == 0 and any(end in answer["output"] for end in ends)
        go_on(runner, out, flags)
        assert_same_files(out, runs / "whole")
