"""Patterns out of a tokenizer.json: one that hangs, or loses text, is refused where it is read."""

import json
import time

import pytest

from tokenizer import BPETokenizer, load_tokenizer
from tokenizer.patterns import GPT2_PATTERN, GPT4_PATTERN, pretoken_splitter, try_pattern

TEXT = "Low lower lowest, 12 cats and 小猫!\n"
OWN = r"\p{L}+|\s+|[^\p{L}\s]+"


def with_pattern(directory, pattern):
    BPETokenizer.train(TEXT, 270, pattern=OWN).save(directory)
    path = directory / "tokenizer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = pattern
    path.write_text(json.dumps(content), encoding="utf-8", newline="\n")
    return directory


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("(a|aa)+$", "takes more than 1 s, or too much memory"),
        (r"(?r)\w+|\W", r"does not go through a text from its beginning to its end"),
        ("(", "is not a valid regular expression"),
        ("(" * 5000 + ")" * 5000, "is not a valid regular expression|but can have 10,000 at most"),
        ("(" * 4000 + "a" + ")" * 4000, "is not a valid regular expression"),
        ("x" * 20_000, "has 20,000 characters but can have 10,000 at most"),
        (r"\L<words>", "is not a valid regular expression"),
    ],
)
def test_a_pattern_that_hangs_or_loses_text_is_refused_at_loading(tmp_path, pattern, sentence):
    started = time.process_time()
    with pytest.raises(ValueError, match=sentence) as caught:
        load_tokenizer(with_pattern(tmp_path, pattern))
    assert "tokenizer.json" in str(caught.value) and len(str(caught.value)) < 500
    assert time.process_time() - started < 20


@pytest.mark.parametrize("pattern", [OWN, r"(?i)\p{lu}+|.", r"(?s:.)", "", r"a(?=b)", r"\b", r"[a-z]\K[a-z]"])
def test_any_other_pattern_loses_nothing(tmp_path, pattern):
    tokenizer = load_tokenizer(with_pattern(tmp_path, pattern))
    assert tokenizer.decode(tokenizer.encode(TEXT * 3)) == TEXT * 3


def test_known_patterns_need_no_trial():
    for pattern in (GPT2_PATTERN, GPT4_PATTERN):
        started = time.process_time()
        try_pattern(pattern)
        assert time.process_time() - started < 0.1


def test_a_text_on_which_a_pattern_hangs_later_is_a_sentence(monkeypatch):
    monkeypatch.setattr("tokenizer.patterns.SECONDS", 0.2)
    split = pretoken_splitter("(?:qz|qzqz)+$|.")
    with pytest.raises(ValueError, match=r"takes more than 0 s, .*begins with 'qzqz"):
        split("qz" * 3000 + "!")


def test_a_name_twice_and_half_a_character_are_refused(tmp_path):
    BPETokenizer.train(TEXT, 270).save(tmp_path)
    path = tmp_path / "tokenizer.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"version"', '"model": {}, "version"', 1), encoding="utf-8")
    with pytest.raises(ValueError, match="the name 'model' comes twice"):
        load_tokenizer(tmp_path)
    path.write_text(text.replace('"1.0"', '"\\ud800"', 1), encoding="utf-8")
    with pytest.raises(ValueError, match="half of a surrogate pair"):
        load_tokenizer(tmp_path)


def test_a_quote_out_of_the_file_is_short(tmp_path):
    BPETokenizer.train(TEXT, 270).save(tmp_path)
    path = tmp_path / "tokenizer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["model"]["vocab"]["a"] = "x" * 10_000
    path.write_text(json.dumps(content), encoding="utf-8", newline="\n")
    with pytest.raises(ValueError, match="not a whole number") as caught:
        load_tokenizer(tmp_path)
    assert len(str(caught.value)) < 400
