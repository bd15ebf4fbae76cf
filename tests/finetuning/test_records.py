"""Reading records, with the sentences for what is wrong in a file; splitting and balancing them."""

import json
from collections import Counter

import pytest

from minigpt.finetuning.records import (
    Record,
    drop_to_equal_counts,
    read_dialogues,
    read_json_records,
    read_labelled,
    same_text_key,
    stratified_split,
    text_field,
)


def written(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    return path


def labelled(records):
    return [(record.fields["label"], record.fields["text"], record.line) for record in records]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.tsv", "ham\tHi\nspam\tWin!\n", [("ham", "Hi", 1), ("spam", "Win!", 2)]),
        ("a.tsv", 'ham\t"Hi, she said\n\nspam\t五折"\n', [("ham", '"Hi, she said', 1), ("spam", '五折"', 3)]),
        ("a.tsv", "Label\tText\r\nham\tHi\r\n", [("ham", "Hi", 2)]),
        ("a.tsv", "text\tlabel\nHi\tham\n", [("ham", "Hi", 2)]),
        (
            "a.tsv",
            "ham\tone\u2028line\x85still\nham\tx\n",
            [("ham", "one\u2028line\x85still", 1), ("ham", "x", 2)],
        ),
        ("a.csv", 'ham,"Hi, you"\nspam,Win\n', [("ham", "Hi, you", 1), ("spam", "Win", 2)]),
        (
            "a.csv",
            'class,id,message\nham,1,"two\nlines"\nspam,2,W\n',
            [("ham", "two\nlines", 2), ("spam", "W", 4)],
        ),
        (
            "a.jsonl",
            '{"label": "ham", "text": "Hi"}\n\n{"label": 1, "text": "W"}',
            [("ham", "Hi", 1), ("1", "W", 3)],
        ),
        (
            "a.json",
            '[\n {"label": "a",\n  "text": "b"},\n {"label": "c", "text": "d"}]',
            [("a", "b", 2), ("c", "d", 4)],
        ),
        ("a.json", "[]", []),
        ("a.tsv", "\ufeffham\tHi\n", [("ham", "Hi", 1)]),
    ],
)
def test_labelled_texts_are_read_with_the_line_they_stand_in(tmp_path, name, text, expected):
    assert labelled(read_labelled(written(tmp_path, name, text))) == expected


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.tsv", "ham\tHi\nspam\n", r"a\.tsv:2 has 1 columns but must have 2 \(label, text\)"),
        ("a.tsv", "ham\ta\tb\n", r"a\.tsv:1 has 3 columns"),
        ("a.tsv", "\n\n", r"a\.tsv is empty"),
        ("a.tsv", "ham\tHi\nham\t  \n", r"a\.tsv:2: the field 'text' is empty"),
        ("a.tsv", "\tHi\n", r"a\.tsv:1: the field 'label' is empty"),
        (
            "a.tsv",
            "label\tbody\nham\tHi\n",
            r"a\.tsv:2: the field 'text' is missing \(there are: label, body\)",
        ),
        ("a.csv", 'ham,"open\nspam,x\n', r"a\.csv:1 is not valid CSV: unexpected end of data"),
        (
            "a.jsonl",
            '{"label": "a", "text": "b"}\n{"label": \n',
            r"a\.jsonl:2 is not valid JSON: Expecting value",
        ),
        ("a.jsonl", '{"label": "a"}\n', r"a\.jsonl:1: the field 'text' is missing \(there are: label\)"),
        ("a.jsonl", '{"label": "a", "text": 7}\n', r"a\.jsonl:1: the field 'text' is 7 but must be a text"),
        ("a.jsonl", "[1]\n", r"a\.jsonl:1 holds a JSON list, not an object"),
        ("a.json", '{"label": "a"}\n', r"a\.json:1: a \.json file must hold a list of objects"),
        (
            "a.json",
            '[\n{"label": "a"}\n{"label": "b"}]',
            r"a\.json:3 is not valid JSON: expecting ',' or '\]'",
        ),
        ("a.json", '[\n{"label": "a"},\n{"label"}]', r"a\.json:3 is not valid JSON"),
        ("a.json", '[{"label": "a"},', r"a\.json:1 is not valid JSON"),
        ("a.json", "[1]", r"a\.json:1 holds a JSON int, not an object"),
        ("a.jsonl", "[" * 100_000, r"a\.jsonl:1 is not valid JSON: it is nested too deeply"),
        ("a.json", '[{"a":' + "[" * 100_000, r"a\.json:1 is not valid JSON: it is nested too deeply"),
        ("a.txt", "ham Hi", r"a\.txt must be a \.tsv, \.csv, \.jsonl or \.json file"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path, name, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_labelled(written(tmp_path, name, text))


def test_a_missing_file_and_a_byte_that_is_not_utf8_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nothing\.tsv"):
        read_labelled(tmp_path / "nothing.tsv")
    (tmp_path / "latin.tsv").write_bytes(b"ham\tcaf\xe9\n")
    with pytest.raises(ValueError, match="is not UTF-8 text: byte 7 is 0xe9"):
        read_labelled(tmp_path / "latin.tsv")


def test_a_field_may_be_left_out_where_it_is_optional(tmp_path):
    (record,) = read_json_records(written(tmp_path, "a.jsonl", '{"instruction": " Add. ", "input": null}'))
    assert text_field(record, "instruction") == "Add."
    assert text_field(record, "input", optional=True) == ""


def test_dialogues_of_a_text_file_alternate_and_are_parted_by_blank_lines(tmp_path):
    path = written(tmp_path, "d.txt", "\n你好。\n你好！\n \n\nHi.\nHello.\nBye.")
    first, second = read_dialogues(path)
    assert first.fields["turns"] == [("user", "你好。"), ("assistant", "你好！")]
    assert second.fields["turns"] == [("user", "Hi."), ("assistant", "Hello."), ("user", "Bye.")]
    assert (first.line, second.line) == (2, 6)


def test_dialogues_of_a_jsonl_file_are_its_messages(tmp_path):
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    path = written(tmp_path, "d.jsonl", json.dumps({"messages": messages}))
    assert read_dialogues(path)[0].fields["turns"] == [("system", "Be kind."), ("user", "Hi")]


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({}, "d.jsonl:1: the field 'messages' is missing or no list"),
        ({"messages": ["Hi"]}, "d.jsonl:1: a message is 'Hi' but must be an object"),
        ({"messages": [{"role": "bot", "content": "Hi"}]}, "d.jsonl:1: a message has the role 'bot'"),
        ({"messages": [{"role": "user"}]}, "d.jsonl:1: the field 'content' is missing"),
        ({"messages": [{"role": "user", "content": ""}]}, "d.jsonl:1: the field 'content' is empty"),
    ],
)
def test_messages_that_are_none_are_refused(tmp_path, record, sentence):
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
        read_dialogues(written(tmp_path, "d.jsonl", json.dumps(record)))


def records_of(pairs):
    return [
        Record({"label": label, "text": text}, "x.tsv", line) for line, (label, text) in enumerate(pairs, 1)
    ]


def label_of(record):
    return record.fields["label"]


def key_of(record):
    return same_text_key(record.fields["text"])


MANY = records_of(
    [("ham", f"message {i % 90}") for i in range(100)]
    + [("spam", f"{'WIN' if i % 2 else 'win'}  {i // 2}") for i in range(50)]
)


def test_every_split_has_its_share_of_every_label_and_no_record_is_lost():
    splits = stratified_split(MANY, key_of, label_of, seed=1)
    assert sorted(record.line for split in splits for record in split) == list(range(1, 151))
    for split, share in zip(splits, (0.7, 0.1, 0.2)):
        counts = Counter(map(label_of, split))
        assert counts["ham"] == pytest.approx(100 * share, abs=2)
        assert counts["spam"] == pytest.approx(50 * share, abs=2)


def test_texts_that_differ_in_case_and_spaces_alone_never_come_into_two_splits():
    for seed in range(10):
        keys = [
            {key_of(record) for record in split} for split in stratified_split(MANY, key_of, label_of, seed)
        ]
        assert not keys[0] & keys[1] and not keys[0] & keys[2] and not keys[1] & keys[2]


def test_one_text_with_two_labels_stays_in_one_split():
    pairs = [(label, f"text {i}") for i in range(20) for label in ("ham", "spam")]
    splits = stratified_split(
        records_of(pairs + [("spam", f"more {i}") for i in range(9)]), key_of, label_of, 0
    )
    keys = [{key_of(record) for record in split} for split in splits]
    assert not keys[0] & keys[1] and not keys[0] & keys[2] and not keys[1] & keys[2]


def test_a_seed_gives_one_split_and_another_seed_another():
    def lines(seed):
        return [[record.line for record in split] for split in stratified_split(MANY, key_of, label_of, seed)]

    assert lines(3) == lines(3) != lines(4)
    assert all(split == sorted(split) for split in lines(3))


def test_three_different_texts_of_a_label_are_enough_and_two_are_not():
    enough = records_of([("a", str(i)) for i in range(3)] + [("b", str(i)) for i in range(5, 9)])
    assert [
        Counter(map(label_of, split))["a"] for split in stratified_split(enough, key_of, label_of, 0)
    ] == [1, 1, 1]
    with pytest.raises(ValueError, match=r"x\.tsv:5: 'a' has 2 different records but needs at least 3"):
        pairs = [("b", str(i)) for i in range(4)] + [("a", "x"), ("a", "X"), ("a", "y")]
        stratified_split(records_of(pairs), key_of, label_of, 0)


def test_balancing_keeps_as_many_of_every_label_as_the_rarest_has():
    kept = drop_to_equal_counts(MANY, label_of, seed=0)
    assert Counter(map(label_of, kept)) == {"ham": 50, "spam": 50}
    assert [record.line for record in kept] == sorted({record.line for record in kept})
    assert (
        kept == drop_to_equal_counts(MANY, label_of, seed=0) != drop_to_equal_counts(MANY, label_of, seed=1)
    )
