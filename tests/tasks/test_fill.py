"""--task fill: the exact arrays of a batch, what is measured, and what such a model is refused for."""

import re

import numpy as np
import pytest
from scripts import refusal, run_main

import generate
import train
from minigpt import GPT, GPTConfig, load_model
from minigpt.filling.masking import mask_tokens
from minigpt.filling.model import GapFiller
from minigpt.layers import IGNORED
from minigpt.tasks import TASKS
from minigpt.tasks.arguments import train_arguments
from minigpt.training.runner import BatchRunner
from tokenizer import load_tokenizer
from tokenizer.base import MASK

TEXT = "每一次努力都让你感动，未来的精彩由此慢慢绽放。\nthe cat sat on the mat\n" * 60
NEW = (
    "--task fill --tokenizer char --n-layer 2 --n-head 2 --n-embd 32 --block-size 12 --batch-size 64".split()
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A text, and in "run" a model that was trained on it for a moment."""
    folder = tmp_path_factory.mktemp("fill")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8", newline="\n")
    flags = "--max-iters 400 --eval-interval 200 --warmup-iters 20 --learning-rate 0.01 --workers 1".split()
    flags += ["--eval-iters", 2, "--seed", 3]
    out = run_main(train.main, "--data", folder / "text.txt", "--out", folder / "run", *NEW, *flags)[0]
    (folder / "printed.txt").write_text(out, encoding="utf-8", newline="\n")
    return folder


@pytest.fixture
def task(folder, tmp_path):
    return task_of(folder, tmp_path)


def task_of(folder, out, *flags):
    given = ["--data", str(folder / "text.txt"), "--out", str(out), *NEW, *map(str, flags)]
    return TASKS["fill"](train_arguments(given))


def filled(folder, *texts):
    return run_main(generate.main, "--checkpoint", folder / "run", "--fill", *texts)[0]


def test_the_arrays_of_a_step(task):
    rng = np.random.default_rng([task.args.seed, 7])
    length = int(rng.integers(8, 13))
    starts = rng.integers(len(task.corpus.train) - length, size=64)
    ids = np.stack([task.corpus.train[start : start + length] for start in starts]).astype(np.int64)
    tokenizer = task.tokenizer
    special = [tokenizer.eot_token, tokenizer.special_tokens[MASK]]
    expected = mask_tokens(ids, special, tokenizer.special_tokens[MASK], tokenizer.n_vocab, rng)
    for ours, theirs in zip(task.batch(7), expected):
        assert ours.dtype == np.int64 and np.array_equal(ours, theirs)


def test_the_end_of_a_text_and_the_mask_are_never_hidden(task):
    tokenizer = task.tokenizer
    ids = np.resize([tokenizer.eot_token, tokenizer.special_tokens[MASK]], (20, 20))
    seen, targets = task.masked(ids, np.random.default_rng(0))
    assert np.array_equal(seen, ids) and (targets == IGNORED).all()


def test_windows_have_every_length_up_to_the_context_and_a_step_is_always_the_same(task):
    assert {task.batch(step)[0].shape[1] for step in range(60)} == {8, 9, 10, 11, 12}
    one, again, other = (task.batch(step)[1] for step in (3, 3, 4))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_batches_of_grad_accum_come_in_one(folder, tmp_path):
    assert len(task_of(folder, tmp_path, "--grad-accum", 3).batch(0)[0]) == 192


def test_the_mask_is_a_token_of_its_own_and_the_text_does_not_hold_it(task):
    tokenizer = task.tokenizer
    assert tokenizer.special_tokens[MASK] == tokenizer.n_vocab - 1 == task.model.config.vocab_size - 1
    assert tokenizer.special_tokens[MASK] not in task.corpus.train
    assert load_tokenizer(task.args.out).special_tokens == tokenizer.special_tokens


def test_it_is_validated_on_held_back_text_and_on_the_same_gaps_each_time(task):
    (seen, targets), *more = task.validation_batches()
    assert not more and seen.shape == (len(task.corpus.validation) // 12, 12)
    text = np.where(targets == IGNORED, seen, targets).reshape(-1)
    assert np.array_equal(text, task.corpus.validation[: text.size])
    assert [len(x) for x, _ in task.validation_batches(3)] == [3]
    with BatchRunner(task.model, workers=1) as runner:
        loss = task.validation_loss(runner)
        assert loss == task.validation_loss(runner) == pytest.approx(runner.loss(seen, targets), rel=1e-6)
        assert task.validate(runner)["val_loss"] == loss, "of so few windows all"


def test_the_measures_of_parts_are_the_measure_of_the_whole(task, monkeypatch):
    with BatchRunner(task.model, workers=1) as runner:
        monkeypatch.setattr("minigpt.tasks.fill.WINDOWS", 2)
        batches = list(task.validation_batches())
        assert len(batches) > 3
        hidden = [int((targets != IGNORED).sum()) for _, targets in batches]
        losses = [runner.loss(*batch) for batch in batches]
        expected = np.dot(hidden, losses) / sum(hidden)
        assert task.validation_loss(runner) == pytest.approx(expected, rel=1e-6)


def test_a_run_learns_reports_and_shows_gaps(folder):
    printed = (folder / "printed.txt").read_text(encoding="utf-8")
    loss = float(re.search(r"\nvalidation loss ([\d.]+), perplexity [\d.]+; of", printed)[1])
    right = float(re.search(r"hidden tokens ([\d.]+)% are guessed right", printed)[1])
    assert loss < 1.5 and right > 60
    assert re.search(r"--- .*\[MASK\].*\n.+\ngap 1: +[\d.]+%", printed)


def test_what_is_reported_is_counted_over_the_hidden_tokens(task, capsys, tmp_path):
    with BatchRunner(task.model, workers=1) as runner:
        task.report(runner, tmp_path)
        (seen, targets), *_ = task.validation_batches()
        hidden = targets != IGNORED
        guessed = task.model.forward(seen)[0].argmax(-1)
        share = (guessed == targets)[hidden].mean()
    assert f"of {hidden.sum():,} hidden tokens {share:.1%} are guessed right" in capsys.readouterr().out


def test_eval_only_measures_the_same_and_resume_goes_on(folder):
    printed = (folder / "printed.txt").read_text(encoding="utf-8")
    measured = run_main(train.main, "--out", folder / "run", "--eval-only")[0].strip()
    assert measured.startswith("validation loss") and measured in printed
    again = run_main(train.main, "--out", folder / "run", "--resume", "--max-iters", 410)[0]
    assert "10 steps in" in again
    assert isinstance(load_model(folder / "run"), GapFiller)


def test_gaps_are_filled_by_what_stands_on_both_sides(folder):
    lines = filled(folder, "每一次[MASK]力都让", "the [MASK]at sat").splitlines()
    assert lines[0] == "每一次努力都让" and lines[2] == "the cat sat"
    for line, token in zip(lines[1::2], "努c"):
        assert re.match(rf"gap 1: +[\d.]+%  {token}", line)


def test_several_gaps_in_a_row_have_a_line_each(folder):
    first, *gaps = filled(folder, "每一次[MASK][MASK]都让").splitlines()
    assert first == "每一次努力都让"
    assert [line.split()[1] for line in gaps] == ["1:", "2:"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--prompt", "the"], "holds a model that fills gaps (--task fill), which continues no text"),
        (["--chat"], "which continues no text"),
        (["--score", __file__], "which continues no text"),
        (["--fill", "the cat"], "'the cat' has no gap: write [MASK]"),
        (["--fill", "[MASK]" * 13], "the input has 13 tokens but the context holds 12"),
        (["--fill", "[MASK]", "--prompt", "a"], "--fill takes the texts and continues nothing"),
        (["--fill", "[MASK]", "--num-samples", 2], "--fill takes the texts and continues nothing"),
        (["--fill", "[MASK]", "--chat"], "--chat and --fill are different ways to run"),
    ],
)
def test_what_it_cannot_do_is_refused_by_name(folder, flags, words):
    assert words in refusal(generate.main, "--checkpoint", folder / "run", *flags)


def test_a_model_that_continues_texts_fills_no_gaps(folder, tmp_path):
    tokenizer = load_tokenizer(folder / "run")
    tokenizer.save(tmp_path)
    GPT(GPTConfig(tokenizer.n_vocab, 8, 1, 2, 4)).save_pretrained(tmp_path)
    sentence = refusal(generate.main, "--checkpoint", tmp_path, "--fill", "a[MASK]")
    assert "holds no model that fills gaps: train.py --task fill makes one" in sentence
    flags = ["--data", folder / "text.txt", "--out", tmp_path / "new"]
    sentence = refusal(train.main, *flags, "--task", "fill", "--init-from", tmp_path)
    assert "holds a model that continues texts, which --task fill cannot begin with" in sentence
    sentence = refusal(train.main, *flags, "--init-from", folder / "run")
    assert "holds a model that fills gaps (--task fill), which --task pretrain cannot begin with" in sentence


def test_it_begins_with_its_own_kind(folder, tmp_path):
    flags = ["--task", "fill", "--data", str(folder / "text.txt"), "--out", str(tmp_path / "new")]
    base = ["--init-from", str(folder / "run"), "--block-size", "9", "--dropout", "0.2"]
    task = TASKS["fill"](train_arguments([*flags, *base]))
    assert isinstance(task.model, GapFiller)
    assert (task.block_size, task.model.config.dropout, len(task.model.params["wpe.weight"])) == (9, 0.2, 9)
    kept = load_model(folder / "run").params["wte.weight"]
    assert np.array_equal(task.model.params["wte.weight"], kept)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--lora-rank 2", "--lora-rank is not for --task fill, which trains all weights"),
        ("--trainable last", "--trainable is not for --task fill, which trains all weights"),
        ("--documents lines", "--documents is for --task pretrain, not for --task fill"),
        ("--model rnn", "--task fill takes a gpt, not --model rnn"),
        ("--strict", "--strict is for --task classify"),
    ],
)
def test_flags_that_make_no_sense_with_it_are_refused_by_name(capsys, flags, words):
    with pytest.raises(SystemExit):
        train_arguments(["--task", "fill", *flags.split()])
    assert words in capsys.readouterr().err
    assert train_arguments("--task fill --val-share 0.2 --n-layer 2".split()).val_share == 0.2
