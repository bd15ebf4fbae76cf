import io
import itertools
from unittest.mock import patch

import pytest
from hypothesis import given
from sample_texts import hostile_text

from tokenizer import text_source
from tokenizer.patterns import GPT2_PATTERN, GPT4_PATTERN, chunk_splitter, pretoken_splitter, seam_before
from tokenizer.text_source import cut_into_blocks, text_blocks


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN], ids=["gpt2", "gpt4"])
@given(text=hostile_text)
def test_cutting_a_text_at_its_seam_leaves_its_pretokens_alone(pattern, text):
    split = pretoken_splitter(pattern)
    seam = seam_before(text)
    assert split(text[:seam]) + split(text[seam:]) == split(text)


@given(text=hostile_text)
def test_cutting_a_text_into_chunks_leaves_its_pretokens_alone(text):
    split = pretoken_splitter(GPT2_PATTERN)
    chunks = chunk_splitter(GPT2_PATTERN)(text)
    assert [pretoken for chunk in chunks for pretoken in split(chunk)] == split(text)


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN, r"[a-z]+", r"(\w)(\d)?", ""])
@given(text=hostile_text)
def test_no_pattern_loses_a_character(pattern, text):
    assert "".join(pretoken_splitter(pattern)(text)) == text


def test_cuts_are_right_in_every_short_text():
    gpt2, gpt4 = pretoken_splitter(GPT2_PATTERN), pretoken_splitter(GPT4_PATTERN)
    chunks_of = chunk_splitter(GPT2_PATTERN)
    for length in range(5):
        for characters in itertools.product(" \n\t\x1ca1.'，中", repeat=length):
            text = "".join(characters)
            seam = seam_before(text)
            for split in (gpt2, gpt4):
                assert split(text[:seam]) + split(text[seam:]) == split(text)
            assert [pretoken for chunk in chunks_of(text) for pretoken in gpt2(chunk)] == gpt2(text)


def test_a_long_text_comes_in_blocks_of_bounded_size(monkeypatch):
    monkeypatch.setattr(text_source, "BLOCK", 100)
    text = "some words and\nmore of them, again and again\n" * 50
    blocks = list(cut_into_blocks(io.StringIO(text).read))
    assert "".join(blocks) == text
    assert len(blocks) > 20
    assert max(map(len, blocks)) < 200


def test_one_long_line_of_chinese_comes_in_blocks_of_bounded_size(monkeypatch):
    monkeypatch.setattr(text_source, "BLOCK", 100)
    text = "每一次努力都让你感动，未来的精彩由此慢慢绽放。" * 80
    blocks = list(cut_into_blocks(io.StringIO(text).read))
    assert "".join(blocks) == text
    assert len(blocks) > 15
    assert max(map(len, blocks)) < 200
    for pattern in (GPT2_PATTERN, GPT4_PATTERN):
        split = pretoken_splitter(pattern)
        assert [pretoken for block in blocks for pretoken in split(block)] == split(text)


@pytest.mark.parametrize("block", [1, 2, 3, 5])
@given(text=hostile_text)
def test_blocks_of_any_size_leave_the_pretokens_alone(block, text):
    with patch.object(text_source, "BLOCK", block):
        blocks = list(text_blocks(text))
    for pattern in (GPT2_PATTERN, GPT4_PATTERN):
        split = pretoken_splitter(pattern)
        assert [pretoken for part in blocks for pretoken in split(part)] == split(text)


def test_a_text_is_searched_for_a_seam_only_once(monkeypatch):
    searched = 0

    def seam_before(text):
        nonlocal searched
        searched += len(text)
        return 0

    monkeypatch.setattr(text_source, "BLOCK", 100)
    monkeypatch.setattr(text_source, "seam_before", seam_before)
    assert list(text_blocks("ab" * 5000)) == ["ab" * 5000]
    assert searched < 1.1 * 10_000


def test_a_seam_between_two_reads_is_found(monkeypatch):
    monkeypatch.setattr(text_source, "BLOCK", 4)
    assert list(text_blocks("aaaa bbbbbbbb")) == ["aaaa", " bbbbbbbb"]
    assert list(text_blocks("aaa\nbbbbbbbb")) == ["aaa\n", "bbbbbbbb"]
    assert list(text_blocks("aaa bbbbbbbbb")) == ["aaa", " bbbbbbbbb"]
    assert list(text_blocks("每每每每，每每每每")) == ["每每每每", "，每每每每"]


def test_half_a_surrogate_pair_becomes_the_replacement_character(monkeypatch):
    monkeypatch.setattr(text_source, "BLOCK", 2)
    assert "".join(text_blocks("ab\ud800c")) == "ab\ufffdc"
    assert "".join(text_blocks("a\ud83d\ude42")) == "a🙂"


def test_a_text_without_a_seam_stays_whole(monkeypatch):
    monkeypatch.setattr(text_source, "BLOCK", 10)
    assert list(text_blocks("a" * 95)) == ["a" * 95]


def test_files_keep_their_line_ends(tmp_path):
    path = tmp_path / "dos.txt"
    path.write_bytes(b"one\r\ntwo\r\n")
    assert list(text_blocks([path, "three"])) == ["one\r\ntwo\r\n", "three"]


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "latin1.txt"
    path.write_bytes("café".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin1\.txt is not UTF-8"):
        list(text_blocks(path))


def test_anything_but_text_and_paths_is_refused():
    with pytest.raises(TypeError, match="not bytes"):
        list(text_blocks([b"abc"]))
