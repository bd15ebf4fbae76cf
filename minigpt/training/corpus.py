"""From texts to batches: tokenise once into files of ids, then cut windows.

    text  ->  train | validation  ->  ids (a flat array on disk)  ->  windows (B, T) and targets (B, T)

documents.py says which part of the texts is for validation and is never trained on; no window holds both. The
ids lie in memory-mapped files, so a corpus may be larger than memory.

A target is simply the token one place further on. One window of T + 1 tokens therefore holds T
exercises at once, of every context length from 1 to T.
"""

import hashlib
import json
import zlib
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from tqdm import tqdm

from minigpt.interchange.files import write_json, written_aside
from minigpt.training.documents import END

GROUP = 1 << 18  # characters of short documents that are encoded together
MANIFEST_FILE = "tokens.json"
SIDES = ("train", "validation")
CHECKSUM = "crc32"
LONGEST_MANIFEST = 1 << 16  # bytes; it has 400
BYTES_AT_ONCE = 1 << 20


@dataclass
class Corpus:
    """The token ids of a training and a validation text, memory-mapped, and where they came from."""

    train: np.ndarray
    validation: np.ndarray
    n_validation_bytes: int  # of the text alone, without the letters of special tokens
    fingerprint: str  # changes when a text, its split or the tokenizer does


def tokenize_texts(split, tokenizer, tokenizer_json, directory, resumed=False):
    """Tokenise both sides of a split into directory/train.bin and validation.bin, or reuse what is there.

    split: a FileSplit or DocumentSplit. tokenizer_json is the file that the tokenizer was saved to, which
    identifies it. The ids are uint16 where the vocabulary allows, else uint32. Each document ends with the
    tokenizer's end-of-text token, which a text may also spell itself; of a DocumentSplit it stands before the
    first document too (document_windows.py). Shows a progress bar.

    tokens.json says of what texts the ids are, how many there are and their checksums; ids that are not as
    they were written are made anew, with a note. Raises OSError, and ValueError where a run that is resumed
    has the ids of other texts.
    """
    directory = Path(directory)
    dtype = np.uint16 if tokenizer.n_vocab <= 1 << 16 else np.uint32
    digest = hashlib.sha256(json.dumps([file.sha256 for file in split.files]).encode("utf-8"))
    digest.update(Path(tokenizer_json).read_bytes())
    held_back = [file.sha256 for file in split.validation_files]
    digest.update(json.dumps([held_back, split.settings]).encode("utf-8"))
    fingerprint = digest.hexdigest()
    manifest_path = directory / MANIFEST_FILE
    paths = {side: directory / f"{side}.bin" for side in SIDES}

    of_others = False
    try:
        manifest = read_manifest(manifest_path, fingerprint)
        of_others = manifest is None and manifest_path.exists()
        if manifest and any(manifest[side] != measure_ids(paths[side]) for side in SIDES):
            raise ValueError("what the files hold is not what was written to them")
    except (ValueError, FileNotFoundError):
        print(
            f"the token ids in {directory} are damaged, unfinished or of an older version: they are made anew"
        )
        manifest = None
    if resumed and of_others:
        raise ValueError(
            f"--data is not what the run in {directory.parent} is about: resume it with the same files"
        )
    if manifest is None:
        directory.mkdir(parents=True, exist_ok=True)
        end = mark_of(tokenizer)
        n_bytes = {}
        with tqdm(total=split.n_chars, desc="tokenise", unit="char", unit_scale=True) as bar:
            for side, pieces in (("train", split.train()), ("validation", split.validation())):
                n_bytes[side] = 0
                with written_aside(paths[side]) as out:
                    before_all = [END] if split.begins_with_end else []
                    for text in grouped(chain(before_all, pieces), end):
                        ids = tokenizer.encode(text, allowed_special="all")
                        out.write(np.asarray(ids, dtype=dtype).tobytes())
                        n_bytes[side] += count_bytes(tokenizer, text)
                        bar.update(len(text) - len(end) * text.count(end))
        manifest = {"fingerprint": fingerprint, "n_validation_bytes": n_bytes["validation"]}
        manifest |= {side: measure_ids(paths[side]) for side in SIDES}
        write_json(manifest_path, manifest | {CHECKSUM: checksum_of_manifest(manifest)})

    train, validation = (np.memmap(path, dtype=dtype, mode="r") for path in paths.values())
    return Corpus(train, validation, manifest["n_validation_bytes"], fingerprint)


def mark_of(tokenizer):
    """The text of the tokenizer's end-of-text token."""
    return next(text for text, token in tokenizer.special_tokens.items() if token == tokenizer.eot_token)


def grouped(pieces, mark):
    """Pieces of texts, many short documents together, each END spelt as the mark: strings to be encoded.

    Two pieces of one document stay apart, as they were cut.
    """
    group, size = [], 0
    for piece in pieces:
        goes_on = piece is not END and group and group[-1] is not mark
        if goes_on or size >= GROUP:
            yield "".join(group)
            group, size = [], 0
        group.append(mark if piece is END else piece)
        size += len(group[-1])
    yield "".join(group)


def read_manifest(path, fingerprint):
    """What tokens.json says, without its checksum; None where there is none, or it is of other texts.

    Raises ValueError for a damaged one.
    """
    if not path.exists():
        return None
    with open(path, "rb") as file:
        content = file.read(LONGEST_MANIFEST + 1)
    try:
        manifest = json.loads(content) if len(content) <= LONGEST_MANIFEST else None
    except RecursionError:
        manifest = None
    if not isinstance(manifest, dict) or manifest.pop(CHECKSUM, None) != checksum_of_manifest(manifest):
        raise ValueError(f"{path} is damaged")
    if manifest.get("fingerprint") != fingerprint:
        return None
    if type(manifest.get("n_validation_bytes")) is not int or not set(SIDES) <= manifest.keys():
        raise ValueError(f"{path} is damaged")
    return manifest


def checksum_of_manifest(manifest):
    return zlib.crc32(json.dumps(manifest, sort_keys=True).encode("utf-8"))


def measure_ids(path):
    """The length of a file of ids and its checksum, as tokens.json has them. Raises OSError."""
    n_bytes, checksum = 0, 0
    with open(path, "rb") as file:
        while block := file.read(BYTES_AT_ONCE):
            n_bytes += len(block)
            checksum = zlib.crc32(block, checksum)
    return {"bytes": n_bytes, CHECKSUM: checksum}


def count_bytes(tokenizer, text):
    """The bytes of a text in UTF-8, without those of the letters that spell special tokens."""
    n_bytes = len(text.encode("utf-8"))
    return n_bytes - sum(
        text.count(special) * len(special.encode("utf-8")) for special in tokenizer.special_tokens
    )


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
