"""From texts to batches: nothing lost, nothing leaked, targets one place further on."""

import json

import numpy as np
import pytest
from tiny_texts import MIXED, ByteTokenizer, text_of

from minigpt.training.corpus import (
    checksum_of_manifest,
    count_bytes,
    grouped,
    random_batch,
    sliding_windows,
    tokenize_texts,
)
from minigpt.training.documents import END, DocumentSplit, FileSplit
from minigpt.training.text_files import open_text_files
from tokenizer import BPETokenizer, CharTokenizer


def tokenize_files(files, tokenizer, json_file, directory):
    """Every file a document, its last tenth for validation."""
    return tokenize_texts(FileSplit(files, 0.1), tokenizer, json_file, directory)


# Both sides of a split


def test_every_file_gives_its_last_tenth_to_validation_and_ends_with_the_end_of_text_token(write, tmp_path):
    files = open_text_files([write("a.txt", "a" * 90 + "b" * 10), write("c.txt", "c" * 18 + "大大")])
    corpus = tokenize_files(files, ByteTokenizer(), write("tokenizer.json", "{}"), tmp_path / "tokens")
    assert text_of(corpus.train[:90]) == "a" * 90 and text_of(corpus.train[91:109]) == "c" * 18
    assert corpus.train[[90, 109]].tolist() == [256, 256] and len(corpus.train) == 110
    assert text_of(corpus.validation[:10]) == "b" * 10 and text_of(corpus.validation[11:17]) == "大大"
    assert corpus.validation[[10, 17]].tolist() == [256, 256] and len(corpus.validation) == 18
    assert corpus.n_validation_bytes == 16


def test_no_window_holds_both_training_and_validation_text(write, tmp_path):
    """Letters stand for places in the text: a leak would be a letter on both sides of the cut."""
    text = "".join(chr(0x4E00 + i) for i in range(1000))
    files = open_text_files([write("text.txt", text)])
    tokenizer = BPETokenizer.train(text[:900], 400)
    tokenizer.save(tmp_path)
    corpus = tokenize_files(files, tokenizer, tmp_path / "tokenizer.json", tmp_path / "tokens")
    seen = {"train": "", "validation": ""}
    for split in seen:
        tokens = getattr(corpus, split)
        assert tokens[-1] == tokenizer.eot_token
        seen[split] = tokenizer.decode(tokens[:-1].tolist())
    assert (seen["train"], seen["validation"]) == (text[:900], text[900:])


def test_documents_stand_one_behind_the_other_the_end_before_and_behind_each(write, tmp_path):
    names = write("names.txt", "".join(f"name {i}\n" for i in range(20)))
    split = DocumentSplit(open_text_files([names]), "lines", 0.1, seed=0)
    corpus = tokenize_texts(split, ByteTokenizer(), write("tokenizer.json", "{}"), tmp_path / "tokens")
    held_back = [piece for piece in split.validation() if piece]
    assert len(held_back) == 2
    kept = [f"name {i}" for i in range(20) if f"name {i}" not in held_back]
    for ids, documents in ((corpus.train, kept), (corpus.validation, held_back)):
        expected = [256]
        for document in documents:
            expected += [*document.encode("utf-8"), 256]
        assert ids.tolist() == expected
    assert corpus.n_validation_bytes == sum(len(document) for document in held_back), "line ends part them"


def test_marks_in_a_text_become_their_token_and_their_letters_are_no_bytes(write, tmp_path):
    text = "ab<|endoftext|>cd" * 10 + "大<|endoftext|>e"
    tokenizer = CharTokenizer.train(text)
    tokenizer.save(tmp_path)
    files, held_back = ([file] for file in open_text_files([write("a.txt", "cd"), write("b.txt", text)]))
    split = FileSplit(files, 0.1, held_back, marks=("<|endoftext|>",))
    corpus = tokenize_texts(split, tokenizer, tmp_path / "tokenizer.json", tmp_path / "tokens")
    assert corpus.train.tolist() == [*tokenizer.encode("cd"), tokenizer.eot_token]
    assert np.count_nonzero(corpus.validation == tokenizer.eot_token) == 12
    assert len(corpus.validation) == 10 * 5 + 3 + 1
    assert corpus.n_validation_bytes == 10 * 4 + 3 + 1
    assert count_bytes(tokenizer, "大<|endoftext|>e") == 4


@pytest.mark.parametrize("chunk_bytes", [3, 20, 1 << 20])
def test_a_text_on_one_line_has_the_same_ids_in_pieces_of_any_size(write, tmp_path, monkeypatch, chunk_bytes):
    monkeypatch.setattr("minigpt.training.text_files.CHUNK_BYTES", chunk_bytes)
    text = "the quick  brown fox, isn't it? 42 cats and <|endoftext|>more 小猫，小狗。" * 30
    tokenizer = BPETokenizer.train(text, 300)
    tokenizer.save(tmp_path)
    split = FileSplit(open_text_files([write("one line.txt", text)]), 0.1, marks=("<|endoftext|>",))
    corpus = tokenize_texts(split, tokenizer, tmp_path / "tokenizer.json", tmp_path / str(chunk_bytes))
    cut = int(len(text) * (1 - 0.1))
    if chunk_bytes > 3:  # a piece then holds a word, and the blank before it
        assert corpus.train.tolist() == [*tokenizer.encode(text[:cut], "all"), tokenizer.eot_token]
        assert corpus.validation.tolist() == [*tokenizer.encode(text[cut:], "all"), tokenizer.eot_token]
    assert tokenizer.decode(corpus.train[:-1].tolist()) == text[:cut]


# The files of ids


def test_ids_are_memory_mapped_in_the_narrowest_type_that_holds_them(write, tmp_path):
    files = open_text_files([write("text.txt", MIXED)])
    for n_vocab, dtype in [(257, np.uint16), (1 << 16, np.uint16), ((1 << 16) + 1, np.uint32)]:
        directory = tmp_path / str(n_vocab)
        corpus = tokenize_files(files, ByteTokenizer(n_vocab), write("tokenizer.json", "{}"), directory)
        assert isinstance(corpus.train, np.memmap) and corpus.train.dtype == dtype
        assert (directory / "train.bin").stat().st_size == corpus.train.nbytes
        assert text_of(corpus.train[:-1]) == MIXED[: int(len(MIXED) * (1 - 0.1))]


def test_ids_are_reused_until_a_text_or_the_tokenizer_changes(write, tmp_path):
    json_file, tokens = write("tokenizer.json", '{"version": 1}'), tmp_path / "tokens"
    paths = [write("a.txt", "first text " * 9), write("b.txt", "second text " * 9)]

    def tokenize():
        tokenizer = ByteTokenizer()
        corpus = tokenize_files(open_text_files(paths), tokenizer, json_file, tokens)
        return corpus, tokenizer.n_encoded

    first, n_encoded = tokenize()
    assert n_encoded == 9 * (11 + 12)
    again, n_encoded = tokenize()
    assert n_encoded == 0
    assert again.fingerprint == first.fingerprint and again.n_validation_bytes == first.n_validation_bytes
    assert np.array_equal(again.train, first.train)

    fingerprints = {first.fingerprint}
    for change in (
        lambda: write("b.txt", "second texT " * 9),  # as long as before
        lambda: write("tokenizer.json", '{"version": 2}'),
        paths.reverse,
    ):
        change()
        changed, n_encoded = tokenize()
        assert n_encoded == 9 * (11 + 12)
        fingerprints.add(changed.fingerprint)
    assert len(fingerprints) == 4
    assert "texT" in text_of(changed.train[:90]), "the new text was read"


def test_ids_are_made_anew_for_another_split(write, tmp_path):
    json_file, tokens = write("tokenizer.json", "{}"), tmp_path / "tokens"
    files = open_text_files([write("a.txt", "one\n\ntwo\n\nthree\nfour\n" * 9)])
    others = open_text_files([write("b.txt", "five\n")])
    fingerprints = set()
    for split in (
        FileSplit(files, 0.1),
        FileSplit(files, 0.2),
        FileSplit(files, 0.2, others),
        DocumentSplit(files, "lines", 0.2, 0),
        DocumentSplit(files, "lines", 0.2, 1),
        DocumentSplit(files, "lines", 0.4, 1),
        DocumentSplit(files, "blank-lines", 0.4, 1),
        DocumentSplit(files, "blank-lines", 0.4, 1, others),
    ):
        tokenizer = ByteTokenizer()
        fingerprints.add(tokenize_texts(split, tokenizer, json_file, tokens).fingerprint)
        assert tokenizer.n_encoded
    assert len(fingerprints) == 8


def test_a_tokenisation_that_was_interrupted_is_never_taken_for_whole(write, tmp_path):
    """Not even when the text is again the one whose ids the interrupted run began to overwrite."""
    json_file, tokens = write("tokenizer.json", "{}"), tmp_path / "tokens"
    files = open_text_files([write("a.txt", "some text " * 20), write("b.txt", "more text " * 20)])
    expected = tokenize_files(files, ByteTokenizer(), json_file, tmp_path / "undisturbed")

    class Interrupted(ByteTokenizer):
        def encode(self, text, allowed_special):
            if self.n_encoded:
                raise KeyboardInterrupt
            return super().encode(text, allowed_special)

    for interrupted in (files, files[::-1]):
        with pytest.raises(KeyboardInterrupt):
            tokenize_files(interrupted, Interrupted(), json_file, tokens)
        corpus = tokenize_files(files, ByteTokenizer(), json_file, tokens)
        assert np.array_equal(corpus.train, expected.train)
        assert np.array_equal(corpus.validation, expected.validation)


TEXT = "some text " * 200


@pytest.fixture
def tokenized(write, tmp_path):
    """A function that tokenises a text into tmp_path / "tokens": the corpus, and whether it was made anew."""
    json_file, files = write("tokenizer.json", "{}"), open_text_files([write("a.txt", TEXT)])

    def tokenize():
        tokenizer = ByteTokenizer()
        corpus = tokenize_files(files, tokenizer, json_file, tmp_path / "tokens")
        assert text_of(corpus.train[:-1]) == TEXT[:1800] and len(corpus.train) == 1801
        assert text_of(corpus.validation[:-1]) == TEXT[1800:] and len(corpus.validation) == 201
        assert corpus.n_validation_bytes == 200
        return corpus, tokenizer.n_encoded > 0

    return tokenize


@pytest.mark.parametrize("name", ["train.bin", "validation.bin", "tokens.json"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content + bytes(4),
        lambda content: b"",
        lambda content: bytes(len(content)),
        lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    ],
    ids=["cut", "longer", "empty", "zeros", "a flipped bit"],
)
def test_damaged_ids_are_made_anew_with_a_note(tokenized, tmp_path, capsys, name, damage):
    first, _ = tokenized()
    assert not tokenized()[1] and capsys.readouterr().out == ""
    path = tmp_path / "tokens" / name
    path.write_bytes(damage(path.read_bytes()))
    corpus, is_new = tokenized()
    assert is_new and corpus.fingerprint == first.fingerprint
    assert capsys.readouterr().out.endswith(
        "are damaged, unfinished or of an older version: they are made anew\n"
    )
    assert not tokenized()[1] and capsys.readouterr().out == ""


def test_ids_that_are_missing_are_made_anew(tokenized, tmp_path):
    for name in ("train.bin", "validation.bin", "tokens.json"):
        tokenized()
        (tmp_path / "tokens" / name).unlink()
        assert tokenized()[1]


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"1", b"{}", b"\xff", b"[" * 60_000, b'"\\ud800"', b"1" * 10_000),
        *(b"NaN", b'{"crc32": {}}', b'{"fingerprint": 1, "fingerprint": 2}', b" " * 1_000_000),
    ],
)
def test_no_content_of_tokens_json_ends_a_run(tokenized, tmp_path, content):
    tokenized()
    (tmp_path / "tokens" / "tokens.json").write_bytes(content)
    assert tokenized()[1]


def test_a_tokens_json_with_a_right_checksum_and_wrong_kinds_is_damaged(tokenized, tmp_path):
    tokenized()
    path = tmp_path / "tokens" / "tokens.json"
    whole = json.loads(path.read_bytes())
    for change in ({"n_validation_bytes": "200"}, {"train": 3}, {"validation": None}, {"fingerprint": []}):
        changed = {**whole, **change}
        del changed["crc32"]
        path.write_text(json.dumps({**changed, "crc32": checksum_of_manifest(changed)}), encoding="utf-8")
        assert tokenized()[1]


# Windows and batches


def test_targets_are_the_inputs_moved_by_one():
    x, y = sliding_windows(np.arange(100, 110), block_size=3, stride=1)
    assert x.tolist() == [[100 + i, 101 + i, 102 + i] for i in range(7)]
    assert np.array_equal(y, x + 1)


@pytest.mark.parametrize(("stride", "firsts"), [(2, [0, 2, 4, 6]), (3, [0, 3, 6]), (5, [0, 5]), (99, [0])])
def test_windows_begin_every_stride_tokens_and_only_full_ones_count(stride, firsts):
    x, y = sliding_windows(np.arange(10), block_size=3, stride=stride)
    assert x[:, 0].tolist() == firsts and x.shape == y.shape == (len(firsts), 3)


def test_a_text_of_one_window_is_enough_and_one_token_less_says_how_short_it_is():
    x, y = sliding_windows(np.arange(6), block_size=5, stride=1)
    assert x.tolist() == [[0, 1, 2, 3, 4]] and y.tolist() == [[1, 2, 3, 4, 5]]
    with pytest.raises(ValueError, match=r"the text has 5 tokens but one window of block_size 5 .* take 6"):
        sliding_windows(np.arange(5), block_size=5, stride=1)


def test_random_batches_are_windows_from_everywhere_also_the_first_and_the_last():
    tokens = np.arange(9, dtype=np.uint16)
    firsts = set()
    for step in range(50):
        x, y = random_batch(tokens, 4, 3, np.random.default_rng(step))
        assert x.shape == y.shape == (3, 4) and x.dtype == y.dtype == np.int64
        assert np.array_equal(np.diff(x), np.ones((3, 3))) and np.array_equal(y, x + 1)
        firsts |= set(x[:, 0].tolist())
    assert firsts == {0, 1, 2, 3, 4}


def test_a_batch_depends_on_its_generator_alone():
    batches = [random_batch(np.arange(1000), 8, 4, np.random.default_rng([1, step])) for step in (0, 0, 1)]
    assert np.array_equal(batches[0], batches[1])
    assert not np.array_equal(batches[0], batches[2])


def test_ids_above_the_range_of_int16_survive_a_batch():
    x, _ = random_batch(np.full(9, 65_000, dtype=np.uint16), 4, 2, np.random.default_rng(0))
    assert (x == 65_000).all()


def test_pieces_of_a_document_stay_apart_and_short_documents_go_together():
    assert list(grouped(["ab", "cd", END, "e", END, "f"], "<end>")) == ["ab", "cd<end>e<end>f"]
    assert list(grouped([END, "ab", END, "cd", "ef", END], "<end>")) == ["<end>ab<end>cd", "ef<end>"]
