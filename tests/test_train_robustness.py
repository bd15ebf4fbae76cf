"""Training that meets trouble: an overflow, a full disk, flags that cannot be."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
TINY = "--vocab-size 300 --n-layer 2 --n-head 2 --n-embd 16 --block-size 16 --batch-size 4 --eval-iters 1".split()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "text.txt"
    rng = random.Random(0)
    words = "the quick brown fox jumps over a lazy dog".split()
    path.write_text(" ".join(rng.choice(words) for _ in range(2000)), encoding="utf-8", newline="\n")
    return path


def run(*flags):
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *map(str, flags)], capture_output=True, encoding="utf-8"
    )


def test_an_overflow_names_step_layer_and_norms_and_the_last_good_state_stands(corpus, tmp_path):
    flags = ["--data", corpus, "--out", tmp_path / "out", *TINY, "--max-iters", 200, "--eval-interval", 1]
    finished = run(*flags, "--learning-rate", 1e6, "--grad-clip", 0)
    assert finished.returncode == 2
    message = finished.stderr.splitlines()[-1]
    for part in (
        "train.py: error: step ",
        "the first thing to overflow is the",
        "Gradient norms",
        "--learning-rate",
    ):
        assert part in message
    assert (
        run("--resume", "--out", tmp_path / "out", "--max-iters", 1, "--learning-rate", 1e-3).returncode == 0
    )


def test_a_full_disk_is_reported_and_training_goes_on(corpus, tmp_path, monkeypatch, capsys):
    import train

    saves = []

    def save_to_a_full_disk(directory, params, optimizer, progress):
        saves.append(progress["step"])
        if progress["step"] < 4:
            raise OSError(28, "No space left on device")
        real_save(directory, params, optimizer, progress)

    real_save = train.save_training_state
    monkeypatch.setattr(train, "save_training_state", save_to_a_full_disk)
    flags = ["--data", corpus, "--out", tmp_path / "out", *TINY, "--max-iters", 6, "--eval-interval", 2]
    train.train(train.train_arguments(list(map(str, flags))))
    assert saves == [0, 2, 4, 6]
    said = capsys.readouterr().err
    assert "step 2 could not be saved, training goes on" in said and "No space left" in said
    assert (tmp_path / "out" / "training_state.safetensors").exists()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ("--batch-size 0", "0 is too small: give 1 or more"),
        ("--n-embd -8", "-8 is too small"),
        ("--n-embd 30 --n-head 4", "choose a multiple of n_head, such as 32"),
        ("--dropout 1", "1 is not at least 0 and below 1"),
        ("--learning-rate nan", "nan is not a number of at least 0"),
        ("--learning-rate 1e-5 --min-lr 1e-4", "above --learning-rate"),
        ("--warmup-iters 50 --max-iters 10", "--warmup-iters is 50"),
        ("--data nowhere.txt", "there is no file or folder nowhere.txt"),
        ("--init-from nowhere", "nowhere"),
        ("--init-from nowhere --n-layer 7", "--n-layer contradicts --init-from"),
        ("--resume", "there is no run in"),
        ("--vocab-size 100", "256 bytes"),
        ("--block-size 100000", "use a longer text, or a smaller --block-size"),
        ("--no-such-flag", "unrecognized arguments"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_status_2(corpus, tmp_path, flags, sentence):
    given = flags.split()
    given += [] if "--data" in given else ["--data", corpus]
    finished = run(*given, "--out", tmp_path / "out")
    assert finished.returncode == 2
    assert sentence in finished.stderr
    assert "Traceback" not in finished.stderr
