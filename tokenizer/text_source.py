"""Where training text comes from: strings, files, or any iterable of them, as blocks of bounded size.

A text of gigabytes passes through in blocks of about a million characters, cut where the cut does not change
the pre-tokens, so that the memory needed does not grow with the text.
"""

from pathlib import Path

from tokenizer.patterns import seam_before
from tokenizer.progress import progress_bar

BLOCK = 1_000_000  # characters


def text_blocks(texts, progress=None):
    """Yield the text of `texts` in blocks: a str, a pathlib.Path of a UTF-8 file, or an iterable of these.

    Two texts never share a block. Half of a surrogate pair in a str becomes U+FFFD. progress: see
    progress_bar; the bar counts the bytes that have been read.
    OSError if a file cannot be read, ValueError if it is not UTF-8, TypeError for anything else.
    """
    with progress_bar("reading", "B", lambda: _size(texts), progress) as bar:
        for block in _blocks(texts):
            yield block
            if bar is not None:
                bar.update(_size(block))


def cut_into_blocks(read):
    """Yield the text behind `read` (a function from a number to as many characters) in blocks."""
    searched = []  # pieces in which there is no seam; they are not searched again
    rest = read(BLOCK)
    while following := read(BLOCK):
        seam = seam_before(rest)
        if seam:
            yield "".join([*searched, rest[:seam]])
            searched.clear()
        else:
            seam = max(0, len(rest) - 2)  # a seam shows in the two characters before it
            searched.append(rest[:seam])
        rest = rest[seam:] + following
    if rest:
        yield "".join([*searched, rest])


def whole_characters(text):
    """The text, in which two halves of a surrogate pair become the character, and a single one U+FFFD.

    UTF-8 cannot write such halves. They come from JSON with "\\ud83d\\ude42" in it, or from a cut in UTF-16.
    """
    try:
        for start in range(0, len(text), BLOCK):
            text[start : start + BLOCK].encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _blocks(texts):
    if isinstance(texts, str):
        yield from cut_into_blocks(reader(whole_characters(texts)))
    elif isinstance(texts, Path):
        try:
            with open(texts, encoding="utf-8", newline="") as file:
                yield from cut_into_blocks(file.read)
        except UnicodeDecodeError as error:
            raise ValueError(f"{texts} is not UTF-8 text: {error}") from None
    else:
        for text in texts:
            if not isinstance(text, (str, Path)):
                raise TypeError(f"a text is a str or a pathlib.Path, not {type(text).__name__}")
            yield from _blocks(text)


def reader(text):
    """A text -> a function that gives it piece by piece, as the read of an open file does."""
    position = 0

    def read(count):
        nonlocal position
        piece = text[position : position + count]
        position += len(piece)
        return piece

    return read


def _size(texts):
    """Bytes of UTF-8 in `texts`; None if that cannot be known without using the iterable up."""
    if isinstance(texts, str):
        return len(texts.encode("utf-8", errors="replace"))
    if isinstance(texts, Path):
        return texts.stat().st_size
    return sum(map(_size, texts)) if isinstance(texts, (list, tuple)) else None
