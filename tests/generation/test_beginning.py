"""How a text begins that goes on by itself: by something that the model has learned, whatever its texts."""

import json

import pytest

from minigpt.generation.beginning import WHOLE_FILES, Beginning, beginning_of_texts, load_beginning
from minigpt.generation.chat import LineFormat
from minigpt.training.documents import FILE
from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer

DOCUMENTS = Beginning("lines", "<|endoftext|>")


def test_whole_files_are_called_the_same_in_training_and_in_generation():
    assert WHOLE_FILES == FILE


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("a b\nc\n\nd", "\n\n"),
        ("a b\nc", "\n"),
        ("a b c", " "),
        ("CATG", "C"),
        ("a\n\nb<|endoftext|>c", "<|endoftext|>"),
    ],
)
def test_a_text_begins_with_the_best_that_the_training_texts_hold(text, begins):
    tokenizer = CharTokenizer.train(text.replace("<|endoftext|>", ""))
    beginning = beginning_of_texts(tokenizer, text)
    assert beginning == Beginning("file", begins)
    assert beginning.ids(tokenizer) == tokenizer.encode(begins, allowed_special="all")


def test_what_a_tokenizer_can_write_but_the_texts_never_held_is_no_beginning():
    """A BPE tokenizer has bytes for a line end and a blank; but here blanks are parts of words only."""
    tokenizer = BPETokenizer.train("the cat the cat the cat", 263)
    assert tokenizer.encode(" ") and tokenizer.encode("\n")
    beginning = beginning_of_texts(tokenizer, "the cat the cat")
    assert set(beginning.ids(tokenizer)) <= set(tokenizer.encode("the cat the cat"))


def test_a_word_model_begins_with_a_word_it_knows():
    tokenizer = WordTokenizer.train("The cat sat")
    beginning = beginning_of_texts(tokenizer, "The cat sat")
    assert beginning.ids(tokenizer) == tokenizer.encode("The")


@pytest.mark.parametrize(("text", "begins"), [("a\n", "\n\n"), ("a b", " "), ("CAT", "A")])
def test_a_model_of_others_begins_with_what_its_tokenizer_knows(tmp_path, text, begins):
    assert load_beginning(tmp_path, CharTokenizer.train(text)) == Beginning("file", begins)


def test_a_document_and_any_beginning_of_one_stand_behind_the_end_of_the_last():
    tokenizer = CharTokenizer.train("ab")
    a, b, end = 0, 1, tokenizer.eot_token
    assert DOCUMENTS.ids(tokenizer) == [end]
    assert DOCUMENTS.ids(tokenizer, "ab") == [end, a, b]
    assert DOCUMENTS.ids(tokenizer, "<|endoftext|>ab") == [end, a, b]
    assert Beginning("file", "a").ids(tokenizer, "ab") == [a, b]
    assert Beginning("file", "a").ids(tokenizer, "b<|endoftext|>a") == [b, end, a]


def test_a_beginning_is_saved_and_opened_and_a_damaged_one_is_a_sentence(tmp_path):
    tokenizer = CharTokenizer.train("ab")
    DOCUMENTS.save(tmp_path)
    assert load_beginning(tmp_path, tokenizer) == DOCUMENTS
    for content in ("{", "[]", '{"documents": "lines"}'):
        (tmp_path / "beginning.json").write_text(content, encoding="utf-8")
        with pytest.raises(ValueError, match=r"beginning.json (is not valid JSON|must hold|is damaged)"):
            load_beginning(tmp_path, tokenizer)
    content = {"documents": "file", "text": ""}
    (tmp_path / "beginning.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match=r"beginning.json: a text cannot begin with ''"):
        load_beginning(tmp_path, tokenizer)


@pytest.mark.parametrize(
    ("known", "beginning", "expected"),
    [
        ("ab\n ", Beginning("file", "\n\n"), "\n\na\nb\n"),
        ("ab\n ", Beginning("file", " "), " a b "),  # there are no lines in its texts
        ("ab ", Beginning("file", " "), " a b "),
        ("ab", Beginning("file", "b"), "bab"),
        ("ab\n", Beginning("file", "<|endoftext|>"), "<|endoftext|>a\nb\n"),
        ("ab\n", Beginning("lines", "<|endoftext|>"), "<|endoftext|>ab"),
        ("ab \n", Beginning("blank-lines", "<|endoftext|>"), "<|endoftext|>a\nb\n"),
    ],
)
def test_turns_of_a_conversation_are_parted_by_what_the_model_knows(known, beginning, expected):
    tokenizer = CharTokenizer.train(known)
    turns = [("user", "a"), ("assistant", "b")]
    ids = LineFormat(beginning).prompt_ids(tokenizer, turns)
    assert ids == tokenizer.encode(expected, allowed_special="all")


def test_a_mark_that_is_said_in_a_conversation_ends_nothing():
    tokenizer = CharTokenizer.train("a<|>endoftx\n")
    for beginning in (Beginning("file", "\n\n"), DOCUMENTS):
        ids = LineFormat(beginning).prompt_ids(tokenizer, [("user", "<|endoftext|>")])
        assert ids[1:].count(tokenizer.eot_token) == 0
