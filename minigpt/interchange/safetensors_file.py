"""A safetensors file, checked and mapped into memory: weights from anywhere, opened in milliseconds.

    8 bytes      the header's length n, little-endian
    n bytes      JSON: {"wte.weight": {"dtype": "F32", "shape": [65, 128], "data_offsets": [0, 33280]}, …}
    the rest     the numbers, one array after the other without gaps

Nothing in it can be executed, but a header can lie. Everything it says is checked against the size of the
file before any memory is asked for, so a damaged or malicious file is an error, in one sentence.

The numbers are not read. The file is mapped: an array is a view of it, and a page comes from the disk when
it is first touched. The mapping is private ("copy on write"): a program may change such an array, and then
has a copy of the pages it changed; the file never changes.

The format itself would not notice a flipped bit. What is saved here therefore carries a CRC-32 of every
array in "__metadata__", and one of whatever else stands there; other readers pass over them. A file that has
checksums has one of every array and of no other, and they are compared. The same arrays make the same file,
to the byte.
"""

import json
import math
import mmap
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy

from minigpt.interchange.files import write_atomically
from minigpt.interchange.json_file import unique_names
from minigpt.terminal import quoted

LONGEST_HEADER = 8 << 20  # bytes; GPT-2 XL's has 80 kB, and JSON takes many times its length in memory
MOST_DIMENSIONS = 8
METADATA = "__metadata__"
CHECKSUMS = "crc32"  # in the metadata: a JSON object from names to CRC-32; METADATA stands for the metadata
OURS = ("settings", "progress")  # what is in the metadata of files that have a checksum of it

ITEM_SIZES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2}
ITEM_SIZES |= {"U16": 2, "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1}


@dataclass(frozen=True)
class StoredArray:
    """What the header says of one array, and its bytes, a view of the file."""

    path: Path
    name: str
    dtype: str
    shape: tuple
    content: np.ndarray  # (number of bytes,) uint8
    checksum: int | None  # that of the content as it was saved, where the file says it

    def read(self):
        """The array: float32 and float64 as a view of the file, float16 and bfloat16 widened to float32.

        Raises ValueError for numbers of another kind, and for a content that is not as it was saved.
        """
        if self.checksum not in (None, zlib.crc32(self.content)):
            raise ValueError(f"{self.path} is damaged: {quoted(self.name)} is not as it was saved")
        if self.dtype in ("F32", "F64"):
            stored = self.content.view("<f4" if self.dtype == "F32" else "<f8")
            native = stored.dtype.newbyteorder("=")
            array = np.require(stored, native, "A")  # a copy only where the file is not aligned
        elif self.dtype == "F16":
            array = self.content.view("<f2").astype(np.float32)
        elif self.dtype == "BF16":  # the upper half of a float32
            array = (self.content.view("<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            raise ValueError(
                f"{self.path} stores weights as {self.dtype}, but they must be F64, F32, F16 or BF16"
            )
        return array.reshape(self.shape)


def checksum(array):
    """The CRC-32 of an array's bytes."""
    return zlib.crc32(np.ascontiguousarray(array))


def save_safetensors(path, arrays, metadata=None):
    """Write a dict of arrays, atomically and with their checksums. Raises OSError.

    metadata: texts by name that open_metadata gives back.
    """
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}  # as they lie in a file
    metadata = {"format": "pt"} | (metadata or {})  # transformers looks for the format
    checksums = {name: checksum(array) for name, array in arrays.items()}
    checksums[METADATA] = metadata_checksum(metadata)
    metadata[CHECKSUMS] = json.dumps(checksums)
    write_atomically(Path(path), *with_sorted_header(safetensors.numpy.save(arrays, metadata)))


def with_sorted_header(content):
    """A safetensors file in two pieces, header and numbers, with the names in order.

    The library writes metadata in an order of chance, and equal models would be unequal files.
    """
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(
        json.loads(content[8:start]), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    text = header.encode("utf-8")
    text = text.ljust(-(-len(text) // 8) * 8)  # the numbers begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text, memoryview(content)[start:]


def metadata_checksum(metadata):
    """The CRC-32 of all metadata but the checksums themselves."""
    rest = {name: text for name, text in metadata.items() if name != CHECKSUMS}
    return zlib.crc32(json.dumps(rest, sort_keys=True).encode("utf-8"))


def open_safetensors(path):
    """A dict from the names in a safetensors file to StoredArray.

    Raises FileNotFoundError, or ValueError with what is wrong with the file.
    """
    path = Path(path)
    header, data = open_header(path)
    checksums = stored_checksums(path, header.pop(METADATA, None))
    entries = {name: checked_entry(path, name, entry) for name, entry in header.items()}

    if checksums is not None and checksums.keys() - {METADATA} != entries.keys():
        without = next(iter((checksums.keys() - {METADATA}) ^ entries.keys()))
        what = "an array without a checksum" if without in entries else "a checksum without an array"
        raise ValueError(f"{path} is damaged: {quoted(without)} is {what}")
    checksums = checksums or {}

    position = 0
    for name, (_, _, (begin, end)) in sorted(entries.items(), key=lambda item: item[1][2]):
        if begin != position:
            raise ValueError(
                f"{path} is damaged: {quoted(name)} begins at byte {begin} of the data, not {position}"
            )
        position = end
    if position != len(data):
        raise ValueError(
            f"{path} is damaged: its header describes {position:,} bytes of data but it has {len(data):,}"
        )
    return {
        name: StoredArray(path, name, dtype, shape, data[begin:end], checksums.get(name))
        for name, (dtype, shape, (begin, end)) in entries.items()
    }


def open_metadata(path):
    """The texts that save_safetensors was given as metadata, a dict. Raises as open_safetensors does."""
    header, _ = open_header(Path(path))
    metadata = header.get(METADATA, {})
    if stored_checksums(path, metadata) is None:  # of others, who may have written anything there
        return {}
    return {name: text for name, text in metadata.items() if name not in ("format", CHECKSUMS)}


def is_written_here(path):
    """Whether save_safetensors wrote the file: only it writes checksums. False where there is no file."""
    path = Path(path)
    metadata = open_header(path)[0].get(METADATA) if path.is_file() else None
    return isinstance(metadata, dict) and CHECKSUMS in metadata


def open_header(path):
    """The header as a dict, and the numbers after it as bytes, a view of the file."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    content = map_file(path)
    if len(content) < 8:
        raise ValueError(f"{path} is damaged: it has {len(content)} bytes, which is less than any header")
    header_length = int.from_bytes(content[:8].tobytes(), "little")
    if header_length > min(LONGEST_HEADER, len(content) - 8):
        raise ValueError(
            f"{path} is damaged: its header is said to have {header_length:,} bytes, but the file has "
            f"{len(content):,} and a header at most {LONGEST_HEADER:,}"
        )
    header = parse_header(path, content[8 : 8 + header_length].tobytes())
    return header, content[8 + header_length :]


def map_file(path):
    """The bytes of a file as a writable uint8 array that never writes to the file."""
    if os.name == "nt":  # where a mapped file cannot be replaced, and so no model saved over itself
        return np.fromfile(path, dtype=np.uint8)
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return np.empty(0, dtype=np.uint8)  # cannot be mapped
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY), dtype=np.uint8)


def parse_header(path, text):
    """The header as a dict. Raises ValueError for what is not a JSON object or names an array twice."""
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=unique_names)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: its header is not valid JSON ({error})") from None
    if not isinstance(header, dict):
        raise ValueError(f"{path} is damaged: its header is not a JSON object")
    return header


def stored_checksums(path, metadata):
    """The checksums in the header's metadata, a dict by name; None in a file of others, which has none.

    Raises ValueError if they cannot be read, or the metadata is not as it was saved.
    """
    if not isinstance(metadata, dict):
        return None
    if CHECKSUMS not in metadata:
        if any(name in metadata for name in OURS):
            raise ValueError(
                f"{path} is damaged, or of a version before 0.2: "
                "it has no checksums though it was written here"
            )
        return None
    try:
        checksums = json.loads(metadata[CHECKSUMS], object_pairs_hook=unique_names)
    except (ValueError, TypeError, RecursionError):
        checksums = None
    if not (isinstance(checksums, dict) and all(type(value) is int for value in checksums.values())):
        raise ValueError(f"{path} is damaged: its checksums cannot be read")
    try:
        as_saved = checksums.get(METADATA) in (None, metadata_checksum(metadata))
    except (TypeError, ValueError, RecursionError):
        as_saved = False
    if not as_saved or (METADATA not in checksums and any(name in metadata for name in OURS)):
        raise ValueError(f"{path} is damaged: its metadata is not as it was saved")
    return checksums


def checked_entry(path, name, entry):
    """One array's line in the header -> dtype, shape, (begin, end), where the three fit together."""
    if not (isinstance(entry, dict) and entry.keys() == {"dtype", "shape", "data_offsets"}):
        raise ValueError(f"{path} is damaged: {quoted(name)} does not have dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not (isinstance(dtype, str) and dtype in ITEM_SIZES):
        raise ValueError(f"{path}: {quoted(name)} is of the type {quoted(dtype)}, which is not known")
    if not (are_counts(shape, MOST_DIMENSIONS) and are_counts(offsets, 2) and len(offsets) == 2):
        raise ValueError(f"{path} is damaged: shape or data_offsets of {quoted(name)} are no whole numbers")
    begin, end = offsets
    if end - begin != math.prod(shape) * ITEM_SIZES[dtype]:
        raise ValueError(
            f"{path} is damaged: {quoted(name)} has shape {shape} of {dtype} but {end - begin} bytes of data"
        )
    return dtype, tuple(shape), (begin, end)


def are_counts(value, most):
    """Whether a value out of JSON is a list of at most so many whole numbers from 0 to 2⁶³ − 1."""
    return (
        isinstance(value, list)
        and len(value) <= most
        and all(type(item) is int and 0 <= item < 2**63 for item in value)
    )
