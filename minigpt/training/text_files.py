"""Finding text files, and reading them: one reader for training, for --score, for prompts and for records.

A text is UTF-8, in any language. Its line ends become \\n and a byte order mark is left out, whoever wrote
it: what is scored or continued is read as what was trained on. A file in another encoding is refused, with
the name of the encoding that it looks like; so is one with NUL characters, which no text has.
"""

import codecs
import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

from minigpt.interchange.files import written_aside
from minigpt.training.encodings import not_utf8
from tokenizer.patterns import seam_before

CHUNK_BYTES = 1 << 20
SUFFIX = ".txt"  # what folders are searched for, in upper case too
NAMED = 3  # files that a note names


@dataclass
class TextFile:
    """A UTF-8 text file, measured: how much of it there is, and what identifies its content."""

    path: Path
    n_chars: int
    sha256: str


def open_text_files(paths):
    """Measure the files named, and every .txt file in the folders named: a list of TextFile.

    Reads each file once. Prints what was skipped (hidden copies, files of other kinds, empty ones) and what
    comes twice. Raises FileNotFoundError for a path that is not there, ValueError for a folder without text,
    for files that are not text, and where all are empty.
    """
    measured = [measure(path) for path in find_text_files(paths)]
    files = [file for file in measured if file.n_chars]
    empty = [file.path for file in measured if not file.n_chars]
    if not files:
        raise ValueError(f"{empty[0]} is empty: there is nothing to learn from it")
    if empty:
        print(f"{names(empty)}: skipped, empty")
    first = {}
    for file in files:
        other = first.setdefault(file.sha256, file)
        if other is not file:
            print(f"{file.path} holds the same text as {other.path}: it is read twice")
    return files


def find_text_files(paths):
    """The files named and the .txt files in the folders named, in a fixed order; prints what folders skip."""
    found = []
    for path in map(Path, paths):
        if not path.is_dir():
            if not path.exists():
                raise FileNotFoundError(f"there is no file or folder {path}")
            found.append(path)
            continue
        texts, hidden, others = [], [], []
        for file in sorted(path.rglob("*")):
            is_text = file.suffix.lower() == SUFFIX
            if not file.is_file():
                continue
            if is_hidden(file.relative_to(path)):
                hidden += [file] if is_text else []
            else:
                (texts if is_text else others).append(file)
        if not texts:
            raise ValueError(f"folder {path} holds no .txt file: name the text files themselves")
        if hidden:
            print(f"{names(hidden)}: skipped, hidden")
        if others:
            print(f"{names(others)}: skipped, not .txt; name them in --data to read them too")
        found += texts
    return found


def is_hidden(path):
    """Whether a file or a folder above it has a name that begins with a point, as editors' copies do."""
    return any(part.startswith(".") for part in path.parts)


def names(paths):
    """Some files in words: the first few, and how many more there are."""
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    return ", ".join(map(str, paths[:NAMED])) + more


def copy_pipes(paths, directory):
    """Paths that can be read as often as needed: what is no lasting file (a pipe) is copied to the directory.

    A copy is named after its content, so that the same text is the same file. Raises OSError.
    """
    return [copied(path, Path(directory)) if is_pipe(path) else path for path in paths]


def is_pipe(path):
    """Whether a path is standard input, another open file of this process, or a pipe with a name."""
    path = Path(path)
    of_this_process = path.parts[1:3] in (("dev", "stdin"), ("dev", "fd")) or path.parts[1:2] == ("proc",)
    return path.exists() and not path.is_dir() and (of_this_process or not path.is_file())


def copied(path, directory):
    """A path's content as a file in the directory: the path of that, a str."""
    directory.mkdir(parents=True, exist_ok=True)
    arrived, digest = directory / f"pipe.{os.getpid()}.tmp", hashlib.sha256()
    with open(path, "rb") as pipe, written_aside(arrived) as copy:
        for piece in decoded_chunks(pipe, path):  # refuses /dev/zero, which has no end
            block = piece.encode("utf-8")
            digest.update(block)
            copy.write(block)
    lasting = directory / f"{digest.hexdigest()[:16]}.txt"
    os.replace(arrived, lasting)
    return str(lasting)


def measure(path):
    """Read a text file once, counting it and taking its checksum."""
    n_chars, digest = 0, hashlib.sha256()
    for chunk in read_chunks(path):
        n_chars += len(chunk)
        digest.update(chunk.encode("utf-8"))
    return TextFile(path, n_chars, digest.hexdigest())


def read_text(path):
    """The whole text of a file, as read_chunks reads it."""
    return "".join(read_chunks(path))


def read_chunks(path, marks=()):
    """Yield a UTF-8 file as pieces of text, line ends as \\n, a byte order mark left out.

    Raises OSError, and ValueError naming the first byte that is no text and what the encoding looks like.
    """
    with open(path, "rb") as file:
        yield from decoded_chunks(file, path, marks)


def decoded_chunks(file, name, marks=()):
    """The text of an open binary file, in pieces of about CHUNK_BYTES; see read_chunks.

    A piece ends before a line break where it can, otherwise before a blank: at neither is a word or a token
    cut in two. Only where a piece has no blank either (letters of DNA, say) is it cut anywhere, but never
    inside one of the marks. name: what an error calls the file.
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")(), translate=True)
    n_read, pending = 0, ""
    while True:
        block = file.read(CHUNK_BYTES)
        nul = block.find(0)
        try:
            pending += decoder.decode(block if nul < 0 else block[:nul], final=not block)
        except UnicodeDecodeError as error:
            at = n_read + len(block if nul < 0 else block[:nul]) - len(error.object) + error.start
            raise not_utf8(name, at, error.object[error.start], error.reason) from None
        if nul >= 0:
            raise not_utf8(name, n_read + nul, 0, "a NUL character")
        n_read += len(block)
        if not block:
            break
        cut = pending.rfind("\n")
        if cut <= 0:
            cut = seam_before(pending) or (len(pending) if len(pending) >= CHUNK_BYTES else 0)
        cut = before_mark(pending, cut, marks)
        if cut > 0:
            yield pending[:cut]
            pending = pending[cut:]
    if pending:
        yield pending


def before_mark(text, at, marks):
    """Where to cut a text at `at`: there, or before the mark that a cut there would go through.

    Where the text ends in the first letters of a mark, these count as one.
    """
    for mark in marks:
        for inside in range(1, min(len(mark), at + 1)):
            seen = text[at - inside : at - inside + len(mark)]
            if len(seen) >= inside and mark.startswith(seen):
                return at - inside
    return at


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
