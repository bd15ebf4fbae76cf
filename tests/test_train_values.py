"""Values that no machine or no model can have end in a sentence, before anything is read or written."""

import json
import re

import pytest
from scripts import refusal, run_main

import generate
import train
from minigpt.tasks import memory
from minigpt.tasks.arguments import train_arguments
from minigpt.tasks.memory import least_memory, refuse_impossible_sizes

TOO_LARGE = "takes at least .* GiB to train, but this machine has .* GiB: take smaller ones"


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--n-embd", 2**31], "--n-embd: '2147483648' is too large: give 2,147,483,647 at most"),
        (["--n-embd", "9" * 400], "… is too large: give 2,147,483,647 at most"),
        (["--seed", "9" * 5000], "… is too large: give 9,223,372,036,854,775,807 at most"),
        (["--n-layer", 1001], "--n-layer: '1001' is too large: give 1,000 at most"),
        (["--workers", 100_000], "--workers: '100000' is too large: give 1,024 at most"),
        (["--max-iters", "many"], "--max-iters: 'many' is no whole number"),
        (["--init-from", ""], "--init-from: it is empty: name a file or a folder"),
        (["--out", ""], "--out: it is empty"),
        (["--data", ""], "--data: it is empty"),
        (["--tokenizer", ""], "--tokenizer: '' is neither bpe, char, word nor a folder"),
        (["--data", "/dev/zero"], "/dev/zero is not UTF-8 text: byte 0 is 0x00"),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_anything_starts(tmp_path, flags, sentence):
    out = tmp_path / "out"
    said = refusal(train.main, "--out", out, *flags)
    assert sentence in said and len(said) < 300
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.parametrize(
    "flags",
    [["--n-embd", 2**19], ["--block-size", 2**30], ["--batch-size", 2**30], ["--grad-accum", 2**28]],
)
def test_what_no_machine_holds_is_refused(tmp_path, monkeypatch, flags):
    monkeypatch.setattr(memory, "memory_of_machine", lambda: 16 << 30)
    assert re.search(TOO_LARGE, refusal(train.main, "--out", tmp_path / "out", *flags))
    assert not (tmp_path / "out").exists()


def test_the_estimate_counts_weights_moments_and_a_gradient_for_each_worker(monkeypatch):
    args = train_arguments(["--workers", "2", "--block-size", "8", "--batch-size", "4"])
    shapes = {"a": (1000, 1000)}
    args.optimizer = "muon"
    with_matrix = least_memory(shapes | {"h.0.mlp.c_fc.weight": (10, 100)}, 0, 0, 0, args)
    assert with_matrix - least_memory(shapes, 0, 0, 0, args) == 4 * 1000 * (2 + 2), "one moment, not two"
    args.optimizer = "adamw"
    base = least_memory(shapes, 0, 0, 0, args)
    assert base == 4 * 1_000_000 * (3 + 2) + 16 * 4 * 8
    args.workers = 64  # of which four have a sequence
    assert least_memory(shapes, 0, 0, 0, args) == base + 4 * 2 * 1_000_000
    args.lora_rank = 8
    assert least_memory(shapes, 0, 0, 0, args) == 4_000_000 + 16 * 4 * 8


def test_a_model_that_fits_passes_and_so_does_one_of_an_unknown_machine(monkeypatch):
    args = train_arguments([])
    refuse_impossible_sizes(args, 4096)
    monkeypatch.setattr(memory, "memory_of_machine", lambda: None)
    refuse_impossible_sizes(args, 10**9)
    monkeypatch.setattr(memory, "memory_of_machine", lambda: 1 << 20)
    with pytest.raises(ValueError, match=TOO_LARGE):
        refuse_impossible_sizes(args, 4096)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--checkpoint", ""], "--checkpoint: it is empty"),
        (["--score", ""], "--score: it is empty"),
        (["--seed", "9" * 5000], "… is too large"),
        (["--top-k", 2**40], "--top-k: '1099511627776' is too large"),
    ],
)
def test_generate_refuses_such_values_too(flags, sentence):
    assert sentence in refusal(generate.main, *flags)


# --- arguments.json


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_layer", "2"),
        ("n_layer", 0),
        ("n_layer", 2.0),
        ("n_layer", True),
        ("n_layer", None),
        ("data", "a.txt"),
        ("data", []),
        ("data", [1]),
        ("dropout", 1.5),
        ("dropout", float("nan")),
        ("learning_rate", 1e400),
        ("task", "sing"),
        ("task", ["chat"]),
        ("lora_targets", ["elsewhere"]),
        ("strict", 1),
        ("preset", 3),
        ("batch_size", 10**400),
    ],
)
def test_a_flag_in_arguments_json_is_what_the_flag_takes(tmp_path, name, value):
    (tmp_path / "arguments.json").write_text(json.dumps({"seed": 1, name: value}), encoding="utf-8")
    said = refusal(train.main, "--resume", "--out", tmp_path)
    assert f"arguments.json is damaged: {name} is" in said and "does not take" in said


@pytest.mark.parametrize(
    "content", ["[]", "{", "[" * 100_000, '{"seed": 1, "seed": 2}', "", '{"seed": ' + "9" * 5000 + "}"]
)
def test_a_damaged_arguments_json_is_a_sentence(tmp_path, content):
    (tmp_path / "arguments.json").write_text(content, encoding="utf-8")
    assert "arguments.json" in refusal(train.main, "--resume", "--out", tmp_path)


def test_the_flags_that_are_saved_are_taken(tmp_path):
    (tmp_path / "text.txt").write_text("the cat sat on the mat.\n" * 200, encoding="utf-8")
    out, sizes = tmp_path / "out", "--n-layer 1 --n-head 2 --n-embd 8 --block-size 8 --vocab-size 270".split()
    run_main(train.main, "--data", tmp_path / "text.txt", "--out", out, *sizes, "--max-iters", 1)
    run_main(train.main, "--resume", "--out", out, "--max-iters", 2)
