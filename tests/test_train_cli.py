"""train.py as a user meets it: what a run leaves behind, and how it answers what it cannot do."""

import json
import math
import re
from collections import Counter

import numpy as np
import pytest
from scripts import GENERATE, TINY, TRAIN, refusal, run_main, run_script

import train
from minigpt import GPT, RNN, AdamW, BigramLM, clip_grad_norm, generate, load_model
from minigpt.tasks import pretrain
from minigpt.tasks.arguments import train_arguments
from minigpt.tasks.defaults import RNN_DEFAULTS, TASK_DEFAULTS
from minigpt.tasks.presets import PRESETS
from minigpt.training.corpus import random_batch
from minigpt.training.log import read_lines
from tokenizer import load_tokenizer

ENGLISH = "the cat sat on the mat and the dog sat on the log\n\n" * 30
CHINESE = "小猫坐在垫子上，小狗看着它。\n\n每一次努力都让你感动，未来的精彩由此慢慢绽放。\n\n" * 20


def run_here(*flags):
    """train.py in this process: its standard output."""
    return run_main(train.main, *flags)[0]


def refused(*flags):
    """The sentence with which train.py refuses."""
    return refusal(train.main, *flags)


def write(path, text):
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with two texts and, in "run", what a short run on the English one left behind."""
    folder = tmp_path_factory.mktemp("train")
    write(folder / "english.txt", ENGLISH)
    write(folder / "chinese.txt", CHINESE)
    flags = "--tokenizer char --max-iters 40 --warmup-iters 0 --eval-interval 20 --dropout 0.1".split()
    flags += ["--learning-rate", "0.03"]
    out, _ = run_script(TRAIN, "--data", folder / "english.txt", "--out", folder / "run", *TINY, *flags)
    write(folder / "stdout.txt", out)
    return folder


# What a run leaves behind


def test_a_run_prints_its_losses_and_ends_with_a_sample(folder):
    out = (folder / "stdout.txt").read_text(encoding="utf-8")
    lines = read_lines(folder / "run" / "metrics.jsonl")
    for line in lines:
        if "val_loss" in line:
            assert re.search(rf"step +{line['step']}:.*validation loss {line['val_loss']:.4f}", out)
    assert "bits per byte" in out
    assert out.rstrip().splitlines()[-1], "the sample"


def test_the_log_holds_every_step_and_its_losses_fall(folder):
    lines = read_lines(folder / "run" / "metrics.jsonl")
    assert [line["step"] for line in lines] == list(range(41))
    assert all(line["tokens_per_s"] > 0 and line["grad_norm"] > 0 for line in lines[:-1])
    validation = {line["step"]: line["val_loss"] for line in lines if "val_loss" in line}
    assert list(validation) == [0, 20, 40]
    n_vocab = load_tokenizer(folder / "run").n_vocab
    assert validation[0] == pytest.approx(math.log(n_vocab), rel=0.02), "an untrained model guesses"
    assert validation[40] < validation[20] < validation[0] - 0.1


def test_the_learning_rate_of_every_step_is_the_schedules(folder):
    rates = [line["lr"] for line in read_lines(folder / "run" / "metrics.jsonl")[:-1]]
    expected = [1e-4 + (0.03 - 1e-4) * (1 + math.cos(math.pi * step / 40)) / 2 for step in range(40)]
    np.testing.assert_allclose(rates, expected, rtol=1e-12)


def test_the_folder_is_a_model_that_continues_text_and_the_curve_is_a_picture(folder):
    model, tokenizer = load_model(folder / "run"), load_tokenizer(folder / "run")
    assert isinstance(model, GPT) and model.config.n_embd == 8 and model.config.dropout == 0.1
    ids = tokenizer.encode("the cat")
    assert tokenizer.decode(generate(model, [ids], 5, seed=0)[0].tolist()).startswith("the cat")
    pytest.importorskip("matplotlib")
    assert (folder / "run" / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_the_model_in_the_folder_is_the_best_one_and_eval_only_measures_it(folder):
    printed = re.search(r"loss (\d\.\d+).*bits per byte", (folder / "stdout.txt").read_text(encoding="utf-8"))
    out = run_here("--data", folder / "english.txt", "--out", folder / "run", "--eval-only")
    assert f"loss {printed[1]}" in out


def test_init_from_starts_with_the_weights_and_the_tokenizer_of_that_model(folder):
    before = load_model(folder / "run").params["wte.weight"].copy()
    flags = ["--init-from", folder / "run", "--max-iters", 1, "--learning-rate", 1e-4, "--eval-iters", 2]
    run_here("--data", folder / "english.txt", "--out", folder / "again", "--batch-size", 4, *flags)
    first = read_lines(folder / "again" / "metrics.jsonl")[0]
    assert first["val_loss"] == read_lines(folder / "run" / "metrics.jsonl")[40]["val_loss"]
    after = load_model(folder / "again").params["wte.weight"]
    assert 0 < np.abs(after - before).max() <= 1.1e-4
    assert load_tokenizer(folder / "again").n_vocab == load_tokenizer(folder / "run").n_vocab


def test_chinese_through_a_bigram_model_on_a_terminal_that_knows_only_ascii(folder):
    flags = "--model bigram --tokenizer char --block-size 8 --max-iters 20 --eval-interval 0".split()
    out, _ = run_script(
        TRAIN,
        *("--data", folder / "chinese.txt", "--out", folder / "bigram", *flags),
        environment={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"},
    )
    assert isinstance(load_model(folder / "bigram"), BigramLM)
    assert re.search("[一-鿿]", out), "the sample is Chinese"


def test_accumulated_batches_are_one_large_batch(folder):
    losses = []
    for batch_size, accumulated in [(6, 1), (2, 3)]:
        out = folder / f"accumulated {accumulated}"
        flags = "--tokenizer char --max-iters 5 --eval-interval 0 --dropout 0.2".split()
        flags += ["--batch-size", batch_size, "--grad-accum", accumulated]
        run_here("--data", folder / "english.txt", "--out", out, *TINY, *flags)
        losses.append([line["loss"] for line in read_lines(out / "metrics.jsonl")[:-1]])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    assert len(losses[0]) == 5


def test_two_runs_of_the_same_flags_leave_the_same_bytes(folder):
    flags = "--tokenizer char --max-iters 4 --eval-interval 2 --dropout 0.2 --seed 3".split()
    for out in ("one", "two"):
        run_here("--data", folder / "english.txt", "--out", folder / out, *TINY, *flags)
    names = sorted(path.name for path in (folder / "one").iterdir() if path.is_file())
    assert {"model.safetensors", "training_state.safetensors", "tokenizer.json", "arguments.json"} < set(
        names
    )
    for name in names:
        one, two = ((folder / out / name).read_bytes() for out in ("one", "two"))
        if name == "metrics.jsonl":  # which has times in it
            one, two = (re.sub(rb'"tokens_per_s": [\d.]+', b"", text) for text in (one, two))
        assert one == two, name


def test_a_bigram_model_learns_letters_by_default_and_shows_what_it_learned(folder, monkeypatch):
    monkeypatch.chdir(folder)
    out = run_here("--model", "bigram", "--data", folder / "english.txt", "--max-iters", 60)
    n_vocab = load_tokenizer(folder / "out-bigram").n_vocab
    assert n_vocab < 30, "letters, not pieces of words"
    assert f"to guess costs ln {n_vocab} = {math.log(n_vocab):.3f}" in out
    found = float(re.search(r"\nvalidation loss ([\d.]+), perplexity", out)[1])
    # What a table of pairs can reach at best, on this text: the entropy of a letter, given the one before.
    text = (folder / "english.txt").read_text(encoding="utf-8")
    pairs, letters = Counter(zip(text, text[1:])), Counter(text[:-1])
    entropy = -sum(n * math.log(n / letters[a]) for (a, _), n in pairs.items()) / (len(text) - 1)
    assert entropy - 0.05 < found < entropy + 0.2
    assert "--- a continuation of" in out


def test_an_rnn_is_trained_resumed_measured_scored_and_continued(folder):
    out = folder / "rnn"
    flags = "--model rnn --n-embd 16 --block-size 8 --eval-interval 5 --learning-rate 0.02".split()
    flags += ["--data", folder / "chinese.txt", "--warmup-iters", 0]
    run_here(*flags, "--out", out, "--max-iters", 40)
    printed = run_here("--resume", "--out", out, "--max-iters", 60)
    assert isinstance(load_model(out), RNN)
    losses = [line.get("val_loss") for line in read_lines(out / "metrics.jsonl")]
    assert losses[60] < 1 < losses[0] and len(losses) == 61
    measured = run_here("--eval-only", "--out", out).strip()
    assert measured.startswith("validation loss") and measured in printed
    scored, _ = run_script(GENERATE, "--checkpoint", out, "--score", folder / "chinese.txt")
    assert float(re.search(r"loss ([\d.]+)", scored)[1]) < 1
    text, _ = run_script(
        GENERATE,
        *("--checkpoint", out, "--prompt", "每一次", "--temperature", 0, "--max-new-tokens", 19),
    )
    assert text == "每一次努力都让你感动，未来的精彩由此慢慢绽放\n", "beyond the context of training"


def test_the_training_text_alone_teaches_the_bpe_tokenizer(folder):
    """The last tenth holds a word that the rest does not: no token may be made of it."""
    text = write(folder / "end.txt", "plain words and more plain words\n" * 90 + "xylophone xylophone\n" * 15)
    flags = (
        "--tokenizer bpe --vocab-size 300 --block-size 8 --model bigram --max-iters 1 --eval-iters 1".split()
    )
    run_here("--data", text, "--out", folder / "bpe", *flags)
    tokenizer = load_tokenizer(folder / "bpe")
    assert len(tokenizer.encode(" plain")) < 6
    assert len(tokenizer.encode("xylophone")) >= 8


def test_the_flags_reach_the_optimiser_and_every_step_draws_a_batch_of_its_own(folder, monkeypatch):
    made, batches, limits = [], [], []

    class NotedAdamW(AdamW):
        def __init__(self, *args, **settings):
            super().__init__(*args, **settings)
            made.append(self)

    def noted_batch(tokens, *args):
        batches.append(random_batch(tokens, *args))
        return batches[-1]

    def noted_clip(grads, max_norm, total):
        limits.append(max_norm)
        return clip_grad_norm(grads, max_norm, total)

    monkeypatch.setattr(train, "AdamW", NotedAdamW)
    monkeypatch.setattr(pretrain, "random_batch", noted_batch)
    monkeypatch.setattr(train, "clip_grad_norm", noted_clip)
    flags = "--model bigram --tokenizer char --block-size 8 --max-iters 6 --beta1 0.7 --beta2 0.8".split()
    flags += "--weight-decay 0.3 --grad-clip 0.5 --batch-size 3".split()
    run_here("--data", folder / "english.txt", "--out", folder / "noted", *flags)
    (optimizer,) = made
    assert optimizer.betas == (0.7, 0.8) and optimizer.weight_decay == 0.3 and optimizer.n_steps == 6
    assert limits == [0.5] * 6
    assert {x.shape for x, _ in batches} == {(3, 8)}
    assert len({x.tobytes() for x, _ in batches}) == 6


def test_the_model_that_is_kept_is_the_one_of_the_lowest_validation_loss(folder, monkeypatch):
    losses, weights, texts = iter([5.0, 2.0, 3.0, 4.0, 4.5]), [], []

    def scripted(runner, tokens, *args):
        texts.append(bytes(tokens))
        weights.append(runner.model.params["table.weight"].copy())
        return next(losses)

    monkeypatch.setattr(pretrain, "evaluate", scripted)
    flags = "--model bigram --tokenizer char --block-size 8 --max-iters 6 --eval-interval 2".split()
    run_here("--data", folder / "english.txt", "--out", folder / "kept", *flags)
    kept = load_model(folder / "kept").params["table.weight"]
    assert [np.array_equal(kept, each) for each in weights] == [False, True, False, False, True]
    assert set(texts) == {(folder / "kept" / "tokens" / "validation.bin").read_bytes()}


# What it cannot do


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--batch-size 0", ["--batch-size", "0"]),
        ("--n-layer -1", ["--n-layer", "-1"]),
        ("--max-iters 0", ["--max-iters", "0"]),
        ("--block-size 1.5", ["--block-size", "1.5"]),
        ("--dropout 1", ["--dropout", "1"]),
        ("--dropout -0.1", ["--dropout", "-0.1"]),
        ("--beta2 1.0", ["--beta2", "1.0"]),
        ("--learning-rate nan", ["--learning-rate", "nan"]),
        ("--learning-rate 1e-5 --min-lr 1e-3", ["--min-lr", "0.001", "--learning-rate", "1e-05"]),
        ("--weight-decay -1", ["--weight-decay", "-1"]),
        ("--seed -1", ["--seed", "-1"]),
        ("--workers 0", ["--workers", "0"]),
        ("--model lstm", ["--model", "lstm", "gpt", "bigram", "rnn"]),
        ("--tokenizer none", ["--tokenizer", "none", "char"]),
        ("--n-embed 8", ["--n-embed"]),
        ("--n-emb 8", ["--n-emb"]),  # no abbreviations: the next flag to come could change what they mean
        ("--n-head 3 --n-embd 8", ["n_embd is 8", "3 heads", "9"]),
        ("--vocab-size 10", ["10", "256"]),
        ("--block-size 5000", ["5000", "tokens", "--block-size"]),
        ("--resume", ["no run", "fresh"]),
        ("--lora-rank 2 --trainable last", ["--lora-rank 2", "--trainable last", "choose one"]),
        ("--optimizer muon --model bigram", ["--optimizer muon", "bigram", "adamw"]),
        ("--optimizer muon --lora-rank 2", ["--optimizer muon", "adapters", "adamw"]),
        ("--lora-alpha 4", ["--lora-alpha", "--lora-rank"]),
        ("--lora-targets wte", ["--lora-targets", "--lora-rank"]),
        ("--lora-rank 2 --lora-alpha 0", ["alpha is 0.0"]),
        ("--model bigram --n-layer 9", ["--n-layer", "bigram"]),
        ("--model rnn --n-layer 9", ["--n-layer", "rnn"]),
        ("--task prefer --dropout 0.5", ["--dropout", "prefer"]),
        ("--preset shakespeare-char-cpu --init-from nowhere", ["--preset", "--init-from"]),
        ("--init-from nowhere", ["nowhere"]),
    ],
)
def test_flags_that_make_no_sense_are_a_sentence(folder, monkeypatch, tmp_path, flags, words):
    monkeypatch.chdir(tmp_path)
    sentence = refused("--data", folder / "english.txt", "--out", "fresh", *flags.split())
    for word in words:
        assert word in sentence
    assert not (tmp_path / "fresh" / "training_state.safetensors").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["there is no file or folder"]),
        (b"", ["is empty"]),
        (b"caf\xe9", ["is not UTF-8", "byte 3", "0xe9"]),
        (b"short", ["tokens", "block_size 8", "9"]),
    ],
    ids=["missing", "empty", "latin", "short"],
)
def test_texts_that_cannot_be_trained_on_are_a_sentence(tmp_path, content, words):
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_bytes(content)
    flags = ["--data", path, "--out", tmp_path / "out", "--tokenizer", "char", *TINY]
    sentence = refused(*flags)
    for word in [*words, ""]:
        assert word in sentence


def test_a_folder_that_holds_a_run_is_not_overwritten(folder):
    before = (folder / "run" / "model.safetensors").read_bytes()
    sentence = refused("--data", folder / "english.txt", "--out", folder / "run")
    assert "--resume" in sentence and "--out" in sentence
    assert (folder / "run" / "model.safetensors").read_bytes() == before


def test_resuming_with_another_model_or_another_text_is_a_sentence(folder):
    flags = ["--out", folder / "run", "--resume", "--max-iters", 50]
    sentence = refused(*flags, "--n-embd", 16)
    assert "--n-embd is 16" in sentence and "8" in sentence
    sentence = refused(*flags, "--optimizer", "adamw")
    assert "--optimizer is adamw" in sentence and "muon" in sentence
    sentence = refused(*flags, "--data", folder / "chinese.txt")
    assert "--data" in sentence or "character" in sentence


def test_a_text_too_short_for_the_vocabulary_is_told_in_a_sentence(tmp_path):
    text = write(tmp_path / "short.txt", ENGLISH)
    _, error = run_script(TRAIN, "--data", text, "--out", tmp_path / "run", *TINY, "--max-iters", 1)
    (line,) = [line for line in error.splitlines() if "warning" in line.lower()]
    assert re.fullmatch(r"train.py: warning: the text has only \d+ pairs to merge: .*, not 4096", line)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_overflows_is_a_sentence_and_the_last_good_state_stays(folder, tmp_path):
    flags = ["--data", folder / "english.txt", "--out", tmp_path / "out", "--tokenizer", "char", *TINY]
    sentence = refused(*flags, "--learning-rate", "1e30", "--max-iters", 9)
    assert "step 1" in sentence and "--learning-rate" in sentence
    for param in load_model(tmp_path / "out").params.values():
        assert np.isfinite(param).all()


def test_help_groups_the_flags_and_names_all_of_the_design():
    text = run_here("--help")
    flags = """data out model tokenizer vocab-size n-layer n-head n-embd block-size dropout batch-size
    max-iters learning-rate min-lr warmup-iters weight-decay beta1 beta2 grad-clip grad-accum eval-interval
    eval-iters seed resume init-from workers backend"""
    for name in flags.split():
        assert f"--{name}" in text
    for group in ("data and output:", "model:", "optimisation:"):
        assert group in text


def test_help_shows_the_defaults_of_what_is_chosen():
    def default_of(name, *flags):
        text = " ".join(run_here(*flags, "--help").partition("options:")[2].split())
        return re.search(rf"--{name} [A-Z]+ .*?\(default: (.*?)\)", text)[1]

    for flags, defaults in (
        ((), {}),
        (("--task", "classify"), TASK_DEFAULTS["classify"]),
        (("--model", "rnn"), RNN_DEFAULTS),
        (("--preset", "shakespeare-char-cpu"), PRESETS["shakespeare-char-cpu"]),
    ):
        expected = vars(train_arguments([])) | defaults
        for name in ("learning-rate", "max-iters"):
            assert float(default_of(name, *flags)) == expected[name.replace("-", "_")], (name, flags)


def test_the_settings_of_a_run_stand_beside_its_model(folder):
    settings = json.loads((folder / "run" / "arguments.json").read_text(encoding="utf-8"))
    assert settings["n_embd"] == 8 and settings["learning_rate"] == 0.03 and settings["seed"] == 1337
