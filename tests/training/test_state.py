"""What a run leaves behind is whole at every moment, and a resumed run is the run that was never stopped."""

import os

import numpy as np
import pytest
import safetensors.numpy

from minigpt import GPT, RNN, AdamW, BigramConfig, BigramLM, GPTConfig, Muon, RNNConfig, load_model
from minigpt.interchange.files import write_atomically
from minigpt.layers import dropout_streams
from minigpt.training.state import (
    STATE_FILE,
    load_training_state,
    refuse_to_overwrite,
    restore_training_state,
    save_training_state,
)

CONFIG = GPTConfig(vocab_size=11, block_size=6, n_layer=2, n_head=2, n_embd=8, dropout=0.2)


def start(seed=0, kind=AdamW, **settings):
    model = GPT(CONFIG, seed=seed)
    return model, kind(model.params, **settings)


def train(model, optimizer, steps):
    """Some steps, each with a batch and masks of its own that depend on nothing but its number."""
    for step in steps:
        windows = np.random.default_rng(step).integers(11, size=(4, 7))
        _, grads = model.loss_and_grads(windows[:, :-1], windows[:, 1:], dropout_streams(1, step, 0, 4))
        optimizer.step(grads)


def snapshot(model, optimizer):
    return [array.tobytes() for group in (model.params, optimizer.m, optimizer.v) for array in group.values()]


@pytest.mark.parametrize("kind", [AdamW, Muon])
def test_a_resumed_run_is_bit_identical_to_one_that_was_never_stopped(tmp_path, kind):
    unbroken = start(kind=kind)
    train(*unbroken, range(9))

    model, optimizer = start(kind=kind)
    train(model, optimizer, range(4))
    save_training_state(tmp_path, model.params, optimizer, {"step": 4, "best_loss": 2.5, "corpus": "f00"})

    model, optimizer = start(seed=99, kind=kind)  # other weights: all must come from the file
    tensors, progress = load_training_state(tmp_path)
    assert progress == {"step": 4, "best_loss": 2.5, "corpus": "f00"}
    restore_training_state(tensors, model.params, optimizer)
    optimizer.n_steps = progress["step"]
    train(model, optimizer, range(4, 9))
    assert snapshot(model, optimizer) == snapshot(*unbroken)


def test_saving_leaves_one_file_and_saving_again_replaces_it(tmp_path):
    model, optimizer = start()
    for step in (1, 2):
        train(model, optimizer, [step])
        save_training_state(tmp_path, model.params, optimizer, {"step": step})
    assert os.listdir(tmp_path) == [STATE_FILE]
    tensors, progress = load_training_state(tmp_path)
    assert progress == {"step": 2}
    assert np.array_equal(tensors["params.wte.weight"], model.params["wte.weight"])


def test_infinity_as_the_best_loss_of_a_run_that_measured_none_comes_back(tmp_path):
    model, optimizer = start()
    save_training_state(tmp_path, model.params, optimizer, {"best_loss": float("inf")})
    assert load_training_state(tmp_path)[1] == {"best_loss": float("inf")}


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
def test_a_save_that_fails_leaves_the_last_state_and_nothing_else(tmp_path, monkeypatch, failing):
    model, optimizer = start()
    save_training_state(tmp_path, model.params, optimizer, {"step": 1})
    before = (tmp_path / STATE_FILE).read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    if failing == "write":

        class FullFile:
            def __init__(self, *args):
                self.file = open(*args)

            def __enter__(self):
                return self

            def __exit__(self, *error):
                self.file.close()

            def read(self, size):
                return self.file.read(size)

            def write(self, content):
                self.file.write(content[: len(content) // 2])
                full()

        monkeypatch.setattr("tokenizer.files.open", FullFile, raising=False)
    else:
        monkeypatch.setattr(os, failing, full)
    train(model, optimizer, [1])
    with pytest.raises(OSError, match="No space left on device"):
        save_training_state(tmp_path, model.params, optimizer, {"step": 2})
    assert os.listdir(tmp_path) == [STATE_FILE]
    assert (tmp_path / STATE_FILE).read_bytes() == before


def test_a_file_is_replaced_only_after_its_content_was_flushed_to_the_disk(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *args, name=name, original=original: (calls.append(name), original(*args))
        )
    write_atomically(tmp_path / "file", b"content")
    assert calls == ["fsync", "replace", "fsync"], "the second one is of the folder, which holds the name"
    assert (tmp_path / "file").read_bytes() == b"content"


def test_what_a_killed_save_left_aside_is_not_looked_at(tmp_path):
    model, optimizer = start()
    save_training_state(tmp_path, model.params, optimizer, {"step": 1})
    (tmp_path / f"{STATE_FILE}.{os.getpid()}.tmp").write_bytes(b"half a sta")
    assert load_training_state(tmp_path)[1] == {"step": 1}
    save_training_state(tmp_path, model.params, optimizer, {"step": 2})
    assert os.listdir(tmp_path) == [STATE_FILE]


def test_nothing_to_resume_is_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is nothing to resume in .* it has no training_state"):
        load_training_state(tmp_path)


def test_a_damaged_state_is_a_sentence_wherever_the_damage_is(tmp_path):
    model, optimizer = start()
    save_training_state(tmp_path, model.params, optimizer, {"step": 1})
    path = tmp_path / STATE_FILE
    content = path.read_bytes()
    damages = [content[:n] for n in (0, 1, 7, 8, 100, len(content) // 2, len(content) - 1)]
    damages += [b"\xff" * len(content), b"not a model at all", content[:8] + b"\x00" * 50 + content[58:]]
    damages += [content.replace(b"progress", b"pr0gress", 1), content.replace(b"step", b"stop", 1)]
    for i in (len(content) - 1, len(content) // 2):  # a bit that flipped in the numbers
        damages.append(content[:i] + bytes([content[i] ^ 64]) + content[i + 1 :])
    for damaged in damages:
        assert damaged != content
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"training_state.safetensors is damaged"):
            load_training_state(tmp_path)


def test_a_state_of_another_model_names_the_first_array_that_does_not_fit(tmp_path):
    model, optimizer = start()
    save_training_state(tmp_path, model.params, optimizer, {})
    tensors, _ = load_training_state(tmp_path)
    other = BigramLM(BigramConfig(11, 6))
    with pytest.raises(
        ValueError, match=r"params.table.weight is missing in .* needs float32 of shape \(11, 11\)"
    ):
        restore_training_state(tensors, other.params, AdamW(other.params))
    other = GPT(GPTConfig(vocab_size=12, block_size=6, n_layer=2, n_head=2, n_embd=8))
    with pytest.raises(
        ValueError, match=r"params.wte.weight is float32 of shape \(11, 8\) .* needs .* \(12, 8\)"
    ):
        restore_training_state(tensors, other.params, AdamW(other.params))


@pytest.mark.parametrize(("before", "now"), [(AdamW, Muon), (Muon, AdamW)])
def test_the_moments_of_another_optimiser_are_not_taken_up(tmp_path, before, now):
    model, optimizer = start(kind=before)
    save_training_state(tmp_path, model.params, optimizer, {})
    tensors, _ = load_training_state(tmp_path)
    with pytest.raises(ValueError, match=r"v.h.0.attn.c_attn.weight (in|is missing in) training_state"):
        restore_training_state(tensors, model.params, now(model.params))


@pytest.mark.parametrize("tie_weights", [True, False])
def test_load_model_opens_what_every_kind_of_model_saved(tmp_path, tie_weights):
    config = GPTConfig(vocab_size=11, block_size=6, n_layer=1, n_head=2, n_embd=8, tie_weights=tie_weights)
    small = (BigramLM(BigramConfig(11, 6), seed=5), RNN(RNNConfig(11, 6, 4), seed=5))
    for model in (GPT(config, seed=5), *small):
        directory = tmp_path / type(model).__name__
        model.save_pretrained(directory)
        opened = load_model(directory)
        assert type(opened) is type(model) and opened.config == model.config
        assert opened.params.keys() == model.params.keys()
        for name, param in model.params.items():
            assert np.array_equal(opened.params[name], param) and opened.params[name].dtype == param.dtype


def test_a_folder_without_a_model_is_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no config.json in"):
        load_model(tmp_path)


def test_a_state_without_checksums_is_not_believed(tmp_path):
    model, optimizer = start()
    save_training_state(tmp_path, model.params, optimizer, {"step": 1})
    tensors, _ = load_training_state(tmp_path)
    safetensors.numpy.save_file(tensors, tmp_path / STATE_FILE, {"progress": '{"step": 1}'})
    with pytest.raises(ValueError, match=r"or of a version before 0.2: it has no checksums"):
        load_training_state(tmp_path)


def test_a_state_of_another_dtype_is_not_taken_up(tmp_path):
    model, optimizer = start()
    save_training_state(tmp_path, model.params, optimizer, {})
    tensors, _ = load_training_state(tmp_path)
    double = GPT(model.config, dtype="float64")
    with pytest.raises(ValueError, match=r"params.wte.weight is float32 .* needs float64"):
        restore_training_state(tensors, double.params, AdamW(double.params))


@pytest.mark.parametrize("name", [STATE_FILE, "config.json"])
def test_neither_a_run_nor_a_model_is_written_over(tmp_path, name):
    refuse_to_overwrite(tmp_path)
    refuse_to_overwrite(tmp_path / "not there yet")
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ValueError, match=r"holds a trained model: continue it with --resume"):
        refuse_to_overwrite(tmp_path)
