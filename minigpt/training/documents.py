"""What is learned and what is held back: texts cut in two, or documents dealt out.

By default a document is a file, and the last tenth of every file is held back for validation. Where a text
consists of many documents (names, poems, messages, articles), `--documents` says what parts them:

    lines           every line is a document
    blank-lines     a document ends at an empty line
    any other text  a mark that stands between documents; \\n in it is a line end

Then whole documents are held back, drawn by chance: an alphabetical list does not lose its last letters. The
same document is always on the same side, however often it occurs, because its own letters decide: all
documents are ordered by a hash of their text and the seed, and the first tenth is for validation. Nothing has
to be remembered of a document but its place in a histogram of those hashes.

What parts documents is no part of them; nor are line ends around them, and empty documents are none. The mark
of the tokenizer, <|endoftext|>, always parts documents.
"""

import hashlib

import numpy as np
import regex

from minigpt.training.text_files import before_mark, read_chunks, slice_chunks
from tokenizer.text_source import BLOCK, text_blocks

FILE = "file"
SEPARATORS = {"lines": r"\n", "blank-lines": r"\n(?:[^\S\n]*\n)+"}
OUTER_LINE_ENDS = regex.compile(r"\A(?:[^\S\n]*\n)+|(?:\n[^\S\n]*)+\Z")
BINS = 1 << 20  # of the histogram of hashes: so finely the share is met

END = None  # in a sequence of pieces of text: here a document ends


class FileSplit:
    """Every file a document: its first characters are for training, the last ones for validation.

    files, validation_files: lists of TextFile. With validation_files all of `files` is trained on.
    marks: special tokens that the texts may spell; none of them is cut in two.
    """

    begins_with_end = False

    def __init__(self, files, validation_share, validation_files=(), marks=()):
        self.files, self.validation_files = files, validation_files
        self.marks, self.settings = marks, [FILE, validation_share]
        self.cuts = [self._cut(file, validation_share) for file in files]
        self.n_chars = sum(file.n_chars for file in (*files, *validation_files))

    def _cut(self, file, validation_share):
        """How many characters of a file are trained on."""
        if self.validation_files:
            return file.n_chars
        cut = int(file.n_chars * (1 - validation_share))
        reach = max(map(len, self.marks), default=0)
        start = max(cut - reach, 0)
        around = "".join(slice_chunks(self._chunks(file), start, cut + reach))
        return start + before_mark(around, cut - start, self.marks)

    def train(self):
        """The training text in pieces, END after every document."""
        for file, cut in zip(self.files, self.cuts):
            yield from slice_chunks(self._chunks(file), 0, cut)
            yield END

    def validation(self):
        """The validation text in pieces, END after every document."""
        if self.validation_files:
            for file in self.validation_files:
                yield from self._chunks(file)
                yield END
            return
        for file, cut in zip(self.files, self.cuts):
            yield from slice_chunks(self._chunks(file), cut, file.n_chars)
            yield END

    def _chunks(self, file):
        return read_chunks(file.path, self.marks)


class DocumentSplit:
    """Documents in files, each of them for training or for validation as a whole.

    parting: "lines", "blank-lines" or the text of a mark. Other arguments are those of FileSplit; `seed`
    decides with the share which documents are held back. Raises ValueError where one side gets none.
    """

    begins_with_end = True

    def __init__(self, files, parting, validation_share, seed, validation_files=(), marks=()):
        self.files, self.validation_files = files, validation_files
        self.parting, self.marks, self.key = parting, marks, str(seed).encode("ascii")
        self.settings = [parting, validation_share, seed]
        self.n_chars = sum(file.n_chars for file in (*files, *validation_files))
        self.first_training_bin = 0
        if not validation_files:
            counts = np.zeros(BINS, dtype=np.int64)
            for document in self._documents(files):
                counts[self._bin(document)] += 1
            n_held_back = max(1, round(validation_share * int(counts.sum())))
            self.first_training_bin = int(np.searchsorted(counts.cumsum(), n_held_back)) + 1
        for side, pieces in (("train on", self.train()), ("validate", self.validation())):
            if next(pieces, None) is None:
                n = sum(1 for _ in self._documents(files))
                raise ValueError(
                    f"there is no document to {side}: --documents {parting} finds {n:,} in {files[0].path}"
                    f"{' and others' if len(files) > 1 else ''}, but two different ones are needed"
                )

    def train(self):
        """The documents to train on, END after each."""
        for document in self._documents(self.files):
            if self._bin(document) >= self.first_training_bin:
                yield from text_blocks(document) if len(document) > BLOCK else [document]
                yield END

    def validation(self):
        """The documents to validate on, END after each."""
        for document in self._documents(self.validation_files or self.files):
            if self.validation_files or self._bin(document) < self.first_training_bin:
                yield from text_blocks(document) if len(document) > BLOCK else [document]
                yield END

    def _documents(self, files):
        for file in files:
            yield from documents_in(read_chunks(file.path, self.marks), self.parting, self.marks)

    def _bin(self, document):
        digest = hashlib.blake2b(document.encode("utf-8"), digest_size=8, key=self.key).digest()
        return int.from_bytes(digest, "big") * BINS >> 64


def documents_in(chunks, parting, marks=()):
    """The documents of a text that comes in pieces: strings, none of them empty.

    parting: "lines", "blank-lines" or the text of a mark; the other marks part documents as well.
    """
    separators = [SEPARATORS.get(parting) or regex.escape(parting), *map(regex.escape, marks)]
    separator = regex.compile("|".join(separators))
    pending = ""
    for chunk in chunks:
        # What follows the last separator goes on in the next piece, and so may a separator at the end.
        *complete, pending = separator.split(pending + chunk)
        yield from _not_empty(complete)
    yield from _not_empty([pending])


def _not_empty(documents):
    for document in documents:
        if document.strip():
            yield OUTER_LINE_ENDS.sub("", document) if "\n" in document else document
