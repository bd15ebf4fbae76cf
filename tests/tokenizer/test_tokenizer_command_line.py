import subprocess
import sys

import pytest
from sample_texts import TEXT
from scripts import ROOT, TOKENIZER, run_script


def run(*arguments, status=0, stdin=""):
    """python -m tokenizer … -> its standard output and standard error."""
    # PYTHONIOENCODING: a console that knows no Chinese, as an old Windows has it.
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    return run_script(TOKENIZER, *arguments, status=status, stdin=stdin, environment=environment)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command line")
    (folder / "text.txt").write_bytes(TEXT.encode("utf-8"))
    flags = ["--vocab-size", 350, "--out", folder / "bpe", "--workers", 2]
    out, error = run("train", folder / "text.txt", *flags)
    assert error == ""
    assert out.startswith("350 tokens, saved in")
    return folder


def test_decode_gives_back_what_encode_read(trained):
    text = "A river.\r\n每一次 <|endoftext|>\n"
    ids, _ = run("encode", "--tokenizer", trained / "bpe", "--allow-special", stdin=text)
    assert ids.replace(" ", "").strip().isdigit()
    assert " 349" in ids
    assert run("decode", "--tokenizer", trained / "bpe", stdin=ids)[0] == text


def test_encode_reads_a_file(trained):
    ids, _ = run("encode", "--tokenizer", trained / "bpe", trained / "text.txt")
    assert run("decode", "--tokenizer", trained / "bpe", stdin=ids)[0] == TEXT


def test_show_sets_the_tokens_apart_and_builds_a_word_up(trained):
    output, _ = run("show", "--tokenizer", trained / "bpe", "The children", "--word", " in")
    assert "T|" in output or "The|" in output
    assert "characters a token" in output
    heading, first, *_, last = output.splitlines()[-4:]
    assert (heading, first, last.split()[0]) == ("␣in", "  ␣ i n", "␣in")
    assert "\x1b[" not in output
    assert "\x1b[30;48;5;" in run("show", "--tokenizer", trained / "bpe", "The", "--color", "always")[0]


@pytest.mark.parametrize("kind", ["word", "char"])
def test_the_other_tokenizers_are_trained_and_shown_too(trained, kind):
    run("train", trained / "text.txt", "--type", kind, "--out", trained / kind)
    assert "|" in run("show", "--tokenizer", trained / kind, "The rain")[0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("encode", "--tokenizer", "nowhere"), "nowhere holds no tokenizer"),
        (("train", "nowhere.txt", "--vocab-size", 300, "--out", "x"), "nowhere.txt"),
        (("train", __file__, "--vocab-size", 20, "--out", "x"), "vocab_size is 20"),
        (("train", __file__, "--vocab-size", 256, "--out", "x"), "must lie between 257 (the 256 bytes and"),
        (("train", ROOT, "--vocab-size", 300, "--out", "x"), f"{ROOT} is a folder: name a file in it"),
        (("train", __file__, "--type", "char", "--out", __file__), "is a file, where a folder is needed"),
        (("train", __file__, "--type", "char", "--vocab-size", 3, "--out", "x"), "or leave it out"),
        (("train", __file__, "--out", "x"), "needs --vocab-size"),
        (
            ("train", __file__, "--type", "word", "--unk", "--out", "x"),
            "--unk is for --type char, not for word",
        ),
        (
            ("train", __file__, "--vocab-size", 300, "--pattern", "(", "--out", "x"),
            "not a valid regular expression",
        ),
        (("train", __file__, "--vocab-size", 300, "--workers", 0, "--out", "x"), "workers is 0"),
    ],
)
def test_errors_are_one_sentence_on_stderr_and_status_2(arguments, sentence):
    out, error = run(*arguments, status=2)
    assert error.startswith("python -m tokenizer: error: ")
    assert sentence in error
    assert error.count("\n") == 1
    assert out == ""


def test_text_with_a_special_token_and_ids_that_are_none_are_errors(trained):
    def error_of(command, stdin):
        return run(command, "--tokenizer", trained / "bpe", status=2, stdin=stdin)[1]

    assert "special token" in error_of("encode", "<|endoftext|>")
    assert "whole numbers" in error_of("decode", "1 x")
    assert "token id 9999" in error_of("decode", "9999")


def test_input_that_is_not_utf8_is_named_by_where_it_came_from(trained, tmp_path):
    path = tmp_path / "latin1.txt"
    path.write_bytes("1 é".encode("latin-1"))
    for command in ("encode", "decode"):
        flags = [command, "--tokenizer", trained / "bpe"]
        assert "latin1.txt is not UTF-8 text" in run(*flags, path, status=2)[1]
        with open(path, "rb") as file:
            process = subprocess.run(
                [sys.executable, *TOKENIZER, *flags], stdin=file, capture_output=True, cwd=ROOT
            )
        assert process.returncode == 2
        assert process.stderr.startswith(b"python -m tokenizer: error: standard input is not UTF-8 text")


def test_an_id_that_is_no_number_is_shown_and_not_all_of_a_long_one(trained):
    for text, shown in (("1 1.5", "'1.5'"), ("9" * 5000, f"'{'9' * 40}'")):
        error = run("decode", "--tokenizer", trained / "bpe", status=2, stdin=text)[1]
        assert error.endswith(f"blanks or commas between them, which {shown} is not\n")


@pytest.mark.parametrize("closed", ["stdin", "stdout", "stderr"])
def test_closed_standard_streams_are_no_error(trained, closed):
    code = f"import sys; sys.{closed} = None; from tokenizer.__main__ import main; sys.exit(main())"
    out, error = run_script(["-c", code], "encode", "--tokenizer", trained / "bpe", stdin="a", cwd=ROOT)
    assert error == ""
    assert out == {"stdin": "", "stdout": "", "stderr": "64\n"}[closed]


def test_show_reads_bytes_that_are_no_utf8_as_the_replacement_character(trained):
    shown, error = run("show", "--tokenizer", trained / "bpe", "a\udcff")
    assert shown.startswith("a|�₁<ef>|�₂<bf>|�₃<bd>\n")
    assert error == ""


def test_a_vocabulary_that_the_text_does_not_fill_is_a_warning(trained):
    _, error = run("train", trained / "text.txt", "--vocab-size", 9999, "--out", trained / "large")
    assert error.startswith("python -m tokenizer: warning: the text has only")


def test_decode_gives_a_pipe_the_text_and_a_terminal_one_without_orders(trained):
    text = "a\x1b[2J\x85b\u202e\n"
    ids, _ = run("encode", "--tokenizer", trained / "bpe", stdin=text)
    assert run("decode", "--tokenizer", trained / "bpe", stdin=ids)[0] == text
    code = (
        "import sys; from tokenizer.__main__ import main; "
        "terminal = type('Terminal', (type(sys.stdout),), {'isatty': lambda self: True}); "
        "sys.stdout = terminal(sys.stdout.buffer); "
        f"sys.exit(main(['decode', '--tokenizer', {str(trained / 'bpe')!r}]))"
    )
    out, _ = run_script(["-c", code], stdin=ids, environment={"PYTHONPATH": str(ROOT)})
    assert out == "a<1b>[2J<c2 85>b<e2 80 ae>\n"


def test_a_name_of_a_file_gives_the_terminal_no_orders(trained):
    _, error = run("encode", "--tokenizer", trained / "bpe", "no\x1b[2J.txt", status=2)
    assert "no<1b>[2J.txt" in error and "\x1b" not in error
