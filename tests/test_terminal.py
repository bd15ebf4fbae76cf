"""Errors and warnings as a user reads them."""

import warnings

import pytest

from minigpt.terminal import prepare_terminal, sentence


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
