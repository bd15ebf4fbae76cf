"""What a file that is not UTF-8 may be instead, so that its owner knows what to save it from.

A byte order mark says it, and so do NULs in every other place. Else a guess is made for Chinese: read in the
right encoding, a text of any length is full of the most frequent characters, and in a wrong one it is not.
What is mostly ASCII and otherwise all letters of Windows-1252 is taken for that.
"""

import codecs
from pathlib import Path

SAMPLE_BYTES = 1 << 16
UTF_16, UTF_32 = "UTF-16 ({}-endian)", "UTF-32"
# More than every tenth character of a Chinese text is one of these, the most frequent ones.
SIMPLIFIED = "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里，。"
TRADITIONAL = "的一是了我不人在他有這個上們來到時大地為子中你說生國年著就那和要她出也得裡，。"
CHINESE = {
    "gb18030": ("GB18030 (or GBK)", SIMPLIFIED),
    "big5": ("Big5", TRADITIONAL),
    "utf-16-le": (UTF_16.format("little"), SIMPLIFIED + TRADITIONAL),
    "utf-16-be": (UTF_16.format("big"), SIMPLIFIED + TRADITIONAL),
}


def not_utf8(path, at, byte, reason):
    """The ValueError for a file whose byte `at` is no UTF-8, or is no text."""
    encoding = likely_encoding(path, at)
    if encoding:
        advice = f"it looks like {encoding}: save it as UTF-8"
    elif byte == 0:
        advice = "it is no text, or a damaged one: take the NULs out"
    else:
        advice = "save it as UTF-8"
    return ValueError(f"{path} is not UTF-8 text: byte {at} is 0x{byte:02x} ({reason}): {advice}")


def likely_encoding(path, at):
    """What the encoding of a file looks like whose byte `at` is no UTF-8; "" where that cannot be told."""
    if not Path(path).is_file():  # standard input, or a pipe: it can be read once
        return ""
    with open(path, "rb") as file:
        head = file.read(SAMPLE_BYTES)
        file.seek(at)
        sample = file.read(SAMPLE_BYTES)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return UTF_32
    for mark, order in ((codecs.BOM_UTF16_LE, "little"), (codecs.BOM_UTF16_BE, "big")):
        if head.startswith(mark):
            return UTF_16.format(order)
    # Blanks, line ends and Latin letters are a byte and a NUL in UTF-16: every other byte is often 0.
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even + odd > len(head) // 20:
        if min(even, odd) <= max(even, odd) // 20:
            return UTF_16.format("big" if even > odd else "little")
        return UTF_32 if even + odd > len(head) // 2 else ""
    for codec, (name, frequent) in CHINESE.items():
        text = (head if codec.startswith("utf-16") else sample).decode(codec, errors="ignore")
        foreign = [letter for letter in text if letter > "\x7f"]
        if sum(letter in frequent for letter in foreign) > len(foreign) / 10:
            return name
    n_foreign = sum(byte > 0x7F for byte in sample)
    try:
        western = all(letter.isprintable() or letter.isspace() for letter in sample.decode("cp1252"))
    except UnicodeDecodeError:
        western = False
    return "Latin-1 (or Windows-1252)" if western and n_foreign < len(sample) / 3 else ""
