"""A record: the fields of one example, and the line where it stands in which file.

Every record remembers where it came from, so that whatever is wrong with it, here or later, can be said in
a sentence that leads there. A record that cannot be used is a BadRecord: it stands among the others until
somebody decides, with usable_records, whether it is left out or ends the run. What makes a whole file
unreadable (broken JSON, a byte that is not UTF-8) is a ValueError at once.

What a file's records are is said in json_records.py and columns.py; what they mean, in labelled.py,
instructions.py, conversations.py and preferences.py.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from minigpt.finetuning.prompt_format import trimmed
from minigpt.training.text_files import read_text

N_NAMED = 3  # of the records that cannot be used, so many are named
# What people have beside text, and what they can do about it.
NO_TEXT = {
    ".xlsx": "a spreadsheet: save it as CSV in UTF-8",
    ".xls": "a spreadsheet: save it as CSV in UTF-8",
    ".ods": "a spreadsheet: save it as CSV in UTF-8",
    ".parquet": "a Parquet file: convert it to .jsonl, as datasets' to_json does",
    ".arrow": "an Arrow file: convert it to .jsonl, as datasets' to_json does",
    ".zip": "an archive: unpack it first",
    ".gz": "an archive: unpack it first",
    ".yaml": "a YAML file: convert it to .jsonl, one JSON object a line",
    ".yml": "a YAML file: convert it to .jsonl, one JSON object a line",
}


@dataclass(frozen=True)
class Record:
    """The fields of one record, a dict from names to values, and where it stands."""

    fields: dict
    path: Path
    line: int

    @property
    def where(self):
        """FILE:LINE, the way compilers and editors write it."""
        return f"{self.path}:{self.line}"


class BadRecord(ValueError):
    """Why one record cannot be used, a sentence that begins with its file and line."""


def text_of_records(path):
    """The whole text of a file of records, as read_text reads it; what cannot be one is refused by its kind.

    Raises OSError, and ValueError for a folder, for a file that holds no text, and as read_chunks does.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name the files in it")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    kind = NO_TEXT.get(path.suffix.lower())
    if kind:
        raise ValueError(f"{path} is {kind}")
    return read_text(path)


def converted(records, convert):
    """convert(record) of every record; in the place of one where it raises BadRecord stands the BadRecord."""
    results = []
    for record in records:
        try:
            if isinstance(record, BadRecord):
                raise record
            results.append(convert(record))
        except BadRecord as error:
            results.append(error)
    return results


def usable_records(paths, read, strict=False, say=print):
    """The records that read(path) finds in the files; how many of them cannot be used is said, and why.

    read returns a list of Records and BadRecords. With strict the first of the latter is raised.
    Raises ValueError where no record is left.
    """
    found = []
    for path in paths:
        records = read(path)
        if not records:
            sentence = f"{path} holds no records"
            if strict or len(paths) == 1:
                raise ValueError(f"{sentence}: there is nothing to learn from")
            say(sentence)
        found += records
    bad = [record for record in found if isinstance(record, BadRecord)]
    if strict and bad:
        raise bad[0]
    if len(bad) == len(found):
        reasons = "; ".join(map(str, bad[:N_NAMED])) or "the files are empty"
        raise ValueError(f"no record is left of {len(found):,}: {reasons}")
    if bad:
        say(f"{len(bad):,} of {len(found):,} records cannot be used and are left out (--strict: an error):")
        for error in bad[:N_NAMED]:
            say(f"    {error}")
        if len(bad) > N_NAMED:
            say(f"    and {len(bad) - N_NAMED:,} more")
    return [record for record in found if not isinstance(record, BadRecord)]


def fields_of(record):
    """A record's fields. Raises BadRecord where it is no object."""
    if not isinstance(record.fields, dict):
        kind = type(record.fields).__name__
        raise BadRecord(f"{record.where} holds a JSON {kind}, not an object")
    return record.fields


def missing_field(record, name, hint=""):
    """The BadRecord for a field that a record lacks: it says which fields there are, and then the hint."""
    have = ", ".join(map(str, record.fields)) or "none"
    return BadRecord(f"{record.where}: the field {name!r} is missing (there are: {have:.200}){hint}")


def text_field(record, name, optional=False):
    """The text of a field, trimmed; "" where it is optional and missing, null or empty.

    A number is the text that it is written as. Raises BadRecord for a field that is missing, empty, or
    neither a text nor a number.
    """
    value = fields_of(record).get(name)
    if value is None and not optional:
        raise missing_field(record, name)
    text = trimmed(as_text(record, name, "" if value is None else value))
    if not text.strip() and not optional:
        raise BadRecord(f"{record.where}: the field {name!r} is empty")
    return text


def as_text(record, name, value):
    """A value as text: a number as JSON writes it. Raises BadRecord for anything but texts and numbers."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < math.inf:
        return json.dumps(value)
    raise BadRecord(f"{record.where}: the field {name!r} is {value!r:.40} but must be a text")


def first_name(fields, names):
    """The first of the names that the fields have with a value, in any case; None where they have none."""
    known = {name.lower(): name for name in fields if isinstance(name, str)}
    have = [known[name] for name in names if name in known]
    return next((name for name in have if fields[name] is not None), have[0] if have else None)
