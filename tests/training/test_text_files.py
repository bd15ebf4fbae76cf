"""Finding and reading text files: the same text whoever wrote it, and what is no text is refused by name."""

import os
import threading

import pytest
from tiny_texts import MIXED, whole

from minigpt.training import text_files
from minigpt.training.text_files import (
    before_mark,
    copy_pipes,
    find_text_files,
    is_pipe,
    open_text_files,
    read_chunks,
    read_text,
)

MARK = "<|endoftext|>"
CHINESE = "今天天气很好，我们去公园散步。他说那里的花都开了。\n" * 20
ENGLISH = "The fox ran over a hill and saw two birds.\n" * 20

# Reading


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 7, 64, 1 << 20])
def test_pieces_of_any_size_join_to_the_whole_text(write, monkeypatch, chunk_bytes):
    monkeypatch.setattr(text_files, "CHUNK_BYTES", chunk_bytes)
    path = write("text.txt", MIXED)
    assert whole(read_chunks(path)) == read_text(path) == MIXED
    windows_file = write("windows.txt", b"\xef\xbb\xbf" + MIXED.replace("\n", "\r\n").encode("utf-8"))
    assert whole(read_chunks(windows_file)) == MIXED
    macintosh_file = write("macintosh.txt", MIXED.replace("\n", "\r"))
    assert whole(read_chunks(macintosh_file)) == MIXED


def test_a_large_file_comes_in_pieces_that_begin_at_line_breaks(write):
    text = "".join(f"line {i} of 一个很长的文件\n" for i in range(90_000))  # 3 MB
    chunks = list(read_chunks(write("large.txt", text)))
    assert len(chunks) >= 3
    assert whole(chunks) == text
    assert all(chunk.startswith("\n") for chunk in chunks[1:])


def test_one_long_line_comes_in_pieces_that_begin_at_blanks_and_letters_alone_in_pieces_too(write):
    text = "words without any line end " * 150_000  # 4 MB
    chunks = list(read_chunks(write("line.txt", text)))
    assert whole(chunks) == text and max(map(len, chunks)) < 2.5e6
    assert len(chunks) >= 4 and all(chunk.startswith(" ") for chunk in chunks[1:])
    dna = "ACGT" * 1_000_000
    chunks = list(read_chunks(write("dna.txt", dna)))
    assert whole(chunks) == dna and max(map(len, chunks)) < 2.5e6


@pytest.mark.parametrize("chunk_bytes", range(1, 40, 3))
def test_no_mark_is_cut_in_two_where_there_is_no_blank_to_cut_at(write, monkeypatch, chunk_bytes):
    monkeypatch.setattr(text_files, "CHUNK_BYTES", chunk_bytes)
    text = f"ACGT{MARK}AC{MARK}{MARK}A" * 5 + "<|end"
    chunks = list(read_chunks(write("dna.txt", text), marks=(MARK,)))
    assert whole(chunks) == text
    assert sum(chunk.count(MARK) for chunk in chunks) == 15


@pytest.mark.parametrize("at", range(20))
def test_a_cut_moves_before_the_mark_it_would_go_through(at):
    text = f"abc{MARK}de"
    inside = 3 < at < 3 + len(MARK)
    assert before_mark(text, at, (MARK,)) == (3 if inside else at)
    assert before_mark("abc<|endof", 10, (MARK,)) == 3, "what follows may complete it"


@pytest.mark.parametrize("chunk_bytes", [1, 4, 5, 1 << 20])
@pytest.mark.parametrize(
    ("content", "at", "byte"),
    [
        (b"caf\xe9 au lait", 3, "e9"),
        (b"\xef\xbb\xbfabc\xff", 6, "ff"),
        ("你好".encode()[:-1], 3, "e5"),  # cut in the middle of a character
        ("你好".encode("utf-16"), 0, "ff"),
        (b"a fox\0a bird", 5, "00"),
        ("a fox".encode("utf-16-le"), 1, "00"),
        (b"\xe4\xbd\xa0\0", 3, "00"),
    ],
)
def test_a_file_that_is_not_utf8_names_the_first_wrong_byte(
    write, monkeypatch, chunk_bytes, content, at, byte
):
    monkeypatch.setattr(text_files, "CHUNK_BYTES", chunk_bytes)
    path = write("latin.txt", content)
    with pytest.raises(ValueError, match=rf"latin.txt is not UTF-8 text: byte {at} is 0x{byte}"):
        open_text_files([path])


@pytest.mark.parametrize(
    ("content", "looks_like"),
    [
        (ENGLISH.encode("utf-16"), "UTF-16 (little-endian)"),
        (ENGLISH.encode("utf-16-le"), "UTF-16 (little-endian)"),
        (ENGLISH.encode("utf-16-be"), "UTF-16 (big-endian)"),
        (b"\xfe\xff" + ENGLISH.encode("utf-16-be"), "UTF-16 (big-endian)"),
        (CHINESE.encode("utf-16-le"), "UTF-16 (little-endian)"),
        (CHINESE.encode("utf-16-be"), "UTF-16 (big-endian)"),
        (ENGLISH.encode("utf-32"), "UTF-32"),
        (ENGLISH.encode("utf-32-le"), "UTF-32"),
        (CHINESE.encode("gb18030"), "GB18030 (or GBK)"),
        (CHINESE.encode("gbk"), "GB18030 (or GBK)"),
        ((ENGLISH * 90 + CHINESE).encode("gb18030"), "GB18030 (or GBK)"),  # far behind the beginning
        (("今天天氣很好，我們去公園散步。他說那裡的花都開了。\n" * 20).encode("big5"), "Big5"),
        (("Où est le café ? Près de la forêt.\n" * 20).encode("latin-1"), "Latin-1 (or Windows-1252)"),
        (("It’s a “café”, he said – €5.\n" * 20).encode("cp1252"), "Latin-1 (or Windows-1252)"),
    ],
)
def test_the_encoding_that_a_file_looks_like_is_named(write, content, looks_like):
    with pytest.raises(ValueError) as caught:
        list(read_chunks(write("text.txt", content)))
    assert str(caught.value).endswith(f": it looks like {looks_like}: save it as UTF-8")


@pytest.mark.parametrize("content", [bytes(range(1, 256)) * 9, b"\x89PNG\r\n\x1a\n" + b"\x81\xff\x01" * 500])
def test_no_encoding_is_made_up_for_what_is_none(write, content):
    with pytest.raises(ValueError, match="is not UTF-8 text") as caught:
        list(read_chunks(write("picture.txt", content)))
    assert "looks like" not in str(caught.value)


# Finding


def test_files_and_folders_are_found_in_a_fixed_order_whatever_the_case_of_their_suffix(write, tmp_path):
    for name in ("books/b.TXT", "books/a.txt", "books/deeper/c.Txt", "books/readme.md", "single.text"):
        write(name, name)
    files = open_text_files([tmp_path / "single.text", str(tmp_path / "books")])
    assert [file.path.name for file in files] == ["single.text", "a.txt", "b.TXT", "c.Txt"]
    assert files[0].n_chars == len("single.text")


def test_hidden_copies_are_skipped_and_so_told_but_not_where_the_folder_itself_is_hidden(
    write, tmp_path, capsys
):
    for name in ("a.txt", ".ipynb_checkpoints/a-checkpoint.txt", "._a.txt", ".git/HEAD"):
        write(f".data/{name}", name)
    found = find_text_files([tmp_path / ".data"])
    assert [path.name for path in found] == ["a.txt"]
    said = capsys.readouterr().out
    assert "._a.txt" in said and "a-checkpoint.txt: skipped, hidden" in said and "HEAD" not in said


def test_what_a_folder_skips_is_told_with_the_way_out_and_not_at_length(write, tmp_path, capsys):
    for name in ("a.txt", *(f"{i}.md" for i in range(9))):
        write(f"books/{name}", name)
    find_text_files([tmp_path / "books"])
    (said,) = capsys.readouterr().out.splitlines()
    assert "0.md" in said and "8.md" not in said and "and 6 more: skipped" in said and "--data" in said


def test_empty_files_are_skipped_and_told_and_the_same_text_twice_is_told(write, tmp_path, capsys):
    for name, content in (("a.txt", "text"), ("b.txt", ""), ("c.txt", b"\xef\xbb\xbf"), ("d.txt", "text")):
        write(f"books/{name}", content)
    files = open_text_files([tmp_path / "books"])
    assert [file.path.name for file in files] == ["a.txt", "d.txt"]
    empty, twice = capsys.readouterr().out.splitlines()
    assert "b.txt" in empty and "c.txt: skipped, empty" in empty
    assert "d.txt holds the same text as" in twice and "a.txt" in twice


def test_what_cannot_be_trained_on_is_refused_in_a_sentence(write, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file or folder .*nowhere.txt"):
        open_text_files([tmp_path / "nowhere.txt"])
    (tmp_path / "empty folder").mkdir()
    with pytest.raises(ValueError, match=r"empty folder holds no .txt file"):
        open_text_files([tmp_path / "empty folder"])
    write("hidden/.a.txt", "text")
    with pytest.raises(ValueError, match=r"hidden holds no .txt file"):
        open_text_files([tmp_path / "hidden"])
    for content in (b"", b"\xef\xbb\xbf"):
        with pytest.raises(ValueError, match=r"empty.txt is empty: there is nothing to learn from it"):
            open_text_files([write("empty.txt", content)])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
def test_a_pipe_is_copied_once_to_a_file_named_after_its_content(write, tmp_path):
    pipe, lasting = tmp_path / "pipe", str(write("a.txt", "stays"))

    def copied(content):
        os.mkfifo(pipe)
        thread = threading.Thread(target=pipe.write_bytes, args=(content,))
        thread.start()
        paths = copy_pipes([lasting, str(pipe)], tmp_path / "copies")
        thread.join()
        pipe.unlink()
        assert paths[0] == lasting
        return paths[1]

    first = copied(b"through a pipe")
    assert read_text(first) == read_text(first) == "through a pipe"
    assert copied(b"through a pipe") == first != copied(b"another text")
    assert read_text(first) == "through a pipe"
    assert not is_pipe(lasting) and not is_pipe(tmp_path) and not is_pipe(tmp_path / "nowhere")
