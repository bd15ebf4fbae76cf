"""What is a document, and which of them are held back."""

from itertools import groupby

import numpy as np
import pytest
from tiny_texts import MIXED, whole

from minigpt.training import documents, text_files
from minigpt.training.documents import END, DocumentSplit, FileSplit, documents_in
from minigpt.training.text_files import open_text_files

MARK = "<|endoftext|>"
NAMES = [f"name{i:03}" for i in range(200)]


def documents_of(pieces):
    """The documents of a sequence of pieces, each ended by END."""
    return [whole(group) for is_end, group in groupby(pieces, lambda piece: piece is END) if not is_end]


# Files


@pytest.mark.parametrize("chunk_bytes", [1, 10, 1 << 20])
@pytest.mark.parametrize("n_chars", [1, 2, 9, 10, 11, 95, 1000])
@pytest.mark.parametrize("share", [0.1, 0.25])
def test_training_and_validation_text_are_the_whole_text_cut_once(
    write, monkeypatch, n_chars, chunk_bytes, share
):
    monkeypatch.setattr(text_files, "CHUNK_BYTES", chunk_bytes)
    text = (MIXED * 9)[:n_chars]
    files = open_text_files([write("text.txt", text)])
    split = FileSplit(files, share)
    *train, end = split.train()
    *validation, end_of_validation = split.validation()
    assert end is end_of_validation is END
    assert whole(train) + whole(validation) == text
    assert files[0].n_chars == n_chars
    assert len(whole(validation)) == pytest.approx(share * n_chars, abs=1)


@pytest.mark.parametrize("before", range(40, 60))
def test_the_cut_goes_through_no_mark(write, before):
    """53 characters and the share 0.5: the cut would be at 26 + before / 2, in the mark or beside it."""
    text = "a" * before + MARK + "b" * 40
    split = FileSplit(open_text_files([write("text.txt", text)]), 0.5, marks=(MARK,))
    train, validation = (whole(piece or "" for piece in side()) for side in (split.train, split.validation))
    assert train + validation == text
    cut = len(text) // 2
    inside = before < cut < before + len(MARK)
    assert len(train) == (before if inside else cut)
    assert train.count(MARK) + validation.count(MARK) == 1


def test_files_for_validation_are_held_back_whole_and_all_of_the_others_is_trained_on(write):
    files = open_text_files([write("a.txt", "aaaa"), write("b.txt", "bbbb")])
    held_back = open_text_files([write("c.txt", "cc")])
    for split in (FileSplit(files, 0.1, held_back), DocumentSplit(files, "lines", 0.1, 0, held_back)):
        assert list(split.train()) == ["aaaa", END, "bbbb", END]
        assert list(split.validation()) == ["cc", END]
        assert split.n_chars == 10


# Documents


@pytest.mark.parametrize("chunk_bytes", [1, 2, 5, 1 << 20])
@pytest.mark.parametrize(
    ("parting", "text", "expected"),
    [
        ("lines", "emma\nolivia\n\n  \nava", ["emma", "olivia", "ava"]),
        ("lines", f"emma{MARK}olivia\nava\n{MARK}\n", ["emma", "olivia", "ava"]),
        ("lines", " indented\ntail \n", [" indented", "tail "]),
        ("lines", "每天\r\n早上\r\n", ["每天", "早上"]),
        ("blank-lines", "one\ntwo\n\nthree\n \t\n\n  four\n", ["one\ntwo", "three", "  four"]),
        ("blank-lines", "\n\n\none\n\n", ["one"]),
        ("blank-lines", f"one\n{MARK}\ntwo", ["one", "two"]),
        ("%%", "one\n%%\ntwo\n\nmore%%%%three", ["one", "two\n\nmore", "three"]),
        ("\n%\n", "50 % off\n%\nnext", ["50 % off", "next"]),
        (MARK, f"one{MARK}\n\n two\n{MARK}", ["one", " two"]),
        ("a|b", "a|ba", ["a"]),  # no regular expression
    ],
)
def test_documents_are_what_stands_between_separators(
    write, monkeypatch, chunk_bytes, parting, text, expected
):
    monkeypatch.setattr(text_files, "CHUNK_BYTES", chunk_bytes)
    chunks = text_files.read_chunks(write("text.txt", text), (MARK,))
    assert list(documents_in(chunks, parting, (MARK,))) == expected


@pytest.mark.parametrize(("share", "n"), [(0.1, 20), (0.25, 50), (0.001, 1), (0.9, 180)])
def test_the_share_of_documents_is_held_back_and_no_document_is_lost_or_doubled(write, share, n):
    split = DocumentSplit(open_text_files([write("names.txt", "\n".join(NAMES))]), "lines", share, seed=1)
    train, validation = documents_of(split.train()), documents_of(split.validation())
    assert len(validation) == n
    assert sorted(train + validation) == NAMES
    assert train == sorted(train) and list(split.train())[1::2] == [END] * len(train)


def test_the_seed_decides_what_is_held_back_and_it_comes_from_everywhere(write):
    """Not the last tenth, as of an alphabetical list's last letters."""
    files = open_text_files([write("names.txt", "\n".join(NAMES))])
    held_back = [documents_of(DocumentSplit(files, "lines", 0.1, seed).validation()) for seed in (1, 1, 2)]
    assert held_back[0] == held_back[1] != held_back[2]
    places = [NAMES.index(name) for name in held_back[0]]
    assert min(places) < 60 and max(places) > 140 and 60 < np.mean(places) < 140


def test_the_same_document_is_on_one_side_only_however_often_it_occurs(write):
    files = open_text_files([write("a.txt", "\n".join(NAMES * 3)), write("b.txt", "\n".join(NAMES[::-1]))])
    split = DocumentSplit(files, "lines", 0.1, seed=1)
    train, validation = documents_of(split.train()), documents_of(split.validation())
    assert not set(train) & set(validation)
    assert len(train) + len(validation) == 800 and len(set(validation)) == 20


def test_a_long_document_comes_in_pieces_that_join_to_it(write):
    text = "a b " * 600_000
    files = open_text_files([write("a.txt", f"{text}\nshort")])
    split = DocumentSplit(files, "lines", 0.5, seed=0)
    pieces = [*split.train(), *split.validation()]
    assert max(len(piece) for piece in pieces if piece) < 1.5e6
    assert sorted(documents_of(pieces)) == sorted([text, "short"])


@pytest.mark.parametrize("text", ["only one", "the same\n" * 50])
def test_documents_for_one_side_only_are_a_sentence(write, text):
    files = open_text_files([write("a.txt", text)])
    with pytest.raises(ValueError, match=r"--documents lines finds .* in .*a\.txt, but two different ones"):
        DocumentSplit(files, "lines", 0.1, seed=0)
    held_back = open_text_files([write("b.txt", "another")])
    assert documents_of(DocumentSplit(files, "lines", 0.1, 0, held_back).validation()) == ["another"]


def test_few_bins_hold_back_a_little_more_and_never_nothing(write, monkeypatch):
    """As when there are far more documents than bins: what falls into one bin stays together."""
    monkeypatch.setattr(documents, "BINS", 64)
    split = DocumentSplit(open_text_files([write("names.txt", "\n".join(NAMES))]), "lines", 0.1, seed=1)
    validation = documents_of(split.validation())
    assert 20 <= len(validation) <= 30
    assert sorted(documents_of(split.train()) + validation) == NAMES
