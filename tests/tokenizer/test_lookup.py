import json

import pytest

from tokenizer import CharTokenizer, WordTokenizer, load_tokenizer
from tokenizer.lookup import most_frequent


def test_the_most_frequent_come_first_and_ties_in_alphabetical_order():
    assert most_frequent({"c": 2, "a": 1, "d": 5, "b": 2}, 3) == ["d", "b", "c"]
    assert most_frequent({"a": 1, "b": 2}, None) == ["b", "a"]


def test_special_tokens_are_saved_and_read_as_such(tmp_path):
    for tokenizer in (CharTokenizer.train("ab", unk=True), WordTokenizer.train("a b")):
        tokenizer.save(tmp_path)
        again = load_tokenizer(tmp_path)
        assert type(again) is type(tokenizer)
        assert again.vocabulary == tokenizer.vocabulary
        assert again.special_tokens == tokenizer.special_tokens == {"<|endoftext|>": 2, "<|unk|>": 3}
        saved = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
        assert [token["id"] for token in saved["added_tokens"]] == [2, 3], "as the tokenizers library asks"
        assert saved["model"]["vocab"] == {"a": 0, "b": 1, "<|endoftext|>": 2, "<|unk|>": 3}


def test_another_unknown_token_is_refused(tmp_path):
    WordTokenizer.train("a b").save(tmp_path)
    path = tmp_path / "tokenizer.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"unk_token": "<|unk|>"', '"unk_token": "[UNK]"'),
        encoding="utf-8",
        newline="\n",
    )
    with pytest.raises(ValueError, match=r"the unknown token is '\[UNK\]', not '<\|unk\|>'"):
        load_tokenizer(tmp_path)
