"""Records from files: labelled texts, instructions, dialogues, preferences; and how they are split.

Every record remembers the file and the line it came from, so that whatever is wrong with it, here or
later, can be said in a sentence that leads there. Three forms of file are read:

    .jsonl        one JSON object a line
    .json         one JSON list of objects
    .csv, .tsv    columns. CSV quotes a field that holds a comma; TSV quotes nothing, a " is a "
                  (the first line names the columns, or is a row already: label, then text)
"""

import csv
import io
import json
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from minigpt.training.text_files import read_chunks

SHARES = (0.7, 0.1, 0.2)  # of records for training, validation and test
LABEL_NAMES = ("label", "category", "class")  # what a column of labels may be called, in any case
TEXT_NAMES = ("text", "message", "sentence", "content")


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


def read_text(path):
    """A whole UTF-8 text file, line ends as \\n. Raises OSError or ValueError as read_chunks does."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}")
    return "".join(read_chunks(path))


def read_json_records(path):
    """The records of a .jsonl or .json file.

    Raises ValueError naming file and line for broken JSON and for what is not an object.
    """
    path, text = Path(path), read_text(path)
    if path.suffix == ".json":
        return [Record(value, path, line) for value, line in parse_json_list(path, text)]
    records = []
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        try:
            value = json.loads(content)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", "it is nested too deeply")
            raise ValueError(f"{path}:{line} is not valid JSON: {reason}") from None
        if not isinstance(value, dict):
            raise ValueError(f"{path}:{line} holds a JSON {type(value).__name__}, not an object")
        records.append(Record(value, path, line))
    return records


def parse_json_list(path, text):
    """Yield every object of a JSON list and the line it begins in; decoded one by one to know the line."""
    decoder = json.JSONDecoder()
    at, line = 0, 1

    def skip_blanks(at, line):
        while at < len(text) and text[at].isspace():
            line += text[at] == "\n"
            at += 1
        return at, line

    at, line = skip_blanks(at, line)
    if text[at : at + 1] != "[":
        raise ValueError(f"{path}:{line}: a .json file must hold a list of objects; is this a .jsonl file?")
    at, line = skip_blanks(at + 1, line)
    while text[at : at + 1] != "]":
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            line += text.count("\n", at, getattr(error, "pos", at))
            reason = getattr(error, "msg", "it is nested too deeply")
            raise ValueError(f"{path}:{line} is not valid JSON: {reason}") from None
        if not isinstance(value, dict):
            raise ValueError(f"{path}:{line} holds a JSON {type(value).__name__}, not an object")
        yield value, line
        line += text.count("\n", at, end)
        at, line = skip_blanks(end, line)
        if text[at : at + 1] == ",":
            at, line = skip_blanks(at + 1, line)
        elif text[at : at + 1] != "]":
            raise ValueError(f"{path}:{line} is not valid JSON: expecting ',' or ']' after an object")


def text_field(record, name, optional=False):
    """The text of a field. ValueError, with file and line, where it is missing, no text, or empty."""
    value = record.fields.get(name)
    if value is None and not optional:
        have = ", ".join(record.fields) or "none"
        raise ValueError(f"{record.where}: the field {name!r} is missing (there are: {have})")
    value = "" if value is None else value
    if not isinstance(value, str):
        raise ValueError(f"{record.where}: the field {name!r} is {value!r:.40} but must be a text")
    if not value.strip() and not optional:
        raise ValueError(f"{record.where}: the field {name!r} is empty")
    return value.strip()


def read_labelled(path):
    """Records with the fields "label" and "text" from a .tsv, .csv, .jsonl or .json file.

    Raises OSError, and ValueError naming file and line for a missing column or field, an empty label or
    text, broken JSON, a row with too few or too many columns.
    """
    path = Path(path)
    if path.suffix in (".jsonl", ".json"):
        records = read_json_records(path)
    elif path.suffix in (".tsv", ".csv"):
        records = read_columns(path)
    else:
        raise ValueError(f"{path} must be a .tsv, .csv, .jsonl or .json file of labels and texts")
    labelled = []
    for record in records:
        names = {name.lower(): name for name in record.fields}
        fields = {}
        for field, known in (("label", LABEL_NAMES), ("text", TEXT_NAMES)):
            name = next((names[name] for name in known if name in names), field)
            value = record.fields.get(name)
            if field == "label" and isinstance(value, int):  # numbered classes, as 0 and 1
                fields[field] = str(value)
            else:
                fields[field] = text_field(record, name)
        labelled.append(Record(fields, record.path, record.line))
    return labelled


def read_columns(path):
    """The rows of a .csv or .tsv file as records, by the names in its first line where it names columns."""
    rows = list(tsv_rows(path) if path.suffix == ".tsv" else csv_rows(path))
    if not rows:
        raise ValueError(f"{path} is empty: there is nothing to learn from it")
    columns = ["label", "text"]
    first = {cell.strip().lower() for cell in rows[0][0]}
    if first & {*LABEL_NAMES, *TEXT_NAMES} and all(len(cell) < 40 for cell in first):
        columns = [cell.strip() for cell in rows.pop(0)[0]]
    for row, line in rows:
        if len(row) != len(columns):
            raise ValueError(
                f"{path}:{line} has {len(row)} columns but must have {len(columns)} ({', '.join(columns)})"
            )
    return [Record(dict(zip(columns, row)), path, line) for row, line in rows]


def tsv_rows(path):
    """Yield the cells of every line that is not blank, and its number."""
    for line, content in enumerate(read_text(path).split("\n"), 1):
        if content.strip():
            yield content.split("\t"), line


def csv_rows(path):
    """Yield the cells of every row that is not blank, and the number of the line where it begins."""
    reader = csv.reader(io.StringIO(read_text(path)), strict=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield row, line
            line = reader.line_num + 1  # a quoted cell may hold line ends
    except csv.Error as error:
        raise ValueError(f"{path}:{line} is not valid CSV: {error}") from None


def read_dialogues(path):
    """Dialogues as records with one field "turns", a list of (role, text); user, assistant or system.

    A .jsonl or .json file holds objects with a list "messages" of {"role", "content"}; a text file holds
    dialogues parted by blank lines, one turn a line, the user's first, then by turns.
    Raises OSError, and ValueError naming file and line.
    """
    path = Path(path)
    if path.suffix in (".jsonl", ".json"):
        return [
            Record({"turns": turns_of_messages(record)}, path, record.line)
            for record in read_json_records(path)
        ]
    dialogues, turns = [], []
    lines = [*read_text(path).split("\n"), ""]
    for number, content in enumerate(lines, 1):
        if content.strip():
            turns.append(("user" if len(turns) % 2 == 0 else "assistant", content.strip()))
        elif turns:
            dialogues.append(Record({"turns": turns}, path, number - len(turns)))
            turns = []
    return dialogues


def turns_of_messages(record):
    """The turns of a record {"messages": [{"role": …, "content": …}, …]}."""
    messages = record.fields.get("messages")
    if not isinstance(messages, list):
        raise ValueError(f"{record.where}: the field 'messages' is missing or no list")
    turns = []
    for message in messages:
        if not isinstance(message, dict):
            raise ValueError(f"{record.where}: a message is {message!r:.40} but must be an object")
        role = message.get("role")
        if role not in ("user", "assistant", "system"):
            raise ValueError(
                f"{record.where}: a message has the role {role!r} but must have user, assistant or system"
            )
        turns.append((role, text_field(Record(message, record.path, record.line), "content")))
    return turns


def same_text_key(text):
    """What two texts have in common that differ in case and spaces alone."""
    return " ".join(text.casefold().split())


def stratified_split(records, key, label, seed, shares=SHARES):
    """Split records for training, validation and test: three lists, each label in its due share of each.

    key(record): records of an equal key, duplicates, go into one split together. label(record): what is
    to be spread evenly; duplicates with several labels go by their first. Splits keep the file's order.
    Raises ValueError, with file and line, for a label of too few different records to be in every split.
    """
    groups = {}  # key -> records, in the file's order
    for record in records:
        groups.setdefault(key(record), []).append(record)
    by_label = {}
    for group in groups.values():
        by_label.setdefault(label(group[0]), []).append(group)
    rng = random.Random(seed)
    splits = [[], [], []]
    for name, label_groups in sorted(by_label.items()):
        if len(label_groups) < 3:
            first = label_groups[0][0]
            raise ValueError(
                f"{first.where}: {name!r} has {len(label_groups)} different records but needs at least 3, "
                "one each for training, validation and test"
            )
        rng.shuffle(label_groups)
        n_records = sum(map(len, label_groups))
        # Groups go to the test split, then to validation, until each has its share; the rest is for training.
        for split, share, left_over in ((2, shares[2], 2), (1, shares[1], 1)):
            taken = 0
            while taken < max(1, round(share * n_records)) and len(label_groups) > left_over:
                group = label_groups.pop()
                taken += len(group)
                splits[split] += group
        splits[0] += [record for group in label_groups for record in group]
    order = {id(record): i for i, record in enumerate(records)}
    return [sorted(split, key=lambda record: order[id(record)]) for split in splits]


def drop_to_equal_counts(records, label, seed):
    """As many records of every label as the rarest has, chosen at random; the file's order is kept."""
    counts = Counter(map(label, records))
    keep = min(counts.values())
    rng = random.Random(seed)
    kept = set()
    for name in sorted(counts):
        of_label = [i for i, record in enumerate(records) if label(record) == name]
        kept.update(rng.sample(of_label, keep))
    return [record for i, record in enumerate(records) if i in kept]
