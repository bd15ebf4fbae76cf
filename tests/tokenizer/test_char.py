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


@pytest.mark.parametrize(
    ("text", "unk", "letters"),
    [
        ("ba<|endoftext|>a<|endoftext|>", False, "ab"),
        ("ba<|endoftext|>a<b", False, "<ab"),
        ("a<|endoftext", False, "<adefnotx|"),
        ("a<|unk|>", False, "<>aknu|"),
        ("a<|unk|><|endoftext|>b", True, "ab"),
    ],
)
def test_the_letters_of_marks_are_not_learned(text, unk, letters):
    tok = CharTokenizer.train(text, unk=unk)
    assert "".join(tok.vocabulary) == letters
    assert tok.decode(tok.encode(text, allowed_special="all")) == text


def test_marks_do_not_decide_which_characters_are_frequent():
    tok = CharTokenizer.train("aab" + "<|endoftext|>" * 9, vocab_size=3, unk=True)
    assert list(tok.vocabulary) == ["a"]


def test_half_a_surrogate_pair_is_the_replacement_character():
    tok = CharTokenizer.train("a\ud800 \ud83d\ude42")
    assert list(tok.vocabulary) == [" ", "a", "\ufffd", "🙂"]
    assert tok.encode("\udfff\ud83d\ude42\ud800") == [2, 3, 2]
    with pytest.raises(ValueError, match=r"'�' \(U\+FFFD\) at line 1, column 2"):
        CharTokenizer.train("a").encode("a\ud800")


@pytest.mark.parametrize("vocab_size", [-3, 0, 1])
def test_a_vocabulary_without_room_for_the_special_tokens_is_refused(vocab_size):
    with pytest.raises(ValueError, match=rf"vocab_size is {vocab_size}: .* alone need 2"):
        CharTokenizer.train("abc", vocab_size, unk=True)


def test_a_vocabulary_too_small_for_the_text_is_refused_without_unk():
    with pytest.raises(ValueError, match="vocab_size is 3, but the text has 3 different characters"):
        CharTokenizer.train("abc", vocab_size=3)
