"""Instructions: records of an instruction, perhaps an input, and the output that is wanted.

The names of the fields are those of the Alpaca data (Taori et al., 2023), or those that others write in
their place. Files are JSON, or columns whose names stand in the first line.
"""

from pathlib import Path

from minigpt.finetuning.columns import read_rows
from minigpt.finetuning.json_records import is_json, read_json_records
from minigpt.finetuning.records import (
    BadRecord,
    Record,
    converted,
    fields_of,
    first_name,
    text_field,
    text_of_records,
)
from minigpt.terminal import quoted

NAMES = {
    "instruction": ("instruction", "prompt", "question"),
    "input": ("input", "context"),
    "output": ("output", "response", "completion", "answer"),
}


def read_instructions(path):
    """Records with the fields "instruction", "input" ("" where there is none) and "output", and BadRecords.

    A text "kind" is kept as a field where there is one: the answers of each kind are measured apart.

    Raises OSError, and ValueError naming file and line for a file that cannot be parted into records.
    """
    return converted(read_named_records(path), instruction_of)


def instruction_of(record):
    """A record with its three texts. Raises BadRecord where instruction or output is missing or empty."""
    fields = fields_of(record)
    if "messages" in fields or "conversations" in fields:
        raise BadRecord(f"{record.where} is a dialogue, as --task chat learns them")
    texts = {}
    for field, names in NAMES.items():
        name = first_name(fields, names) or field
        texts[field] = text_field(record, name, optional=field == "input")
    kind = fields.get("kind")
    if isinstance(kind, str) and kind.strip():
        texts["kind"] = kind.strip()
    return Record(texts, record.path, record.line)


def read_named_records(path):
    """The records of a JSON file, or of columns by the names in their first line: all fields that there are.

    Raises OSError, and ValueError naming file and line for a file of another kind or a broken one.
    """
    path = Path(path)
    text = text_of_records(path)
    if is_json(path, text):
        return read_json_records(path, text)
    if path.suffix.lower() not in (".csv", ".tsv"):
        raise ValueError(f"{path} must be a .jsonl or .json file, or a .csv or .tsv that names its columns")
    rows, _ = read_rows(path, text)
    if not rows:
        return []
    names = [name.lower() for name in rows[0].cells]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"{path}:{rows[0].line} must name its columns, but {quoted(twice)} stands in it twice"
        )
    records = []
    for row in rows[1:]:
        if len(row.cells) == len(names):
            records.append(Record(dict(zip(names, row.cells)), path, row.line))
        else:
            sentence = f"{path}:{row.line} has {len(row.cells)} columns but must have {len(names)}"
            records.append(BadRecord(sentence))
    return records
