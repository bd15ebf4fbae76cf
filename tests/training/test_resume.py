"""A run that is killed and resumed ends as if nothing had happened, to the bit.

MINIGPT_TEST_KILLS sets how many random moments are tried (default 4).
"""

import json
import os
import random
import signal
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from scripts import TINY, TRAIN, finish, start_script

FLAGS = [*TINY, *"--vocab-size 300 --n-embd 16 --block-size 16 --dropout 0.1 --max-iters 400".split()]
FLAGS += "--eval-interval 5 --eval-iters 1 --warmup-iters 3".split()
WORDS = "the quick brown fox jumps over a lazy dog and 每一次 努力 都 让 你 感动".split()
KILLS = int(os.environ.get("MINIGPT_TEST_KILLS", 4))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and SIGTERM are POSIX")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "text.txt"
    rng = random.Random(0)
    path.write_text(" ".join(rng.choice(WORDS) for _ in range(3000)), encoding="utf-8", newline="\n")
    return path


@pytest.fixture(scope="module")
def uninterrupted(corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "whole"
    finish(start_training(corpus, out))
    return out


def start_training(corpus, out, *flags):
    return start_script(TRAIN, "--data", corpus, "--out", out, *FLAGS, *flags)


def losses(out):
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(line["step"], line.get("loss"), line.get("val_loss")) for line in lines]


def assert_same_run(out, uninterrupted):
    for name in ("training_state.safetensors", "model.safetensors"):
        ours, theirs = load_file(out / name), load_file(uninterrupted / name)
        assert ours.keys() == theirs.keys()
        for key in ours:
            assert np.array_equal(ours[key], theirs[key]), key
    assert losses(out) == losses(uninterrupted)


def test_killed_at_random_moments_and_resumed_it_ends_with_the_same_bits(corpus, uninterrupted, tmp_path):
    out = tmp_path / "killed"
    rng = random.Random(1)
    process = start_training(corpus, out)
    kills = 0
    while kills < KILLS:
        while not (out / "training_state.safetensors").exists():  # until there is something to resume
            time.sleep(0.01)
        time.sleep(rng.uniform(0.3, 1.3))  # from before the first new step to many saves later
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        process = start_training(corpus, out, "--resume")
    assert kills >= 2, "the run was too quick to be killed"
    finish(process)
    assert_same_run(out, uninterrupted)


def test_sigterm_finishes_the_step_saves_and_says_how_to_go_on(corpus, uninterrupted, tmp_path):
    out = tmp_path / "stopped"
    process = start_training(corpus, out, "--eval-interval", "0")
    while not (out / "metrics.jsonl").exists():
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert f"--resume --out {out}" in "".join(finish(process))
    finish(start_training(corpus, out, "--resume"))
    ours, theirs = (load_file(folder / "training_state.safetensors") for folder in (out, uninterrupted))
    assert all(np.array_equal(ours[key], theirs[key]) for key in theirs)


@pytest.fixture
def copy(uninterrupted, tmp_path):
    out = tmp_path / "copy"
    out.mkdir()
    for path in uninterrupted.iterdir():
        if path.is_file():
            (out / path.name).write_bytes(path.read_bytes())
    return out


def refusal(corpus, out, *flags):
    _, stderr = finish(start_training(corpus, out, "--resume", *flags), status=2)
    assert "Traceback" not in stderr
    return stderr


def test_a_flipped_byte_is_refused_and_named(corpus, copy):
    path = copy / "training_state.safetensors"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(bytes(content))
    message = refusal(corpus, copy)
    assert "is damaged" in message and "v." in message, "the last tensor of the file is a second moment"


def test_a_missing_tensor_and_another_shape_are_refused_and_named(corpus, copy):
    path = copy / "training_state.safetensors"
    tensors = load_file(path)
    without = {name: tensor for name, tensor in tensors.items() if name != "m.wpe.weight"}
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    save_file(without, path, metadata)
    assert "m.wpe.weight" in refusal(corpus, copy)
    save_file(tensors | {"params.ln_f.bias": np.zeros(3, "float32")}, path, metadata)
    assert "params.ln_f.bias" in refusal(corpus, copy)


def test_a_truncated_state_is_refused(corpus, copy):
    path = copy / "training_state.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    assert "is damaged" in refusal(corpus, copy)
