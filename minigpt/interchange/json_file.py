"""One reader for small JSON files, which are the words of whoever wrote them and can say anything.

    content = read_json(path, {"format": TEXT, "step": whole(0)}, required=("step",))

What is read is bounded in bytes and in depth; a name that comes twice, half of a surrogate pair, and a value
that is not what its key must be are refused, in a sentence that names the file and the key. A key that is
not spoken of may hold anything.
"""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minigpt.terminal import quoted

LARGEST = 64 << 20  # bytes; the tokenizer.json of GPT-2 has 4 MB
LARGEST_SMALL = 1 << 20  # of a file of settings
DEEPEST = 32  # levels of lists and objects
LARGEST_NUMBER = 2**63 - 1
HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")  # in the text of JSON: perhaps of a whole pair


@dataclass(frozen=True)
class Kind:
    """What a value must be: in words, and as a function of the value."""

    words: str
    holds: Any


def whole(least, most=LARGEST_NUMBER):
    """The whole numbers from `least` to `most`; true and false are none."""
    end = f"of at least {least:,}" if most == LARGEST_NUMBER else f"from {least:,} to {most:,}"
    return Kind(f"a whole number {end}", lambda value: type(value) is int and least <= value <= most)


def either(*kinds):
    """A value that is one of several kinds."""
    words = " or ".join(kind.words for kind in kinds)
    return Kind(words, lambda value: any(kind.holds(value) for kind in kinds))


def list_of(kind, many):
    """A list of a kind; `many`: what its entries are called."""
    return Kind(f"a list of {many}", lambda value: isinstance(value, list) and all(map(kind.holds, value)))


def is_number(value):
    """Whether a value out of JSON is a finite number that fits a float; true and false are none."""
    if type(value) is int:
        return abs(value) <= LARGEST_NUMBER
    return type(value) is float and math.isfinite(value)


TEXT = Kind("a text", lambda value: isinstance(value, str))
TRUTH = Kind("true or false", lambda value: isinstance(value, bool))
NUMBER = Kind("a number", is_number)
OBJECT = Kind("an object", lambda value: isinstance(value, dict))
NULL = Kind("null", lambda value: value is None)
TEXTS = list_of(TEXT, "texts")


def read_json(path, kinds=None, required=(), largest=LARGEST):
    """A JSON file that holds an object -> dict. Raises OSError, and ValueError for anything else.

    kinds: a dict from a key to the Kind that its value must be of, where the key is there. required: the
    keys that must be.
    """
    content = parse_json(read_bounded(path, largest), path)
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold a JSON object, not a {type(content).__name__}")
    check_fields(path, content, kinds or {}, required)
    return content


def read_bounded(path, largest):
    """The text of a UTF-8 file of at most so many bytes. Raises OSError or ValueError."""
    with open(Path(path), "rb") as file:
        content = file.read(largest + 1)  # what is no file, as /dev/zero, has no size but no end either
    if len(content) > largest:
        raise ValueError(f"{path} has more than {largest:,} bytes, and is not read")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not valid JSON: it is not UTF-8 text ({error})") from None


def parse_json(text, place):
    """The value of a JSON text. Raises ValueError, in which `place` is where the text was found."""
    try:
        value = json.loads(text, object_pairs_hook=unique_names)
        too_deep = depth_exceeds(value, DEEPEST)
    except RecursionError:
        too_deep = True
    except ValueError as error:
        raise ValueError(f"{place} is not valid JSON: {error}") from None
    if too_deep:
        raise ValueError(f"{place} is not valid JSON: it is nested more than {DEEPEST} levels deep")
    if HALF_CHARACTER.search(text) and has_half_characters(value):
        raise ValueError(
            f"{place} holds half of a surrogate pair (such as \\ud800), which is no character: write the "
            "whole pair, or the character itself"
        )
    return value


def unique_names(pairs):
    """A JSON object as a dict. Raises ValueError for a name that comes twice: one value would be lost."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise ValueError(f"the name {quoted(twice)} comes twice in one object")
    return fields


def depth_exceeds(value, most):
    """Whether lists and objects lie in each other more than `most` levels deep."""
    level = [value]
    for _ in range(most + 1):
        level = [item for item in level if isinstance(item, (dict, list))]
        if not level:
            return False
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    return True


def has_half_characters(value):
    """Whether a text in a value out of JSON holds half of a surrogate pair, which no UTF-8 can write."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def check_fields(place, content, kinds, required=()):
    """Raise ValueError for a key of a dict that is missing, or whose value is of another kind."""
    for name, kind in kinds.items():
        if name in content and not kind.holds(content[name]):
            raise ValueError(f"{place}: {name} is {quoted(content[name])} but must be {kind.words}")
    for name in required:
        if name not in content:
            raise ValueError(f"{place} is damaged: {name!r} is missing")
