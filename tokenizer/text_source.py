"""Where training text comes from: strings, files, or any iterable of them, as blocks of bounded size.

A text of gigabytes passes through in blocks of about a million characters, cut where the cut does not change
the pre-tokens, so that the memory needed does not grow with the text.
"""

from pathlib import Path

from tokenizer.patterns import seam_before

BLOCK = 1_000_000  # characters


def text_blocks(texts, progress=False):
    """Yield the text of `texts` in blocks: a str, a pathlib.Path of a UTF-8 file, or an iterable of these.

    Two texts never share a block. progress=True shows a bar (tqdm) of the bytes that have been read.
    OSError if a file cannot be read, ValueError if it is not UTF-8, TypeError for anything else.
    """
    blocks = _blocks(texts)
    if not progress:
        yield from blocks
        return
    from tqdm import tqdm  # imported where it is needed: importing tokenizer stays fast

    with tqdm(total=_size(texts), unit="B", unit_scale=True, desc="reading", dynamic_ncols=True) as bar:
        for block in blocks:
            yield block
            bar.update(_size(block))


def cut_into_blocks(read):
    """Yield the text behind `read` (a function from a number to as many characters) in blocks."""
    rest = read(BLOCK)
    while following := read(BLOCK):
        seam = seam_before(rest)
        if seam:
            yield rest[:seam]
        rest = rest[seam:] + following
    if rest:
        yield rest


def _blocks(texts):
    if isinstance(texts, str):
        yield from cut_into_blocks(_reader(texts))
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


def _reader(text):
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
