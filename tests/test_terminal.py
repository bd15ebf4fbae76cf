"""Help, errors and warnings as a user reads them; columns as a terminal counts them."""

import argparse
import io
import sys
import warnings

import pytest
from scripts import GENERATE, ROOT, TOKENIZER, TRAIN, run_script

from minigpt.terminal import Help, display_width, pad, prepare_terminal, sentence


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
