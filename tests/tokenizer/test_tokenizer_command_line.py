import os
import subprocess
import sys
from pathlib import Path

import pytest
from sample_texts import TEXT

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments, stdin=""):
    """python -m tokenizer … -> the finished process, its output as text."""
    # PYTHONIOENCODING: a console that knows no Chinese, as an old Windows has it.
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        [sys.executable, "-m", "tokenizer", *map(str, arguments)],
        input=stdin.encode("utf-8"),
        capture_output=True,
        env=environment,
    )
    process.stdout, process.stderr = process.stdout.decode("utf-8"), process.stderr.decode("utf-8")
    return process


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command line")
    (folder / "text.txt").write_bytes(TEXT.encode("utf-8"))
    process = run("train", folder / "text.txt", "--vocab-size", 350, "--out", folder / "bpe", "--workers", 2)
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith("350 tokens, saved in")
    return folder


def test_decode_gives_back_what_encode_read(trained):
    text = "A river.\r\n每一次 <|endoftext|>\n"
    ids = run("encode", "--tokenizer", trained / "bpe", "--allow-special", stdin=text)
    assert ids.stdout.replace(" ", "").strip().isdigit()
    assert " 349" in ids.stdout
    assert run("decode", "--tokenizer", trained / "bpe", stdin=ids.stdout).stdout == text


def test_encode_reads_a_file(trained):
    ids = run("encode", "--tokenizer", trained / "bpe", trained / "text.txt").stdout
    assert run("decode", "--tokenizer", trained / "bpe", stdin=ids).stdout == TEXT


def test_show_sets_the_tokens_apart_and_builds_a_word_up(trained):
    output = run("show", "--tokenizer", trained / "bpe", "The children", "--word", " in").stdout
    assert "T|" in output or "The|" in output
    assert "characters a token" in output
    heading, first, *_, last = output.splitlines()[-4:]
    assert (heading, first, last.split()[0]) == ("␣in", "  ␣ i n", "␣in")
    assert "\x1b[" not in output
    assert "\x1b[30;48;5;" in run("show", "--tokenizer", trained / "bpe", "The", "--color", "always").stdout


@pytest.mark.parametrize("kind", ["word", "char"])
def test_the_other_tokenizers_are_trained_and_shown_too(trained, kind):
    run("train", trained / "text.txt", "--type", kind, "--out", trained / kind)
    assert "|" in run("show", "--tokenizer", trained / kind, "The rain").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("encode", "--tokenizer", "nowhere"), "nowhere holds no tokenizer"),
        (("train", "nowhere.txt", "--vocab-size", 300, "--out", "x"), "nowhere.txt"),
        (("train", __file__, "--vocab-size", 20, "--out", "x"), "vocab_size is 20"),
        (("train", __file__, "--out", "x"), "needs --vocab-size"),
        (
            ("train", __file__, "--vocab-size", 300, "--pattern", "(", "--out", "x"),
            "not a valid regular expression",
        ),
        (("train", __file__, "--vocab-size", 300, "--workers", 0, "--out", "x"), "workers is 0"),
    ],
)
def test_errors_are_one_sentence_on_stderr_and_status_2(arguments, sentence):
    process = run(*arguments)
    assert process.returncode == 2
    assert process.stderr.startswith("python -m tokenizer: error: ")
    assert sentence in process.stderr
    assert process.stderr.count("\n") == 1
    assert process.stdout == ""


def test_text_with_a_special_token_and_ids_that_are_none_are_errors(trained):
    assert "special token" in run("encode", "--tokenizer", trained / "bpe", stdin="<|endoftext|>").stderr
    assert "whole numbers" in run("decode", "--tokenizer", trained / "bpe", stdin="1 x").stderr
    assert "token id 9999" in run("decode", "--tokenizer", trained / "bpe", stdin="9999").stderr


def test_a_vocabulary_that_the_text_does_not_fill_is_a_warning(trained):
    process = run("train", trained / "text.txt", "--vocab-size", 9999, "--out", trained / "large")
    assert process.returncode == 0
    assert process.stderr.startswith("python -m tokenizer: warning: the text has only")
