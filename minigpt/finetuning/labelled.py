"""Labelled texts: records of a label and a text, out of columns or out of JSON.

Which column is which is said by flags, by name or by number from 1; else by the names in the first line or
in the objects, in any order and any case; else there are two columns, the label and then the text. The first
line is no row but names where a name in it decided, or where its label stands in no other row. What was
found is said, so that nobody need guess.
"""

import re
from collections import Counter
from pathlib import Path

from minigpt.finetuning.columns import read_rows
from minigpt.finetuning.json_records import JSON_SUFFIXES, is_json, read_json_records
from minigpt.finetuning.records import (
    BadRecord,
    Record,
    as_text,
    converted,
    fields_of,
    first_name,
    missing_field,
    text_field,
    text_of_records,
)

# What the two columns may be called, the likelier name first; v1 and v2 are those of Kaggle's SMS spam.
LABEL_NAMES = ("label", "labels", "category", "class", "target", "sentiment", "v1")
TEXT_NAMES = ("text", "message", "sentence", "content", "review", "comment", "tweet", "sms", "body", "v2")
WHOLE_NUMBER = re.compile(r"-?[0-9]+(\.0*)?")
SUFFIXES = (*JSON_SUFFIXES, ".csv", ".tsv", ".txt", "")


def read_labelled(path, label_column=None, text_column=None, say=print):
    """Records with the fields "label" and "text", and BadRecords, from a .csv, .tsv or JSON file.

    label_column, text_column: the names of the columns, or their numbers from 1. Where the file has names
    or another delimiter than its kind has, say() is told how it was read.
    Raises OSError, and ValueError naming file and line for a file that cannot be parted into records, and
    for columns that are not there or cannot be told apart.
    """
    path = Path(path)
    text = text_of_records(path)
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{path} must be a .tsv, .csv, .jsonl or .json file of labels and texts")
    if is_json(path, text):
        objects = read_json_records(path, text)
        for column, name in (("--label-column", label_column), ("--text-column", text_column)):
            whole = [record for record in objects if isinstance(record, Record)]
            if name and whole and not any(isinstance(o.fields, dict) and name in o.fields for o in whole):
                names = ", ".join(map(str, fields_of(whole[0]))) or "none"
                raise ValueError(
                    f"{column} is {name} but no record of {path} has it (there are: {names:.200})"
                )
        records = [of_object(record, label_column, text_column) for record in objects]
    else:
        rows, delimiter = read_rows(path, text)
        records = of_rows(path, rows, delimiter, label_column, text_column, say) if rows else []
    return with_whole_numbers(converted(records, checked))


def checked(record):
    """A record with its label and its text as texts. Raises BadRecord for one that lacks either."""
    label = record.fields.get("label")
    if isinstance(label, bool):
        label = str(label)
    label = as_text(record, "label", "" if label is None else label).strip()
    if not label:
        raise BadRecord(f"{record.where}: the field 'label' is empty")
    return Record({"label": label, "text": text_field(record, "text").strip()}, record.path, record.line)


def of_object(record, label_column, text_column):
    """A record of JSON with the names "label" and "text"; or a BadRecord where it has no such fields."""
    if isinstance(record, BadRecord):
        return record
    try:
        fields = fields_of(record)
        found = {}
        for field, given, known in (("label", label_column, LABEL_NAMES), ("text", text_column, TEXT_NAMES)):
            name = given or first_name(fields, known) or field
            if fields.get(name) is None:
                hint = "" if name in fields else f": --{field}-column says which it is"
                raise missing_field(record, name, hint)
            found[field] = fields[name]
    except BadRecord as error:
        return error
    return Record(found, record.path, record.line)


def of_rows(path, rows, delimiter, label_column, text_column, say):
    """The rows as records with the fields "label" and "text", without the line of names."""
    label, text, has_names = find_columns(path, rows, label_column, text_column)
    names = rows[0].cells
    names = names + [""] * (1 + max(label, text) - len(names))  # where the first line is the shorter one
    if has_names or delimiter != {".csv": "commas", ".tsv": "tabs"}.get(path.suffix.lower()):
        called = ([f" ({names[column]})" for column in (label, text)]) if has_names else ["", ""]
        say(
            f"{path}: columns parted by {delimiter}; labels in column {label + 1}{called[0]}, "
            f"texts in column {text + 1}{called[1]}{'' if has_names else '; no line of names'}"
        )
    width = len(names)
    records = []
    for row in rows[has_names:]:
        cells = row.cells
        while len(cells) > width and not cells[-1]:
            cells = cells[:-1]
        if len(cells) > width or any(names[len(cells) :]):  # columns without a name may be missing
            listed = ", ".join(name for name in names if name) if has_names else "as its first line has"
            sentence = f"{path}:{row.line} has {len(cells)} columns but must have {width} ({listed:.80})"
            quote = path.suffix.lower() == ".csv" and len(cells) > width
            records.append(BadRecord(sentence + ": a delimiter in a text needs quotes around it" * quote))
        else:
            cells = cells + [""] * (width - len(cells))
            records.append(Record({"label": cells[label], "text": cells[text]}, path, row.line))
    return records


def find_columns(path, rows, label_column, text_column):
    """The places of the label and of the text among a row's cells, and whether the first row is names."""
    names = rows[0].cells
    widths = [max(i + 1 for i, cell in enumerate(row.cells) if cell) for row in rows]  # without empty ends
    n_columns = max(2, widths[0], Counter(widths).most_common(1)[0][0])
    way_out = "say with --label-column and --text-column which are meant, by name or by number from 1"
    if all(len(row.cells) == 1 for row in rows):
        raise ValueError(
            f"{path} must be a .tsv, .csv, .jsonl or .json file of labels and texts: line {rows[0].line} is "
            "one column, which no comma, semicolon, tab or bar parts"
        )
    label, label_named = place(path, names, label_column, LABEL_NAMES, "--label-column")
    text, text_named = place(path, names, text_column, TEXT_NAMES, "--text-column")
    if n_columns == 2 and (label is None) != (text is None):
        label, text = (1 - text, text) if label is None else (label, 1 - label)
        no_flag = label_column is None and text_column is None
        if no_flag and any(row.cells[:1] == names[:1] for row in rows[1:]):
            return 0, 1, False  # a label, or a text, that happens to be called like a column
    if label is None and text is None and n_columns == 2:
        if stands_alone(rows, 0):
            raise ValueError(
                f"{path}:{rows[0].line} seems to name the columns ({', '.join(names[:2])}), but it does not "
                f"say which holds the labels: {way_out}"
            )
        return 0, 1, False
    if label is None or text is None:
        listed = ", ".join(name or "(no name)" for name in names[:n_columns])
        raise ValueError(f"{path} has {n_columns} columns ({listed:.200}): {way_out}")
    if max(label, text) >= len(names):
        raise ValueError(
            f"{path}:{rows[0].line} names {len(names)} of {n_columns} columns: name all of them, or none"
        )
    if label == text:
        raise ValueError(f"--label-column and --text-column are both column {label + 1} of {path}")
    return label, text, label_named or text_named or stands_alone(rows, label)


def place(path, names, given, known, flag):
    """The column that a flag gives, or else that is called by a known name: its place, whether by name."""
    lower = [name.lower() for name in names]
    if given and given.isdecimal():  # never a name: a cell of a file without names may well be a number
        if not 1 <= int(given) <= len(names):
            raise ValueError(f"{flag} is {given} but {path} has the columns 1 to {len(names)}")
        return int(given) - 1, lower[int(given) - 1] in LABEL_NAMES + TEXT_NAMES
    for name in known if given is None else [given]:
        n = lower.count(name.lower())
        if n > 1:
            raise ValueError(f"{path} has {n} columns called {name!r}: say with {flag} N which, from 1")
        if n == 1:
            return lower.index(name.lower()), True
    if given is None:
        return None, False
    listed = ", ".join(name or "(no name)" for name in names)
    raise ValueError(f"{flag} is {given} but {path} has no such column (its first line: {listed:.200})")


def stands_alone(rows, column):
    """Whether the first row's label is the only one that stands in a single row: then it is a name."""
    counts = Counter(row.cells[column] for row in rows if column < len(row.cells))
    alone = [label for label, count in counts.items() if count == 1]
    return len(counts) > 1 and len(alone) == 1 and alone == rows[0].cells[column : column + 1]


def with_whole_numbers(records):
    """Labels 0.0, 1.0, … as 0, 1, …, where all of a file's labels are whole numbers."""
    labels = [record.fields["label"] for record in records if isinstance(record, Record)]
    if not all(WHOLE_NUMBER.fullmatch(label) for label in labels):
        return records

    def whole(record):
        label = record.fields["label"].partition(".")[0]
        return Record(record.fields | {"label": label}, record.path, record.line)

    return converted(records, whole)


def ordered_labels(labels):
    """Different labels in their order: numbers by their value, 2 before 10; else by their letters."""
    different = set(labels)
    numbers = all(map(is_number, different))
    return sorted(different, key=lambda label: (float(label) if numbers else 0.0, label))


def is_number(label):
    """Whether a label is a finite number in ordinary digits, as 3, -1 or 0.5."""
    digits = label.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit()
