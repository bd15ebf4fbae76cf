import pytest

from tokenizer import CharTokenizer


def test_ids_follow_the_code_points_and_end_of_text_comes_last():
    tok = CharTokenizer.train("cab ab")
    assert tok.encode(" abc") == [0, 1, 2, 3]
    assert tok.eot_token == 4
    assert tok.n_vocab == 5


def test_an_unknown_character_is_named_with_its_line_and_column():
    tok = CharTokenizer.train("abc\n")
    with pytest.raises(ValueError, match=r"'é' \(U\+00E9\) at line 3, column 2"):
        tok.encode("abc\n\naé")


def test_an_unknown_character_becomes_unk_when_trained_with_it():
    tok = CharTokenizer.train("每一次", unk=True)
    assert tok.decode(tok.encode("每x次")) == "每<|unk|>次"
    assert tok.encode("x") == [tok.special_tokens["<|unk|>"]]


def test_a_small_vocabulary_keeps_the_most_frequent_characters():
    tok = CharTokenizer.train("aaabbc", vocab_size=4, unk=True)
    assert list(tok.vocabulary) == ["a", "b"]
    assert tok.n_vocab == 4


def test_a_vocabulary_too_small_for_the_text_is_refused_without_unk():
    with pytest.raises(ValueError, match="vocab_size is 3, but the text has 3 different characters"):
        CharTokenizer.train("abc", vocab_size=3)
