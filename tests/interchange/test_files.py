import pytest

from minigpt.interchange import files
from minigpt.interchange.files import write_atomically, write_json


def test_json_is_readable_and_chinese_stays_chinese(tmp_path):
    write_json(tmp_path / "x.json", {"名": ["小猫", 1]})
    expected = '{\n  "名": [\n    "小猫",\n    1\n  ]\n}\n'
    assert (tmp_path / "x.json").read_bytes() == expected.encode("utf-8")


def test_all_parts_are_written_in_their_order(tmp_path):
    write_atomically(tmp_path / "x", b"one ", memoryview(b"two "), b"three")
    assert (tmp_path / "x").read_bytes() == b"one two three"


def test_a_write_that_fails_is_an_error_and_the_old_file_stands_alone(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write_atomically(path, b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
