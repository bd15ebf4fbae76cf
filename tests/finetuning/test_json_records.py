"""JSON as a list and as lines: where each record begins, and sentences for what is broken."""

import pytest

from minigpt.finetuning.json_records import is_json, read_json_records
from minigpt.training.text_files import read_text


def read(tmp_path, text, name="a.jsonl"):
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    return [(record.fields, record.line) for record in read_json_records(path, read_text(path))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("[]", []),
        (" \n\n", []),
        ('{"a": 1}\n\n{"a": 2}', [({"a": 1}, 1), ({"a": 2}, 3)]),
        ('\ufeff{"a": 1}\r\n{"a": 2}\r\n', [({"a": 1}, 1), ({"a": 2}, 2)]),
        ('{\n "a": 1\n}\n{\n "a": 2\n}\n\n{"a": 3}\n', [({"a": 1}, 1), ({"a": 2}, 4), ({"a": 3}, 8)]),
        ('{"a": "b\u2028c"}\n{"a": "\\u0085"}', [({"a": "b\u2028c"}, 1), ({"a": "\x85"}, 2)]),
        ('[\n {"a":\n 1},\n {"a": 2}]\n', [({"a": 1}, 2), ({"a": 2}, 4)]),
        ('[{"a": 1},\n{"a": 2},\n]', [({"a": 1}, 1), ({"a": 2}, 2)]),
        ('[1,\n "b",\n [{"a": 1}]]', [(1, 1), ("b", 2), ([{"a": 1}], 3)]),
        ('{"a": 1}\n7\n', [({"a": 1}, 1), (7, 2)]),
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.JSONL", "a.ndjson"])
def test_the_content_says_whether_it_is_a_list_or_lines(tmp_path, name, text, expected):
    assert read(tmp_path, text, name) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"a": "b"}\n{"a": \n', "a.jsonl:2 is not valid JSON: Expecting value"),
        ('{"a": 1}\n\n{"a": 1} {"a": 2}\n', "a.jsonl:3 is not valid JSON: more follows in the line"),
        ('[\n{"a": 1}\n{"b": 2}]', r"a.jsonl:3 is not valid JSON: expecting ',' or '\]'"),
        ('[\n{"a": 1},\n{"b"}]', "a.jsonl:3 is not valid JSON"),
        ('[{"a": 1},', "a.jsonl:1 is not valid JSON: Expecting value"),
        ('[{"a": 1}', "a.jsonl:1 is not valid JSON: expecting"),
        ('[{"a": 1}]\n\n[{"a": 2}]', "a.jsonl:3: something follows the list that ends before it"),
        ('[{"a": 1}]\n{"a": 2}', "a.jsonl:2: something follows the list"),
        ('[{"a": 1}]]', "a.jsonl:1: something follows the list"),
        ('{"a": 1}\n{"a": 1, "b": 2, "a": 3}', "a.jsonl:2 is not valid JSON: the name 'a' comes twice"),
        ('[{"a": 1},\n{"a": 1, "a": 3}]', "a.jsonl:2 is not valid JSON: the name 'a' comes twice"),
        ("[" * 100_000, "a.jsonl:1 is not valid JSON: it is nested too deeply"),
        ('{"a":' + "[" * 100_000, "a.jsonl:1 is not valid JSON: it is nested too deeply"),
    ],
)
def test_broken_json_is_said_with_file_and_line(tmp_path, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.json", "", True),
        ("a.NDJSON", "", True),
        ("a", '{"label": 1}', True),
        ("a", '\n[\n{"label": 1}]', True),
        ("a.txt", '[{"label": 1}]', True),
        ("a.csv", '{"label": 1}', False),
        ("a.TSV", '{"label": 1}', False),
        ("a", "[Music]\nHello", False),
        ("a", "{name}\tHello", False),
    ],
)
def test_a_name_that_says_nothing_leaves_it_to_the_content(name, text, expected):
    assert is_json(name, text) == expected
