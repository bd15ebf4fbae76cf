"""What the flags of train.py are by default, whose default counts, and which values are refused."""

import json
from pathlib import Path

import pytest

from minigpt.tasks.arguments import ARGUMENTS_FILE, save_arguments, train_arguments
from minigpt.tasks.defaults import TASK_DEFAULTS


def refusal(capsys, *flags):
    """The sentence with which the command line is refused."""
    with pytest.raises(SystemExit) as stop:
        train_arguments(list(map(str, flags)))
    assert stop.value.code == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def saved(directory, *flags):
    """The flags of a run, saved in its folder."""
    args = train_arguments(["--out", str(directory), *map(str, flags)])
    save_arguments(args)
    return args


@pytest.mark.parametrize("task", TASK_DEFAULTS)
def test_the_bundled_data_are_found_wherever_the_program_is_called(task, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [path for path in train_arguments(["--task", task]).data if not Path(path).is_file()] == []


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], (4, 3000, 8e-3, 0.0, 4, 128)),
        (["--task", "classify"], (32, 1000, 3e-3, 0.3, 1, 64)),
        (["--task", "instruct"], (16, 3500, 3e-3, 0.0, 4, 128)),
        (["--task", "chat"], (16, 700, 5e-3, 0.0, 4, 128)),
        (["--task", "chat", "--lora-rank", "8"], (16, 700, 5e-3, 0.0, 4, 128)),
        (["--task", "prefer"], (16, 300, 2e-4, 0.0, 4, 128)),
        (["--model", "bigram"], (32, 500, 0.1, 0.0, 4, 128)),
        (["--model", "rnn"], (16, 1200, 6e-3, 0.0, 4, 256)),
        (["--task", "chat", "--batch-size", "3", "--n-embd", "12"], (3, 700, 5e-3, 0.0, 4, 12)),
        (["--task", "chat", "--preset", "shakespeare-char-cpu"], (12, 2000, 1e-3, 0.0, 4, 128)),
        (["--preset", "shakespeare-char-cpu", "--n-layer", "5"], (12, 2000, 1e-3, 0.0, 5, 128)),
    ],
)
def test_the_command_line_counts_more_than_a_preset_and_that_more_than_a_task(flags, expected):
    args = train_arguments(flags)
    found = (args.batch_size, args.max_iters, args.learning_rate, args.dropout, args.n_layer, args.n_embd)
    assert found == expected


def test_muon_is_for_pretraining_and_what_is_answered_and_for_whoever_asks():
    for flags in ([], ["--task", "chat"], ["--task", "instruct"]):
        assert train_arguments(flags).optimizer == "muon"
    for flags in (["--model", "bigram"], ["--lora-rank", "4"], ["--preset", "shakespeare-char-cpu"]):
        assert train_arguments(flags).optimizer == "adamw"
    assert train_arguments(["--task", "chat", "--lora-rank", "4"]).optimizer == "adamw"
    for task in ("classify", "prefer"):
        assert train_arguments(["--task", task]).optimizer == "adamw"
        assert train_arguments(["--task", task, "--optimizer", "muon"]).optimizer == "muon"


def test_adapters_remember_longer():
    assert train_arguments([]).beta2 == 0.99
    assert train_arguments(["--lora-rank", "4"]).beta2 == 0.999
    assert train_arguments(["--lora-rank", "4", "--beta2", "0.5"]).beta2 == 0.5


def test_a_resumed_run_has_the_flags_that_it_was_started_with(tmp_path):
    before = saved(tmp_path, "--n-embd", 12, "--learning-rate", 0.5, "--task", "chat", "--seed", 7)
    for mode in ("--resume", "--eval-only"):
        args = train_arguments(["--out", str(tmp_path), mode, "--max-iters", "9"])
        changed = {name for name, value in vars(args).items() if value != getattr(before, name)}
        assert changed == {"max_iters", mode[2:].replace("-", "_")}
    kept = json.loads((tmp_path / ARGUMENTS_FILE).read_text(encoding="utf-8"))
    assert not {"resume", "eval_only", "out"} & kept.keys() and kept["n_embd"] == 12


@pytest.mark.parametrize(
    ("flag", "value", "was"),
    [
        ("--n-embd", 16, 12),
        ("--task", "classify", "chat"),
        ("--vocab-size", 300, 4096),
        ("--lora-rank", 2, 0),
    ],
)
def test_a_run_is_not_resumed_as_another(tmp_path, capsys, flag, value, was):
    saved(tmp_path, "--n-embd", 12, "--task", "chat")
    sentence = refusal(capsys, "--out", tmp_path, "--resume", flag, value)
    assert sentence.endswith(f"{flag} is {value} but the run in {tmp_path} has {was}")


@pytest.mark.parametrize("flag", ["--n-layer", "--n-head", "--n-embd", "--vocab-size"])
def test_what_the_base_decides_is_not_decided_again(capsys, flag):
    sentence = refusal(capsys, "--init-from", "base", flag, 99)
    assert f"{flag} contradicts --init-from: the model in base has its own" in sentence
    assert train_arguments(["--init-from", "base", "--lora-rank", "2"]).lora_rank == 2


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--min-lr 0.5", "--min-lr is 0.5, above --learning-rate 0.008"),
        ("--max-iters 10 --warmup-iters 11", "--warmup-iters is 11, more than the 10 of --max-iters"),
        ("--task chat --model bigram", "--task chat takes a gpt, not --model bigram"),
        ("--task chat --model rnn", "--task chat takes a gpt, not --model rnn"),
        ("--model bigram --n-embd 9", "--n-embd is for a gpt or an rnn: a bigram model is one table"),
        ("--model bigram --n-head 9", "--n-head is for a gpt: a bigram model is one table"),
        ("--model rnn --n-layer 2", "--n-layer is for a gpt: an rnn is one recurrent layer"),
        ("--model rnn --n-head 2", "--n-head is for a gpt: an rnn is one recurrent layer"),
        (
            "--optimizer adamw --momentum 0.9",
            "--momentum is for --optimizer muon: AdamW's memory is --beta1",
        ),
        ("--model rnn --dropout 0.1", "--dropout is for a gpt: an rnn is one recurrent layer"),
        ("--lora-rank 2 --trainable last", "choose one of the two"),
        ("--dropout 1", "1 is not at least 0 and below 1"),
        ("--beta1 -0.1", "-0.1 is not at least 0 and below 1"),
        ("--learning-rate inf", "inf is not a number of at least 0"),
        ("--weight-decay -1", "-1 is not a number of at least 0"),
        ("--batch-size 0", "0 is too small: give 1 or more"),
        ("--seed -1", "-1 is too small: give 0 or more"),
        ("--n-emb 8", "--n-emb"),
        ("--out nowhere-at-all --resume", "there is no run in nowhere-at-all"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(capsys, flags, words):
    assert words in refusal(capsys, *flags.split())


def test_the_edges_are_let_in():
    args = train_arguments("--warmup-iters 9 --max-iters 9 --min-lr 0.003 --dropout 0 --grad-clip 0".split())
    assert (args.warmup_iters, args.min_lr, args.dropout, args.grad_clip) == (9, 0.003, 0, 0)
    assert train_arguments(["--max-iters", "3"]).warmup_iters == 50, "by default shortened by the schedule"
