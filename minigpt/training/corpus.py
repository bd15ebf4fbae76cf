"""From text files to batches: split, tokenise once into files of ids, then cut windows.

    text  ->  train | validation  ->  ids (a flat array on disk)  ->  windows (B, T) and targets (B, T)

The last tenth of every file's characters is for validation and is never trained on: not by the model,
and no window crosses the cut. The ids lie in memory-mapped files, so a corpus may be larger than memory.

A target is simply the token one place further on. One window of T + 1 tokens therefore holds T
exercises at once, of every context length from 1 to T.
"""

import codecs
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

VALIDATION_SHARE = 0.1
CHUNK_BYTES = 1 << 20


@dataclass
class TextFile:
    """A UTF-8 text file, measured: how much of it there is, and what identifies its content."""

    path: Path
    n_chars: int
    n_bytes: int
    sha256: str

    @property
    def n_train_chars(self):
        return int(self.n_chars * (1 - VALIDATION_SHARE))

    def train_chunks(self):
        return slice_chunks(read_chunks(self.path), 0, self.n_train_chars)

    def validation_chunks(self):
        return slice_chunks(read_chunks(self.path), self.n_train_chars, self.n_chars)


def open_text_files(paths):
    """Measure the files named, and every .txt file in the folders named: a list of TextFile.

    Reads each file once. Raises FileNotFoundError for a path that is not there, ValueError for a folder
    without text and for a file that is empty or not UTF-8.
    """
    files = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(path.rglob("*.txt"))
            if not inside:
                raise ValueError(f"folder {path} holds no .txt file: name the text files themselves")
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise FileNotFoundError(f"there is no file or folder {path}")
    return [measure(path) for path in files]


def measure(path):
    """Read a text file once, counting it and taking its checksum."""
    n_chars, n_bytes, digest = 0, 0, hashlib.sha256()
    for chunk in read_chunks(path):
        encoded = chunk.encode("utf-8")
        n_chars += len(chunk)
        n_bytes += len(encoded)
        digest.update(encoded)
    if n_chars == 0:
        raise ValueError(f"{path} is empty: there is nothing to learn from it")
    return TextFile(path, n_chars, n_bytes, digest.hexdigest())


def read_chunks(path):
    """Yield a UTF-8 file as pieces of text, line ends as \\n, a byte order mark left out.

    Pieces end before a line break where they can, so that no word is cut in two.
    Raises ValueError naming the first byte that is not UTF-8.
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")(), translate=True)
    n_read, pending = 0, ""
    with open(path, "rb") as file:
        while True:
            block = file.read(CHUNK_BYTES)
            n_read += len(block)
            try:
                pending += decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                at = n_read - len(error.object) + error.start
                raise ValueError(
                    f"{path} is not UTF-8 text: byte {at} is 0x{error.object[error.start]:02x} "
                    f"({error.reason}): save it as UTF-8"
                ) from None
            if not block:
                break
            cut = pending.rfind("\n")
            if cut > 0:
                yield pending[:cut]
                pending = pending[cut:]
    if pending:
        yield pending


def slice_chunks(chunks, start, stop):
    """The characters start … stop − 1 of a text that comes in pieces, in pieces."""
    position = 0
    for chunk in chunks:
        piece = chunk[max(start - position, 0) : max(stop - position, 0)]
        if piece:
            yield piece
        position += len(chunk)
        if position >= stop:
            return


@dataclass
class Corpus:
    """The token ids of a training and a validation text, memory-mapped, and where they came from."""

    train: np.ndarray
    validation: np.ndarray
    n_validation_bytes: int
    fingerprint: str  # changes when a text or the tokenizer does


def tokenize_files(files, tokenizer, tokenizer_json, directory):
    """Tokenise every file into directory/train.bin and validation.bin, or reuse what is there already.

    tokenizer_json is the file that the tokenizer was saved to, which identifies it. The ids are uint16
    where the vocabulary allows, else uint32. Documents are the files: each ends with the tokenizer's
    end-of-text token, and a text may hold that token's name itself, as corpora of many documents do.
    Shows a progress bar.
    """
    directory = Path(directory)
    dtype = np.uint16 if tokenizer.n_vocab <= 1 << 16 else np.uint32
    digest = hashlib.sha256(json.dumps([file.sha256 for file in files]).encode("utf-8"))
    digest.update(Path(tokenizer_json).read_bytes())
    fingerprint = digest.hexdigest()
    manifest_path = directory / "tokens.json"
    paths = {"train": directory / "train.bin", "validation": directory / "validation.bin"}

    manifest = json.loads(manifest_path.read_text(encoding="utf-8")) if manifest_path.exists() else {}
    if manifest.get("fingerprint") != fingerprint:
        directory.mkdir(parents=True, exist_ok=True)
        manifest_path.unlink(missing_ok=True)  # whatever happens now, half a file is never taken for whole
        n_validation_bytes = 0
        with tqdm(
            total=sum(file.n_chars for file in files), desc="tokenise", unit="char", unit_scale=True
        ) as bar:
            for split, path in paths.items():
                with open(path, "wb") as out:
                    for file in files:
                        chunks = file.train_chunks() if split == "train" else file.validation_chunks()
                        for chunk in chunks:
                            ids = tokenizer.encode(chunk, allowed_special="all")
                            np.asarray(ids, dtype=dtype).tofile(out)
                            n_validation_bytes += len(chunk.encode("utf-8")) if split == "validation" else 0
                            bar.update(len(chunk))
                        np.asarray([tokenizer.eot_token], dtype=dtype).tofile(out)
        manifest = {"fingerprint": fingerprint, "n_validation_bytes": n_validation_bytes}
        manifest_path.write_text(json.dumps(manifest), encoding="utf-8", newline="\n")

    train, validation = (np.memmap(path, dtype=dtype, mode="r") for path in paths.values())
    return Corpus(train, validation, manifest["n_validation_bytes"], fingerprint)


def sliding_windows(tokens, block_size, stride):
    """Every stride-th window of the text: x (N, T) and targets y (N, T), views of tokens.

    Windows overlap when stride < block_size and touch when they are equal; what is left at the end and
    does not fill a window is not used. Raises ValueError for a text shorter than one window.
    """
    if len(tokens) < block_size + 1:
        raise ValueError(
            f"the text has {len(tokens)} tokens but one window of block_size {block_size} and its targets "
            f"take {block_size + 1}: use a longer text, or a smaller --block-size"
        )
    windows = np.lib.stride_tricks.sliding_window_view(tokens, block_size + 1)[::stride]  # (N, T + 1)
    return windows[:, :-1], windows[:, 1:]


def random_batch(tokens, block_size, batch_size, rng):
    """batch_size windows from random places: x (B, T) and targets y (B, T), int64."""
    x, y = sliding_windows(tokens, block_size, stride=1)
    starts = rng.integers(len(x), size=batch_size)
    return x[starts].astype(np.int64), y[starts].astype(np.int64)
