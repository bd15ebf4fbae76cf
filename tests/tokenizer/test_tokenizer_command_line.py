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
        (("train", __file__, "--out", "x"), "needs --vocab-size"),
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


def test_a_vocabulary_that_the_text_does_not_fill_is_a_warning(trained):
    _, error = run("train", trained / "text.txt", "--vocab-size", 9999, "--out", trained / "large")
    assert error.startswith("python -m tokenizer: warning: the text has only")
