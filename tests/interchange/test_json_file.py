"""Small JSON files that say anything: a value is what its key must be, or a sentence names file and key."""

import json

import pytest

from minigpt.interchange.json_file import (
    DEEPEST,
    NULL,
    NUMBER,
    TEXT,
    TEXTS,
    TRUTH,
    either,
    read_json,
    whole,
)

KINDS = {"n": whole(1, 10), "x": NUMBER, "name": TEXT, "names": either(NULL, TEXTS), "yes": TRUTH}


def written(tmp_path, content):
    path = tmp_path / "some.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return path


def test_what_fits_is_read_and_other_keys_may_hold_anything(tmp_path):
    content = {
        "n": 10,
        "x": 1,
        "name": "小猫 \U0001f408",
        "names": ["a"],
        "yes": False,
        "other": [1e30],
    }
    assert read_json(written(tmp_path, json.dumps(content)), KINDS, required=("n",)) == content
    assert read_json(written(tmp_path, json.dumps(content, ensure_ascii=False)), KINDS) == content


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "some.json is not valid JSON"),
        ("[]", "some.json must hold a JSON object, not a list"),
        ("[" * 100_000, "nested more than 32 levels deep"),
        ('{"a":' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1), "nested more than 32 levels deep"),
        ('{"n": ' + "9" * 5000 + "}", "some.json is not valid JSON: Exceeds the limit"),
        (
            '{"n": ' + "9" * 400 + "}",
            "n is a number of more than 80 digits but must be a whole number from 1 to",
        ),
        ('{"n": 11}', "n is 11 but must be a whole number from 1 to 10"),
        ('{"n": true}', "n is True but must be"),
        ('{"n": 2.0}', "n is 2.0 but must be"),
        ('{"x": 1e400}', "x is inf but must be a number"),
        ('{"x": NaN}', "x is nan but must be a number"),
        ('{"x": ' + "9" * 400 + "}", "x is a number of more than 80 digits but must be a number"),
        ('{"names": ["a", 1]}', r"names is \['a', 1\] but must be null or a list of texts"),
        ('{"name": 3}', "name is 3 but must be a text"),
        ('{"yes": 1}', "yes is 1 but must be true or false"),
        ('{"n": 1, "n": 2}', "the name 'n' comes twice"),
        ('{"n": 1, "name": "\\ud800"}', "holds half of a surrogate pair"),
        ('{"n": 1, "\\udc00": 1}', "holds half of a surrogate pair"),
        (b'{"n": "\xff"}', "is not UTF-8 text"),
        ('{"x": 1}', "some.json is damaged: 'n' is missing"),
    ],
)
def test_anything_else_is_a_sentence(tmp_path, content, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_json(written(tmp_path, content), KINDS, required=("n",))


def test_a_depth_that_is_allowed_is_read(tmp_path):
    content = '{"a":' * DEEPEST + "1" + "}" * DEEPEST
    assert json.dumps(read_json(written(tmp_path, content))).replace(" ", "") == content


def test_a_quote_is_short_and_on_one_line(tmp_path):
    for value in ("x" * 10_000, "\x1b[2J\n" * 50, ["y" * 100] * 3, {"k": "z" * 500}):
        with pytest.raises(ValueError, match="n is") as caught:
            read_json(written(tmp_path, json.dumps({"n": value})), KINDS)
        said = str(caught.value).rpartition(": n is ")[2].rpartition(" but must")[0]
        assert len(said) <= 80 and "\x1b" not in said and "\n" not in said


def test_a_file_that_is_larger_than_it_may_be_or_has_no_end_is_not_read(tmp_path):
    with pytest.raises(ValueError, match="has more than 100 bytes"):
        read_json(written(tmp_path, '{"a": "' + "x" * 100 + '"}'), largest=100)
    with pytest.raises(ValueError, match="/dev/zero has more than"):
        read_json("/dev/zero", largest=1 << 16)
