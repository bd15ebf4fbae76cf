"""What becomes of records that cannot be used, and how a field becomes a text."""

import pytest

from minigpt.finetuning.records import BadRecord, Record, text_field, text_of_records, usable_records


def record(line=1, **fields):
    return Record(fields, "x.jsonl", line)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Add.", "Add."),
        ("\n \n    return x \n\n", "    return x"),
        ("if x:\r\n    y\rz", "if x:\n    y\nz"),
        (7, "7"),
        (0.5, "0.5"),
    ],
)
def test_a_field_is_a_text_with_plain_line_ends_and_its_indentation(value, text):
    assert text_field(record(output=value), "output") == text


@pytest.mark.parametrize("fields", [{}, {"input": None}, {"input": ""}, {"input": " \n"}])
def test_a_field_may_be_missing_null_or_empty_where_it_is_optional(fields):
    assert text_field(record(**fields), "input", optional=True) == ""


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"a": 1, "b": 2}, r"x\.jsonl:1: the field 'output' is missing \(there are: a, b\)"),
        ({}, r"x\.jsonl:1: the field 'output' is missing \(there are: none\)"),
        ({"output": " \n "}, r"x\.jsonl:1: the field 'output' is empty"),
        ({"output": ["a"]}, r"x\.jsonl:1: the field 'output' is \['a'\] but must be a text"),
        ({"output": True}, r"x\.jsonl:1: the field 'output' is True but must be a text"),
        ({"output": float("nan")}, r"x\.jsonl:1: the field 'output' is nan but must be a text"),
    ],
)
def test_a_field_without_a_text_is_said_with_file_and_line(fields, sentence):
    with pytest.raises(BadRecord, match=sentence):
        text_field(record(**fields), "output")


FILES = {
    "good": [record(1), record(2)],
    "one bad": [record(1), BadRecord("x:2: it is empty")],
    "five bad": [record(1), *(BadRecord(f"y:{i}: it is empty") for i in range(2, 7))],
    "all bad": [BadRecord("z:1: it is empty"), BadRecord("z:2: it is a list")],
    "none": [],
}


def use(*names, strict=False):
    said = []
    return usable_records(names, FILES.get, strict, said.append), said


def test_bad_records_are_counted_and_named_and_left_out():
    assert use("good") == ([record(1), record(2)], [])
    kept, said = use("good", "one bad")
    assert kept == [record(1), record(2), record(1)]
    assert said == [
        "1 of 4 records cannot be used and are left out (--strict: an error):",
        "    x:2: it is empty",
    ]


def test_of_many_bad_records_the_first_three_are_named():
    kept, said = use("five bad")
    assert kept == [record(1)]
    assert said[0].startswith("5 of 6 records cannot be used")
    assert said[1:] == [*(f"    y:{i}: it is empty" for i in (2, 3, 4)), "    and 2 more"]


def test_strict_makes_the_first_bad_record_an_error():
    with pytest.raises(BadRecord, match="y:2: it is empty"):
        use("good", "five bad", strict=True)
    assert use("good", strict=True) == ([record(1), record(2)], [])


def test_no_record_at_all_is_an_error_and_an_empty_file_beside_others_is_said():
    with pytest.raises(ValueError, match="none holds no records: there is nothing to learn from"):
        use("none")
    with pytest.raises(ValueError, match="no record is left of 0: the files are empty"):
        use("none", "none")
    with pytest.raises(ValueError, match="no record is left of 2: z:1: it is empty; z:2: it is a list"):
        use("all bad")
    assert use("none", "good") == ([record(1), record(2)], ["none holds no records"])
    with pytest.raises(ValueError, match="none holds no records"):
        use("none", "good", strict=True)


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.xlsx", "a spreadsheet: save it as CSV"), ("a.YAML", "a YAML file: convert it to .jsonl")],
)
def test_files_that_are_no_text_get_a_sentence_that_helps(tmp_path, name, words):
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(ValueError, match=words):
        text_of_records(tmp_path / name)


def test_a_folder_and_a_missing_file_and_a_byte_that_is_not_utf8_are_named(tmp_path):
    with pytest.raises(ValueError, match="is a folder: name the files in it"):
        text_of_records(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nothing\.tsv"):
        text_of_records(tmp_path / "nothing.tsv")
    (tmp_path / "latin.tsv").write_bytes(b"ham\tcaf\xe9\n")
    with pytest.raises(ValueError, match="is not UTF-8 text: byte 7 is 0xe9"):
        text_of_records(tmp_path / "latin.tsv")
