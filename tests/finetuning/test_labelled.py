"""Labelled files as people have them: what parts their columns, and which is the label, which the text."""

import pytest

from minigpt.finetuning.columns import likely_delimiter, with_doubled_quotes
from minigpt.finetuning.labelled import ordered_labels, read_labelled
from minigpt.finetuning.records import BadRecord


def read(tmp_path, name, text, label_column=None, text_column=None):
    """(label, text, line) of every record, the sentence of every bad one; and what was said."""
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    said = []
    records = read_labelled(path, label_column, text_column, said.append)
    rows = [
        str(record).removeprefix(f"{tmp_path}/")
        if isinstance(record, BadRecord)
        else (record.fields["label"], record.fields["text"], record.line)
        for record in records
    ]
    return rows, [sentence.removeprefix(f"{path}: ") for sentence in said]


TWO = [("ham", "Hi, you", 1), ("spam", "Win", 2)]
BELOW = [("ham", "Hi, you", 2), ("spam", "Win", 3)]  # a line of names


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.tsv", "ham\tHi, you\nspam\tWin\n", TWO),
        ("a.TSV", "ham\tHi, you\r\nspam\tWin\r\n", TWO),
        ("a.tsv", "\ufeffham\tHi, you\nspam\tWin\n", TWO),
        ("a.tsv", 'ham\t"Hi, she said\n\nspam\t五折"\n', [("ham", '"Hi, she said', 1), ("spam", '五折"', 3)]),
        ("a.tsv", "ham\tone\u2028line\x85still\n", [("ham", "one\u2028line\x85still", 1)]),
        ("a", 'ham\tHi, "you"\nspam\t"Win"\n', [("ham", 'Hi, "you"', 1), ("spam", '"Win"', 2)]),
        ("a.txt", "ham\tHi, you\nspam\tWin\n", TWO),
        ("a.csv", 'ham,"Hi, you"\nspam,Win\n', TWO),
        ("a.CSV", 'ham,"Hi, you"\rspam,Win\r', TWO),
        ("a.csv", 'ham, "Hi, you"\nspam, Win\n', TWO),
        ("a.csv", "ham;Hi, you\nspam;Win\n", TWO),
        ("a.csv", "ham\tHi, you\nspam\tWin\n", TWO),
        ("a.csv", 'label,text\nham,"Hi, you"\nspam,Win\n', BELOW),
        ("a.csv", "text;label\nHi, you;ham\nWin;spam\n", BELOW),
        ("a.csv", "sep=;\nham;Hi, you\nspam;Win\n", BELOW),
        ("a.csv", "label|text\nham|Hi, you\nspam|Win\n", BELOW),
        ("a.csv", 'v1,v2,,,\r\nham,"Hi, you",,,\r\nspam,Win,,,\r\n', BELOW),
        ("a.csv", 'v1,v2,,,\nham,"Hi, you"\nspam,Win, or not, you know,\n', BELOW),
        ("a.csv", 'review,sentiment\n"Hi, you",ham\nWin,spam\n', BELOW),
        ("a.csv", 'id, Label ,title,"Text"\n1,ham,x,"Hi, you"\n2,spam,y,Win\n', BELOW),
        ("a.csv", f'{"why " * 20},label,text\n1,ham,"Hi, you"\n2,spam,Win\n', BELOW),
        ("a.csv", 'topic,message\nham,"Hi, you"\nspam,Win\n', BELOW),
        ("a.csv", 'body,kind\n"Hi, you",ham\nWin,spam\n', BELOW),
        (
            "a.csv",
            "ham,message\nspam,Win\nham,Hi\n",
            [("ham", "message", 1), ("spam", "Win", 2), ("ham", "Hi", 3)],
        ),
        ("a.csv", 'a,"two\nlines"\n\nb,W\n', [("a", "two\nlines", 1), ("b", "W", 4)]),
        ("a.csv", 'a,"say \\"yes\\", or no"\nb,W\n', [("a", 'say "yes", or no', 1), ("b", "W", 2)]),
        ("a.csv", 'a,"say \\", or no"\nb,W\n', [("a", 'say ", or no', 1), ("b", "W", 2)]),
        ("a.csv", 'a,say \\"yes\\"\nb,W\n', [("a", 'say \\"yes\\"', 1), ("b", "W", 2)]),
        ("a.csv", 'a,"C:\\"\nb,"say ""yes"""\n', [("a", "C:\\", 1), ("b", 'say "yes"', 2)]),
        ("a.csv", "a," + "x" * 200_000 + "\nb,W\n", [("a", "x" * 200_000, 1), ("b", "W", 2)]),
        ("a.jsonl", '{"label": "ham", "text": "Hi, you"}\n{"text": "Win", "label": "spam"}', TWO),
        ("a.ndjson", '{"Category": "ham", "message": "Hi, you"}\n{"class": "spam", "sms": "Win"}', TWO),
        ("a.json", '[{"label": "ham", "text": "Hi, you"},\n{"label": "spam", "text": "Win"}]', TWO),
        ("a.json", '[{"label": 10, "text": "a"},\n{"label": 2, "text": 7}]', [("10", "a", 1), ("2", "7", 2)]),
        (
            "a.json",
            '[{"label": 1.0, "text": "a"},\n{"label": 0, "text": "b"}]',
            [("1", "a", 1), ("0", "b", 2)],
        ),
        (
            "a.json",
            '[{"label": 1.5, "text": "a"},\n{"label": 1.0, "text": "b"}]',
            [("1.5", "a", 1), ("1.0", "b", 2)],
        ),
        ("a.json", '[{"label": true, "text": "a"}]', [("True", "a", 1)]),
        ("a.csv", "1.0,a\n0.0,b\n", [("1", "a", 1), ("0", "b", 2)]),
        ("a.csv", "01,a\n1.0x,b\n", [("01", "a", 1), ("1.0x", "b", 2)]),
        ("a.csv", "label,text\n", []),
        ("a.csv", "", []),
        ("a.json", "[]", []),
    ],
)
def test_labelled_texts_are_read_with_the_line_they_stand_in(tmp_path, name, text, expected):
    given = text if name != "a.csv" or "or not" not in text else text.replace(", or not, you know,", ",,")
    assert read(tmp_path, name, given)[0] == expected


SIX = '4,1,Mon,no,ann,"Hi, you"\n0,2,Tue,no,ben,Win\n4,3,Tue,no,ben,Hm\n0,3,Tue,no,ben,Ha\n'
SIX_READ = [("4", "Hi, you", 1), ("0", "Win", 2), ("4", "Hm", 3), ("0", "Ha", 4)]


@pytest.mark.parametrize(
    ("text", "label_column", "text_column", "expected"),
    [
        (SIX, "1", "6", SIX_READ),
        ("p,q,r,s,t,u\n" + SIX, "1", "6", [(label, text, line + 1) for label, text, line in SIX_READ]),
        ("p,q,r,s,t,u\n" + SIX, "P", "u", [(label, text, line + 1) for label, text, line in SIX_READ]),
        ("label,text,mood\na,b,c\n", "mood", None, [("c", "b", 2)]),
        ("label,text,mood\na,b,c\n", None, "mood", [("a", "c", 2)]),
        ("2,1\na,b\n", "1", "2", [("2", "1", 1), ("a", "b", 2)]),  # a number is never a name
        ("abstract,topic\nHi,x\nHo,x\n", "topic", None, [("x", "Hi", 2), ("x", "Ho", 3)]),
        ("Hi,x\nHo,y\n", None, "1", [("x", "Hi", 1), ("y", "Ho", 2)]),
    ],
)
def test_flags_say_which_column_is_which_by_name_or_number(
    tmp_path, text, label_column, text_column, expected
):
    assert read(tmp_path, "a.csv", text, label_column, text_column)[0] == expected


def test_flags_name_the_fields_of_json_too(tmp_path):
    text = '{"label": "x", "mood": "glad", "text": "a", "body": "b"}\n'
    assert read(tmp_path, "a.jsonl", text, "mood", "body")[0] == [("glad", "b", 1)]
    with pytest.raises(
        ValueError, match=r"--text-column is 2 but no record of .* has it \(there are: label, mood"
    ):
        read(tmp_path, "a.jsonl", text, "mood", "2")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "a.csv",
            "label;text\nx;y\n",
            "columns parted by semicolons; labels in column 1 (label), texts in column 2 (text)",
        ),
        (
            "a.csv",
            "id\ttext\tlabel\n1\tx\ty\n",
            "columns parted by tabs; labels in column 3 (label), texts in column 2 (text)",
        ),
        (
            "a.csv",
            "x;y\nz;y\n",
            "columns parted by semicolons; labels in column 1, texts in column 2; no line of names",
        ),
        (
            "a.csv",
            'x,"say \\"y\\""\n',
            'columns parted by commas, quotes written \\"; labels in column 1, '
            "texts in column 2; no line of names",
        ),
        ("a.tsv", "x\ty\n", None),
        ("a.csv", "x,y\n", None),
    ],
)
def test_what_was_found_is_said_where_it_is_not_what_the_name_promises(tmp_path, name, text, said):
    assert read(tmp_path, name, text)[1] == ([said] if said else [])


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.tsv",
            "ham\tHi\nspam\nham\tWin\n",
            "a.tsv:2 has 1 columns but must have 2 (as its first line has)",
        ),
        (
            "a.tsv",
            "ham\tHi\nspam\ta\tb\nham\tWin\n",
            "a.tsv:2 has 3 columns but must have 2 (as its first line has)",
        ),
        (
            "a.csv",
            "label,text\nham,Hi, you\nham,Win\n",
            "a.csv:2 has 3 columns but must have 2 (label, text): a delimiter in a text needs quotes "
            "around it",
        ),
        ("a.csv", "label,text\nham,\nham,Win\n", "a.csv:2: the field 'text' is empty"),
        ("a.tsv", "ham\tHi\n\tHi\n", "a.tsv:2: the field 'label' is empty"),
        (
            "a.jsonl",
            '{"label": "a"}\n{"label": "a", "text": "b"}',
            "a.jsonl:1: the field 'text' is missing (there are: label): --text-column says which it is",
        ),
        (
            "a.jsonl",
            '{"label": null, "text": "b"}',
            "a.jsonl:1: the field 'label' is missing (there are: label, text)",
        ),
        (
            "a.jsonl",
            '{"label": ["a"], "text": "b"}',
            "a.jsonl:1: the field 'label' is ['a'] but must be a text",
        ),
        ("a.jsonl", '{"label": NaN, "text": "b"}', "a.jsonl:1: the field 'label' is nan but must be a text"),
        ("a.jsonl", '{"label": "a", "text": "b"}\n[1]', "a.jsonl:2 holds a JSON list, not an object"),
    ],
)
def test_one_bad_row_is_named_and_the_others_stay(tmp_path, name, text, expected):
    rows, _ = read(tmp_path, name, text)
    assert [row for row in rows if isinstance(row, str)] == [expected]


@pytest.mark.parametrize(
    ("name", "text", "flags", "sentence"),
    [
        ("a.csv", 'ham,"open\nspam,x\n', (), r"a\.csv:1 is not valid CSV: unexpected end of data"),
        (
            "a.csv",
            SIX,
            (),
            r"a\.csv has 6 columns \(4, 1, Mon, no, ann, Hi, you\): say with --label-column and",
        ),
        ("a.csv", SIX, ("1",), r"a\.csv has 6 columns .* by name or by number from 1"),
        ("a.csv", SIX, ("7", "1"), r"--label-column is 7 but .*a\.csv has the columns 1 to 6"),
        ("a.csv", SIX, ("0", "1"), r"--label-column is 0 but .*a\.csv has the columns 1 to 6"),
        ("a.csv", SIX, ("1", "1"), r"--label-column and --text-column are both column 1"),
        ("a.csv", SIX, ("mood", "1"), r"--label-column is mood but .* no such column \(its first line: 4, 1"),
        (
            "a.csv",
            "abstract,topic\nHi,x\nHi,x\n",
            (),
            r"a\.csv:1 seems to name the columns \(abstract, topic\)",
        ),
        ("a.csv", "text,text,label\na,b,c\n", (), r"has 2 columns called 'text': say with --text-column N"),
        (
            "a.csv",
            "just text\nand more\n",
            (),
            r"line 1 is one column, which no comma, semicolon, tab or bar parts",
        ),
        ("a.txt", "ham Hi", (), r"a\.txt must be a \.tsv, \.csv, \.jsonl or \.json file"),
        ("a.md", "ham\tHi", (), r"a\.md must be a \.tsv, \.csv, \.jsonl or \.json file"),
        ("a.jsonl", '{"label": "a"}\n{"lab', (), r"a\.jsonl:2 is not valid JSON"),
    ],
)
def test_a_file_whose_columns_cannot_be_told_is_refused_with_the_way_out(
    tmp_path, name, text, flags, sentence
):
    with pytest.raises(ValueError, match=sentence):
        read(tmp_path, name, text, *flags)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b;c\n", ","),
        ("label;text\na;b, c\na;b, c, d\n", ";"),
        ('a,"b; c"\na,"b; c; d"\n', ","),
        ("a\tb, c\na\tb\n", "\t"),
        ("a;b\nc;d,e\n", ";"),
        ("a|b, c\nd|e\n", "|"),
        ("", ","),
    ],
)
def test_the_delimiter_is_what_makes_rows_of_equal_length(text, delimiter):
    assert likely_delimiter(text) == delimiter


def test_escaped_quotes_and_backslashes_become_plain_ones_and_others_stay():
    assert with_doubled_quotes(r'"a \"b\" \\ c:\d \\"') == r'"a ""b"" \ c:\d \"'


def test_labels_that_are_numbers_stand_in_their_order():
    assert ordered_labels(["10", "2", "1", "2"]) == ["1", "2", "10"]
    assert ordered_labels(["0.5", "-1", "3"]) == ["-1", "0.5", "3"]
    assert ordered_labels(["b", "10", "2", "a"]) == ["10", "2", "a", "b"]
    assert ordered_labels(["spam", "ham"]) == ["ham", "spam"]
