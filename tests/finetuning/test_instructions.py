"""Instructions in the forms that are written today become an instruction, an input and an output."""

import json

import pytest

from minigpt.finetuning.instructions import read_instructions
from minigpt.finetuning.records import BadRecord


def read(tmp_path, text, name="i.jsonl"):
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    return read_instructions(path)


RECORD = {"instruction": "Add.", "input": "1 + 2", "output": "3"}
ALONE = RECORD | {"input": ""}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (RECORD | {"id": 7}, RECORD),
        (RECORD | {"input": None}, ALONE),
        (RECORD | {"input": " "}, ALONE),
        ({"instruction": "Add.", "output": 3}, ALONE),
        ({"instruction": "Add.", "context": "1 + 2", "response": "3", "category": "x"}, RECORD),
        ({"Prompt": "Add.", "completion": "3"}, ALONE),
        ({"question": "Add.", "answer": "3"}, ALONE),
        ({"instruction": None, "prompt": "Add.", "output": "3"}, ALONE),
        (RECORD | {"kind": " sum "}, RECORD | {"kind": "sum"}),
        (RECORD | {"kind": 3}, RECORD),
        (RECORD | {"kind": ""}, RECORD),
        ({"instruction": "Add.", "output": "", "response": "3", "input": ""}, None),
        (
            {"instruction": "Indent:\r\nx", "input": "  y\n", "output": "\n    x\r\n    y\n"},
            {"instruction": "Indent:\nx", "input": "  y", "output": "    x\n    y"},
        ),
    ],
)
def test_an_instruction_is_read_in_every_form(tmp_path, fields, expected):
    (record,) = read(tmp_path, json.dumps(fields))
    if expected is None:
        assert str(record).endswith("i.jsonl:1: the field 'output' is empty")
    else:
        assert record.fields == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("i.csv", "id,instruction,input,output\n1,Add.,1 + 2,3\n2,Add.,,3\n"),
        ("i.tsv", "output\tInstruction\tinput\n3\tAdd.\t1 + 2\n3\tAdd.\t\n"),
        ("i.csv", 'instruction;input;output\nAdd.;"1 + 2";3\nAdd.;;3\n'),
    ],
)
def test_columns_are_read_by_the_names_in_their_first_line(tmp_path, name, text):
    assert [(record.fields, record.line) for record in read(tmp_path, text, name)] == [
        (RECORD, 2),
        (ALONE, 3),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"instruction": "a", "output": ""}', "i.jsonl:1: the field 'output' is empty"),
        ('{"instruction": "a"}', "i.jsonl:1: the field 'output' is missing (there are: instruction)"),
        ('{"output": "a"}', "i.jsonl:1: the field 'instruction' is missing (there are: output)"),
        (
            '{"instruction": "a", "input": [1], "output": "b"}',
            "i.jsonl:1: the field 'input' is [1] but must be a text",
        ),
        ('{"messages": []}', "i.jsonl:1 is a dialogue, as --task chat learns them"),
        ("[1]", "i.jsonl:1 holds a JSON int, not an object"),
    ],
)
def test_what_is_missing_is_said(tmp_path, text, sentence):
    (record,) = read(tmp_path, text)
    assert isinstance(record, BadRecord)
    assert str(record) == f"{tmp_path}/{sentence}"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "i.txt",
            "Add.\n3\n",
            r"i\.txt must be a \.jsonl or \.json file, or a \.csv or \.tsv that names its columns",
        ),
        ("i.csv", "output,output\na,b\n", r"i\.csv:1 must name its columns, but 'output' stands in it twice"),
    ],
)
def test_a_file_that_holds_no_records_by_name_is_refused(tmp_path, name, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        read(tmp_path, text, name)


def test_a_row_of_another_length_is_named(tmp_path):
    good, bad = read(tmp_path, "instruction,output\na,b\na,b,c\n", "i.csv")
    assert good.fields["output"] == "b"
    assert str(bad) == f"{tmp_path}/i.csv:3 has 3 columns but must have 2"
