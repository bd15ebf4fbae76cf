"""Help, errors and warnings as a user reads them; columns as a terminal counts them."""

import argparse
import io
import os
import sys
import warnings

import pytest
from scripts import GENERATE, ROOT, TOKENIZER, TRAIN, run_script

from minigpt.terminal import (
    Help,
    Parser,
    display_width,
    outlast_the_terminal,
    pad,
    prepare_terminal,
    quoted,
    sentence,
    visible,
)


def test_an_error_of_the_system_names_the_file_and_what_is_wrong(tmp_path):
    path = tmp_path / "missing" / "file"
    with pytest.raises(OSError) as caught:
        path.write_text("", encoding="utf-8")
    assert sentence(caught.value) == f"{path} cannot be read or written: no such file or directory"


def test_an_error_of_ours_is_a_sentence_already():
    assert sentence(FileNotFoundError("there is no file x")) == "there is no file x"
    assert sentence(OSError(28, "No space left on device")) == "[Errno 28] No space left on device"


def test_a_warning_is_told_without_the_line_of_code_it_comes_from(monkeypatch, capsys):
    for name in ("stdout", "stderr"):  # pytest's replacements cannot be reconfigured
        monkeypatch.setattr(f"sys.{name}.reconfigure", lambda **_: None, raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        prepare_terminal("train.py")
        warnings.warn("the text is short", stacklevel=1)
    assert capsys.readouterr().err == "train.py: warning: the text is short\n"


class NotebookStream(io.TextIOBase):
    """As ipykernel's OutStream: it can be written to, but has no reconfigure, no buffer and no number."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text
        return len(text)

    def fileno(self):
        raise io.UnsupportedOperation("fileno")


def test_streams_of_a_notebook_stay_as_they_are_and_closed_ones_hold_nothing(monkeypatch):
    notebook = NotebookStream()
    monkeypatch.setattr("sys.stdout", notebook)
    monkeypatch.setattr("sys.stderr", None)
    monkeypatch.setattr("sys.stdin", None)
    monkeypatch.setattr("warnings.showwarning", warnings.showwarning)
    prepare_terminal("train.py")
    assert sys.stdout is notebook
    print("to nobody", file=sys.stderr)
    assert sys.stdin.read() == ""
    sys.stdin.close(), sys.stderr.close()


def test_standard_input_that_has_been_read_from_stays_as_it_is(monkeypatch):
    given = io.TextIOWrapper(io.BytesIO(b"one\ntwo\n"), encoding="ascii")
    given.readline()
    monkeypatch.setattr("sys.stdin", given)
    monkeypatch.setattr("sys.stdout", NotebookStream())
    monkeypatch.setattr("sys.stderr", NotebookStream())
    monkeypatch.setattr("warnings.showwarning", warnings.showwarning)
    prepare_terminal("generate.py")
    assert sys.stdin.readline() == "two\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is full")
def test_what_a_full_disk_does_not_take_is_lost_and_raises_nothing(monkeypatch):
    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr("sys.stdout", full)
        monkeypatch.setattr("sys.stderr", full)
        outlast_the_terminal()
        print("a line", flush=True)
        print("many lines\n" * 10_000)
        assert sys.stderr.encoding == "utf-8" and not sys.stdout.isatty()
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # so that it can be closed


def test_streams_write_utf8_whatever_they_were_and_never_stop_at_a_character(monkeypatch):
    written = {}
    for name in ("stdout", "stderr"):
        written[name] = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr(sys, name, written[name])
    with warnings.catch_warnings():
        prepare_terminal("train.py")
    for stream in written.values():
        stream.write("每\ud800!")  # half of a surrogate pair, as a broken file name brings it
        stream.flush()
        assert stream.buffer.getvalue() == "每?!".encode()


@pytest.mark.parametrize(
    "command",
    [TRAIN, GENERATE, TOKENIZER, *([*TOKENIZER, name] for name in ("train", "encode", "decode", "show"))],
    ids=lambda command: " ".join(command).rpartition("/")[2],
)
def test_no_help_shows_a_default_that_is_none(command):
    text, _ = run_script(command, "--help", cwd=ROOT, environment={"COLUMNS": "200"})
    assert "show this help" in text
    for nothing in ("None", "(default: False)", "(default: [])", "(default: )"):
        assert nothing not in text


def test_help_shows_a_default_of_nought():
    parser = argparse.ArgumentParser(formatter_class=Help)
    parser.add_argument("--dropout", default=0.0, help="share")
    parser.add_argument("--rank", default=0, help="rank")
    parser.add_argument("--seed", help="number")
    parser.add_argument("--chat", action="store_true", help="talk")
    parser.add_argument("--stop", nargs="+", default=[], help="end")
    text = parser.format_help()
    assert "share (default: 0.0)" in text and "rank (default: 0)" in text
    assert text.count("default") == 2


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("the cat", 7),
        ("naïve café", 10),
        ("Ελληνικά, русский", 17),  # beyond ASCII and yet narrow
        ("ᴀ–…“”", 5),
        ("小猫", 4),
        ("，。！（「", 10),  # fullwidth punctuation
        ("ＡＢ", 4),  # fullwidth letters
        ("ｱ", 1),  # a halfwidth one, though far beyond U+1100
        ("한국", 4),
        ("cafe\u0301", 4),  # a combining accent
        ("e\u0302\u0301", 1),  # two of them on one letter
        ("🐈", 2),
        ("👩\u200d", 2),  # a joiner
        ("🐈a猫", 5),
    ],
)
def test_a_text_takes_as_many_columns_as_a_terminal_shows(text, columns):
    assert display_width(text) == columns
    assert pad(text, columns) == text
    assert pad(text, columns + 3) == text + "   "


def test_padding_leaves_a_text_that_is_too_long_as_it_is():
    assert pad("小猫", 3) == "小猫"


ORDERED = "a\x1b[2Jb\rc\x07\x9b1m\u202ed\u2066\x00\ud800 ok\n\t小猫 🐈\u200d"


class Terminal(io.StringIO):
    """A terminal, as far as a program can tell."""

    def isatty(self):
        return True


def test_what_would_be_an_order_to_a_terminal_is_shown():
    shown = "a<1b>[2Jb<0d>c<07><9b>1m<202e>d<2066><00><d800> ok\n\t小猫 🐈\u200d"
    assert visible(ORDERED) == shown
    assert sentence(ValueError(ORDERED)) == shown
    assert (
        sentence(OSError(2, "No such file", "a\x1b[2J")) == "a<1b>[2J cannot be read or written: no such file"
    )


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_a_terminal_gets_texts_visible_and_a_pipe_gets_them_exactly(monkeypatch, stream):
    out = stream()
    for name, replacement in (("stdout", out), ("stderr", io.StringIO()), ("stdin", io.StringIO())):
        monkeypatch.setattr(sys, name, replacement)
    monkeypatch.setattr("warnings.showwarning", warnings.showwarning)
    prepare_terminal("generate.py")
    print(ORDERED, end="")
    sys.stdout.writelines(["\x1b"])
    exactly = ORDERED + "\x1b"
    assert out.getvalue() == (visible(exactly) if stream is Terminal else exactly)
    assert sys.stdout.isatty() == (stream is Terminal)


def test_warnings_and_errors_of_flags_are_visible(monkeypatch, capsys):
    parser = Parser(prog="train.py")
    with pytest.raises(SystemExit):
        parser.error("\x1b[2J is a folder")
    assert capsys.readouterr().err.endswith("train.py: error: <1b>[2J is a folder\n")


def test_a_quote_has_80_characters_at_most_and_no_orders():
    numbers, lists = [10**400, -(10**5000)], [["y" * 500], list(range(500)), {"k": "v" * 500}]
    for value in ["x" * 500, "\x1b[2J\n" * 99, *numbers, *lists]:
        assert len(quoted(value)) <= 80 and quoted(value).isprintable()


def test_too_little_memory_is_a_sentence():
    assert sentence(MemoryError("Unable to allocate 9 GiB")).startswith("there is not enough memory (Unable")
