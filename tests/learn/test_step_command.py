"""python -m minigpt.learn step, as a reader types it: a page, or a sentence that says why not."""

import json
import re
import sys
from pathlib import Path

import pytest
from scripts import ROOT, run_script

from minigpt import GPT, BigramConfig, BigramLM, GPTConfig
from minigpt.finetuning.classifier import GPTClassifier
from minigpt.learn import tiny
from minigpt.learn.__main__ import main
from minigpt.learn.mistakes import OF_BACKWARD
from minigpt.learn.record import LEARNING_RATE, Step
from minigpt.learn.step import make_page
from tokenizer import CharTokenizer

LEARN = ["-m", "minigpt.learn", "step"]
HERE = {"PYTHONPATH": str(ROOT)}  # this checkout, wherever the process starts


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder, without out/; the tiny model is trained for a few steps only."""
    monkeypatch.setattr("minigpt.learn.tiny.STEPS", 5)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main(["step", *arguments])
    written = capsys.readouterr()
    assert stop.value.code == 2 and "Traceback" not in written.err
    return written.err.strip().splitlines()[-1]


@pytest.fixture
def quiet(monkeypatch):
    """main() sets up the terminal's streams, which pytest's stand-ins need not bear."""
    monkeypatch.setattr("minigpt.learn.__main__.prepare_terminal", lambda program: None)


def save(directory, model, text="abc the"):
    directory.mkdir()
    CharTokenizer.train(text).save(directory)
    model.save_pretrained(directory)
    return str(directory)


def gpt(text="abc the", **changes):
    config = {"block_size": 8, "n_layer": 2, "n_head": 2, "n_embd": 8} | changes
    return GPT(GPTConfig(CharTokenizer.train(text).n_vocab, **config))


def test_it_works_before_anything_else_does(folder):
    out, _ = run_script(LEARN, "the cat", "--out", "page.html", environment=HERE, cwd=folder)
    assert "page.html: one step of a tiny model trained on the spot on 7 tokens" in out
    html = (folder / "page.html").read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>") and 'lang="en"' in html


def test_bytes_that_are_no_text_are_replaced(folder):
    if sys.platform == "win32":
        pytest.skip("Windows passes whole characters")
    out, _ = run_script(LEARN, "a\udcffb", "--out", "page.html", environment=HERE, cwd=folder)
    assert "replaced by �" in out


def test_all_bugs_are_listed_in_both_languages(quiet, capsys):
    main(["step", "--list-bugs"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(OF_BACKWARD)
    assert any("softmax gradient without δ" in line and "漏了" in line for line in lines)


def test_the_model_in_out_is_taken_where_there_is_one_and_the_checkpoint_that_is_named(folder):
    save(folder / "out", gpt(n_layer=3))
    save(folder / "other", gpt(n_layer=1))
    assert make_page("the")[1]["config"]["L"] == 3
    assert make_page("the", "other")[1]["config"]["L"] == 1
    assert make_page("the", "other")[1]["moments"] is None


@pytest.mark.parametrize(("text", "language"), [("the", "en"), ("努力", "zh")])
def test_the_page_opens_in_the_sentences_language(folder, text, language):
    assert f'<html lang="{language}">' in make_page(text)[0]


def test_a_language_can_be_asked_for(folder):
    assert '<html lang="zh">' in make_page("the", language="zh")[0]


def test_what_is_no_language_model_is_a_sentence(folder, quiet, capsys):
    tokenizer = CharTokenizer.train("abc the")
    bigram = save(folder / "bigram", BigramLM(BigramConfig(tokenizer.n_vocab, 8)))
    assert "holds a BigramLM" in refused(capsys, "a", "--checkpoint", bigram)
    classifier = save(folder / "classifier", GPTClassifier(gpt(), ["no", "yes"], pad_token_id=0))
    assert "holds a GPTClassifier" in refused(capsys, "a", "--checkpoint", classifier)


def test_a_damaged_checkpoint_is_a_sentence(folder, quiet, capsys):
    directory = save(folder / "model", gpt())
    weights = folder / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-40])
    assert "model.safetensors" in refused(capsys, "a", "--checkpoint", directory)
    (folder / "model" / "config.json").write_text("{", encoding="utf-8")
    assert "config.json" in refused(capsys, "a", "--checkpoint", directory)
    (folder / "model" / "config.json").unlink()
    assert "config.json" in refused(capsys, "a", "--checkpoint", directory)


def test_a_model_without_a_tokenizer_is_a_sentence(folder, quiet, capsys):
    directory = save(folder / "model", gpt())
    (folder / "model" / "tokenizer.json").unlink()
    assert "holds no tokenizer" in refused(capsys, "a", "--checkpoint", directory)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([""], "the sentence is empty: give at least one character"),  # said before anything is trained
        (["a", "--bug", "no such"], "is no mistake that is known: --list-bugs"),
        (["a", "--layers", "x"], "are no layers"),
        (["a", "--layers", "2"], "the model's layers are 0 to 1"),
        (["a", "--out", "no/such/folder/page.html"], "no/such/folder"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(folder, quiet, capsys, arguments, sentence):
    assert sentence in refused(capsys, *arguments)


@pytest.fixture
def opened(monkeypatch):
    """The addresses that a browser is asked for; there is one."""
    addresses = []
    monkeypatch.setattr("minigpt.learn.step.webbrowser.open", lambda url: addresses.append(url) or True)
    return addresses


def step(capsys, *arguments):
    """What a step says, and the record that the page holds."""
    out = arguments[arguments.index("--out") + 1] if "--out" in arguments else "one-step.html"
    main(["step", *arguments])
    html = Path(out).read_text(encoding="utf-8")
    return capsys.readouterr().out, json.loads(re.search(r'id="record">(.*?)</script>', html)[1]), html


def test_every_flag_reaches_the_page(folder, quiet, capsys, opened):
    save(folder / "model", gpt(n_layer=3))
    flags = ["--checkpoint", "model", "--layers", "0,2", "--lang", "zh", "--out", "a.html"]
    said, record, html = step(capsys, "the", *flags, "--bug", "dk transposed")
    assert record["layers"] == [0, 2] and '<html lang="zh">' in html and record["bug"]["name"]
    assert "Of the model's 3 layers (" in said and "the page shows 0, 2; --layers chooses others." in said
    assert re.search(
        rf"^a\.html: one step of the model on 3 tokens, loss \d\.\d{{4}}; {len(html.encode()) / 1e6:.1f} MB,",
        said,
        re.MULTILINE,
    )
    assert opened == [] and not (folder / "one-step.html").exists()


def test_one_token_is_no_tokens_and_a_whole_page_leaves_nothing_out(folder, quiet, capsys):
    said, record, _ = step(capsys, "a")
    assert said.startswith("one-step.html: one step of a tiny model trained on the spot on 1 token, loss ")
    assert record["whole"] and record["bug"] is None


def test_what_became_of_the_sentence_is_said(folder, quiet, capsys):
    save(folder / "model", gpt())
    assert "\u5915" in step(capsys, "the \u5915", "--checkpoint", "model")[0]


def test_the_page_is_opened_where_that_is_asked_and_else_it_is_said_that_it_cannot(
    folder, quiet, capsys, opened, monkeypatch
):
    assert "no browser" not in step(capsys, "a", "--open")[0]
    assert opened == [(folder / "one-step.html").as_uri()]
    monkeypatch.setattr("minigpt.learn.step.webbrowser.open", lambda url: False)
    assert "no browser could be started: open one-step.html yourself" in step(capsys, "a", "--open")[0]


def test_the_step_of_a_checkpoint_is_its_first_and_that_of_the_tiny_model_the_next(folder, monkeypatch):
    taken = []

    def taken_step(model, sentence, *moments):
        taken.append(moments)
        return Step(model, sentence, *moments)

    monkeypatch.setattr("minigpt.learn.step.Step", taken_step)
    assert make_page("the")[1]["trained"]
    save(folder / "model", gpt())
    assert not make_page("the", "model")[1]["trained"]
    (_, m, v, t, rate), of_checkpoint = taken
    assert (t, rate) == (tiny.STEPS + 1, tiny.LEARNING_RATE) and m and v
    assert of_checkpoint[1:] == ({}, {}, 1, LEARNING_RATE) and LEARNING_RATE != tiny.LEARNING_RATE
