"""From files of text to batches: nothing lost, nothing leaked, targets one place further on."""

import numpy as np
import pytest

from minigpt.training import corpus as data
from minigpt.training.corpus import (
    open_text_files,
    random_batch,
    read_chunks,
    sliding_windows,
    tokenize_files,
)
from tokenizer import BPETokenizer


class ByteTokenizer:
    """The simplest tokenizer, which counts how much it was given."""

    eot_token = 256

    def __init__(self, n_vocab=257):
        self.n_vocab = n_vocab
        self.n_encoded = 0

    def encode(self, text, allowed_special):
        assert allowed_special == "all"
        self.n_encoded += len(text)
        return list(text.encode("utf-8"))


@pytest.fixture
def write(tmp_path):
    """write(name, content): a file of bytes, or of text as it stands."""

    def write_file(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write_file


def whole(chunks):
    return "".join(chunks)


def text_of(ids):
    """The text that ByteTokenizer made ids of."""
    return bytes(ids.tolist()).decode("utf-8")


# Reading

MIXED = "Once upon a time\nthere was 一只小猫。\n\nIt said: “喵！” 🐈 and that was all,\nalmost.\n" * 3


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 7, 64, 1 << 20])
def test_pieces_of_any_size_join_to_the_whole_text(write, monkeypatch, chunk_bytes):
    monkeypatch.setattr(data, "CHUNK_BYTES", chunk_bytes)
    path = write("text.txt", MIXED)
    assert whole(read_chunks(path)) == MIXED
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


@pytest.mark.parametrize("chunk_bytes", [1, 4, 5, 1 << 20])
@pytest.mark.parametrize(
    ("content", "at", "byte"),
    [
        (b"caf\xe9 au lait", 3, "e9"),
        (b"\xef\xbb\xbfabc\xff", 6, "ff"),
        ("你好".encode()[:-1], 3, "e5"),  # cut in the middle of a character
        ("你好".encode("utf-16"), 0, "ff"),
    ],
)
def test_a_file_that_is_not_utf8_names_the_first_wrong_byte(
    write, monkeypatch, chunk_bytes, content, at, byte
):
    monkeypatch.setattr(data, "CHUNK_BYTES", chunk_bytes)
    path = write("latin.txt", content)
    with pytest.raises(ValueError, match=rf"latin.txt is not UTF-8 text: byte {at} is 0x{byte}"):
        open_text_files([path])


def test_files_and_folders_are_found_in_a_fixed_order(write, tmp_path):
    for name in ("books/b.txt", "books/a.txt", "books/deeper/c.txt", "books/readme.md", "single.text"):
        write(name, name)
    files = open_text_files([tmp_path / "single.text", str(tmp_path / "books")])
    assert [file.path.name for file in files] == ["single.text", "a.txt", "b.txt", "c.txt"]
    assert files[0].n_chars == files[0].n_bytes == len("single.text")


def test_what_cannot_be_trained_on_is_refused_in_a_sentence(write, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file or folder .*nowhere.txt"):
        open_text_files([tmp_path / "nowhere.txt"])
    (tmp_path / "empty folder").mkdir()
    with pytest.raises(ValueError, match=r"empty folder holds no .txt file"):
        open_text_files([tmp_path / "empty folder"])
    for content in (b"", b"\xef\xbb\xbf"):
        with pytest.raises(ValueError, match=r"empty.txt is empty: there is nothing to learn from it"):
            open_text_files([write("empty.txt", content)])


# The split


@pytest.mark.parametrize("chunk_bytes", [1, 10, 1 << 20])
@pytest.mark.parametrize("n_chars", [1, 2, 9, 10, 11, 95, 1000])
def test_training_and_validation_text_are_the_whole_text_cut_once(write, monkeypatch, n_chars, chunk_bytes):
    monkeypatch.setattr(data, "CHUNK_BYTES", chunk_bytes)
    text = (MIXED * 9)[:n_chars]
    (file,) = open_text_files([write("text.txt", text)])
    train, validation = whole(file.train_chunks()), whole(file.validation_chunks())
    assert train + validation == text
    assert file.n_chars == n_chars and file.n_bytes == len(text.encode("utf-8"))
    assert len(validation) == pytest.approx(0.1 * n_chars, abs=1)


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
    tokenizer = BPETokenizer.train(files[0].train_chunks(), 400)
    tokenizer.save(tmp_path)
    corpus = tokenize_files(files, tokenizer, tmp_path / "tokenizer.json", tmp_path / "tokens")
    seen = {"train": "", "validation": ""}
    for split in seen:
        tokens = getattr(corpus, split)
        assert tokens[-1] == tokenizer.eot_token
        seen[split] = tokenizer.decode(tokens[:-1].tolist())
    assert (seen["train"], seen["validation"]) == (text[:900], text[900:])


# The files of ids


def test_ids_are_memory_mapped_in_the_narrowest_type_that_holds_them(write, tmp_path):
    files = open_text_files([write("text.txt", MIXED)])
    for n_vocab, dtype in [(257, np.uint16), (1 << 16, np.uint16), ((1 << 16) + 1, np.uint32)]:
        directory = tmp_path / str(n_vocab)
        corpus = tokenize_files(files, ByteTokenizer(n_vocab), write("tokenizer.json", "{}"), directory)
        assert isinstance(corpus.train, np.memmap) and corpus.train.dtype == dtype
        assert (directory / "train.bin").stat().st_size == corpus.train.nbytes
        assert text_of(corpus.train[:-1]) == whole(files[0].train_chunks())


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
