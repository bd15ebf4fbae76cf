"""A file is the old one or the new, whoever writes it and whenever he is stopped."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from minigpt.interchange.files import remove_leftovers, write_atomically, write_json, written_aside
from minigpt.terminal import sentence
from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer

TEXT = "the quick brown fox jumps over the lazy dog, 每一次努力都让你感动 " * 9


def content_of(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def full(descriptor):
    raise OSError(28, "No space left on device")


def gone_process():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("parts", [(), (b"",), (b"ab", b"", b"c"), (b"abc",)])
def test_what_is_written_is_there(tmp_path, parts):
    write_atomically(tmp_path / "file", *parts)
    assert content_of(tmp_path) == {"file": b"".join(parts)}


@pytest.mark.parametrize(
    ("before", "parts", "is_rewritten"),
    [
        (b"abcdef", (b"abc", b"def"), False),
        (b"", (), False),
        (b"abcdef", (b"abc", b"deg"), True),
        (b"abcdef", (b"abc", b"de"), True),
        (b"abcdef", (b"abc", b"defg"), True),
        (b"abcdef", (), True),
    ],
)
def test_a_file_that_is_the_same_already_is_left_alone(tmp_path, before, parts, is_rewritten, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(before)
    os.utime(path, (1, 1))
    with monkeypatch.context() as patch:
        if not is_rewritten:
            patch.setattr(os, "fsync", full)
        write_atomically(path, *parts)
    assert content_of(tmp_path) == {"file": b"".join(parts)}
    assert (path.stat().st_mtime != 1) == is_rewritten
    os.utime(path, (1, 1))
    with written_aside(path) as file:
        file.write(b"".join(parts))
    assert content_of(tmp_path) == {"file": b"".join(parts)} and path.stat().st_mtime == 1


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, ValueError])
def test_a_write_that_is_broken_off_leaves_the_old_file_and_nothing_else(tmp_path, error):
    write_atomically(tmp_path / "file", b"old")
    with pytest.raises(error), written_aside(tmp_path / "file") as file:
        file.write(b"ne")
        raise error
    assert content_of(tmp_path) == {"file": b"old"}


def test_two_processes_that_write_the_same_file_do_not_mix_their_halves(tmp_path):
    program = (
        "import sys; from tokenizer.files import write_atomically\n"
        "for _ in range(200): write_atomically(sys.argv[1], sys.argv[2].encode() * 50_000)"
    )
    with ThreadPoolExecutor() as pool:
        commands = [[sys.executable, "-c", program, str(tmp_path / "file"), letter] for letter in "abc"]
        runs = pool.map(lambda command: subprocess.run(command, check=True), commands)
        assert len(list(runs)) == 3
    content = content_of(tmp_path)
    assert list(content) == ["file"] and len(content["file"]) == 50_000 and len(set(content["file"])) == 1


def test_only_what_processes_that_are_gone_left_aside_is_deleted(tmp_path):
    kept = [f"model.{os.getpid()}.tmp", "model.tmp", "notes.12a.tmp", "model", f"x.{gone_process()}.tmp.txt"]
    for name in [*kept, f"model.{gone_process()}.tmp", f"model.{10**30}.tmp"]:
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / f"folder.{gone_process()}.tmp").mkdir()
    remove_leftovers(tmp_path)
    remove_leftovers(tmp_path / "there is no such folder")
    left = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert left == set(kept) - ({kept[0]} if os.name == "nt" else set())


def test_an_error_names_the_file_that_was_to_be_written(tmp_path, monkeypatch):
    path = tmp_path / "file"
    with pytest.raises(OSError) as caught, written_aside(path):
        raise OSError(28, "No space left on device")
    assert sentence(caught.value) == f"{path} cannot be read or written: no space left on device"
    path = tmp_path / "missing" / "file"
    with pytest.raises(FileNotFoundError) as caught:
        write_atomically(path, b"")
    assert sentence(caught.value) == f"{path} cannot be read or written: no such file or directory"


def save_as(kind):
    if kind == "char":
        return CharTokenizer.train(TEXT).save
    if kind == "word":
        return WordTokenizer.train(TEXT, 30).save
    bpe = BPETokenizer.train(TEXT, 300)
    return {
        "bpe": bpe.save,
        "gpt2": bpe.save_gpt2_files,
        "tiktoken": lambda directory: bpe.save_tiktoken(directory / "ranks.tiktoken"),
    }[kind]


@pytest.mark.parametrize("kind", ["char", "word", "bpe", "gpt2", "tiktoken"])
def test_a_tokenizer_that_cannot_be_saved_leaves_the_one_that_was_there(tmp_path, monkeypatch, kind):
    save = save_as(kind)
    save(tmp_path)
    before = content_of(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    save(tmp_path)
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}, "it is the same"

    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes() + b" ")
    changed = content_of(tmp_path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            save(tmp_path)
    assert content_of(tmp_path) == changed
    save(tmp_path)
    assert content_of(tmp_path) == before


def test_json_is_readable_and_chinese_stays_chinese(tmp_path):
    write_json(tmp_path / "x.json", {"名": ["小猫", 1]})
    expected = '{\n  "名": [\n    "小猫",\n    1\n  ]\n}\n'
    assert (tmp_path / "x.json").read_bytes() == expected.encode("utf-8")


def test_all_parts_are_written_in_their_order(tmp_path):
    write_atomically(tmp_path / "x", b"one ", memoryview(b"two "), b"three")
    assert (tmp_path / "x").read_bytes() == b"one two three"
