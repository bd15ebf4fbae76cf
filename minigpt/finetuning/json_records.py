"""Records of JSON: a list of objects, or one object after the other, each from a line of its own.

The file's content decides which of the two it is, not its name: .json files often hold JSON Lines.
"""

import json
import re
from pathlib import Path

from minigpt.finetuning.records import BadRecord, Record
from minigpt.interchange.json_file import (
    DEEPEST,
    HALF_CHARACTER,
    depth_exceeds,
    has_half_characters,
    unique_names,
)

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
BLANKS = re.compile(r"\s*")
BEGINS_AS_JSON = re.compile(r'\s*(\[\s*)*\{\s*["}]')


def is_json(path, text):
    """Whether a file is to be read as JSON: by its name, or, where that says nothing, by how it begins."""
    suffix = Path(path).suffix.lower()
    return suffix in JSON_SUFFIXES or (
        suffix not in (".csv", ".tsv") and BEGINS_AS_JSON.match(text) is not None
    )


def read_json_records(path, text):
    """The records of a JSON file: what is no object is a record too, whose fields are then no dict.

    path: a Path, which the records name. text: the file's content. Raises ValueError naming file and line
    for broken JSON, for a name that comes twice in one object, and for a list that is not all that the file
    holds.
    """
    parse = json_list if text.lstrip().startswith("[") else json_lines
    may_hold_halves = HALF_CHARACTER.search(text) is not None
    return [checked(Record(value, path, line), may_hold_halves) for value, line in parse(path, text)]


def checked(record, may_hold_halves):
    """The record; a BadRecord in its place where a text in it is none. Raises ValueError for a deep one."""
    if depth_exceeds(record.fields, DEEPEST):
        raise broken(record.path, record.line, RecursionError())
    if may_hold_halves and has_half_characters(record.fields):
        return BadRecord(
            f"{record.where} holds half of a surrogate pair (such as \\ud800), which is no character"
        )
    return record


def json_lines(path, text):
    """Yield every value of JSON Lines and the line it begins in; one may go on over several lines."""
    at, line = 0, 1
    while at < len(text):
        end = end_of_line(text, at)
        if text[at:end].strip():
            try:
                value = decoder.decode(text[at:end])
            except (ValueError, RecursionError) as error:
                value, end = value_over_lines(text, at)
                if end is None:
                    raise broken(path, line, error) from None
            yield value, line
        line += text.count("\n", at, end) + 1
        at = end + 1


def value_over_lines(text, at):
    """The value that begins in the line at `at` and ends with a line, and where that is; else None, None."""
    try:
        value, end = decoder.raw_decode(text, BLANKS.match(text, at).end())
    except (ValueError, RecursionError):
        return None, None
    line_end = end_of_line(text, end)
    return (None, None) if text[end:line_end].strip() else (value, line_end)


def end_of_line(text, at):
    """Where the line that holds text[at] ends: at its \\n, or with the text."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def json_list(path, text):
    """Yield every value of a JSON list and the line it begins in; decoded one by one to know the line.

    A comma after the last value, as hand-written lists have it, is let pass.
    """

    def skip_blanks(at, line):
        end = BLANKS.match(text, at).end()
        return end, line + text.count("\n", at, end)

    at, line = skip_blanks(0, 1)
    at, line = skip_blanks(at + 1, line)  # behind the [
    while text[at : at + 1] != "]":
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            line += text.count("\n", at, getattr(error, "pos", at))
            raise broken(path, line, error) from None
        yield value, line
        line += text.count("\n", at, end)
        at, line = skip_blanks(end, line)
        if text[at : at + 1] == ",":
            at, line = skip_blanks(at + 1, line)
        elif text[at : at + 1] != "]":
            raise ValueError(f"{path}:{line} is not valid JSON: expecting ',' or ']' after an object")
    at, line = skip_blanks(at + 1, line)
    if at < len(text):
        raise ValueError(
            f"{path}:{line}: something follows the list that ends before it: join them into one list, or "
            "write one object a line, as .jsonl files have them"
        )


decoder = json.JSONDecoder(object_pairs_hook=unique_names)


def broken(path, line, error):
    """The error with a sentence for JSON that cannot be read."""
    reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    reason = getattr(error, "msg", reason)
    if reason == "Extra data":
        reason = "more follows in the line where the value has ended"
    return ValueError(f"{path}:{line} is not valid JSON: {reason}")
