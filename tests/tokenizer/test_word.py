import pytest

from tokenizer import WordTokenizer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The dog didn't, did it?", ["The", "dog", "didn't", ",", "did", "it", "?"]),
        ("well-known: 3.14 and 1,000.", ["well-known", ":", "3.14", "and", "1,000", "."]),
        ("每一次努力，GPT很好", ["每", "一", "次", "努", "力", "，", "GPT", "很", "好"]),
        ("one\n\ntwo  three...", ["one", "\n", "\n", "two", "three", "..."]),
        ("ひらがな e\u0301t\u0301", ["ひ", "ら", "が", "な", "e\u0301t\u0301"]),
    ],
)
def test_words_marks_line_ends_and_chinese_characters_are_tokens(text, words):
    tok = WordTokenizer.train(text)
    assert [tok.decode([i]) for i in tok.encode(text)] == words


@pytest.mark.parametrize(
    "text",
    [
        'He said: "Come here, (quickly)!" and "now", but she didn\'t.',
        "每一次努力都让你感动，未来的精彩由此慢慢绽放。",
        "他说：“好的。”\n我们用GPT写诗。",
        "It cost $5, or 50%... a well-known price.\n\nNobody paid 3.14 for [this] one--or that/this.",
        "The 'quoted' word",
        'A "forgotten quote\nspoils "one" line only.',
    ],
)
def test_decode_puts_the_blanks_back(text):
    tok = WordTokenizer.train(text)
    assert tok.decode(tok.encode(text)) == text


def test_the_letters_of_marks_are_not_learned():
    tok = WordTokenizer.train("the cat<|endoftext|>sat<|unk|>on < the.<|endoftext|>.")
    assert tok.vocabulary == {".": 0, "the": 1, "<": 2, "cat": 3, "on": 4, "sat": 5}
    text = "the cat<|endoftext|>sat"
    assert tok.encode(text, allowed_special="all") == [1, 3, tok.eot_token, 5]


def test_half_a_surrogate_pair_is_the_replacement_character():
    tok = WordTokenizer.train("a \ud800 \ud83d\ude42")
    assert tok.vocabulary == {"a": 0, "\ufffd": 1, "🙂": 2}
    assert tok.encode("\udfff\ud83d\ude42") == [1, 2]


def test_unknown_words_become_unk():
    tok = WordTokenizer.train("the cat sat")
    assert tok.decode(tok.encode("the dog sat")) == "the <|unk|> sat"


def test_the_most_frequent_words_are_kept_and_come_first():
    tok = WordTokenizer.train("b b b a a c d", vocab_size=4)
    assert tok.vocabulary == {"b": 0, "a": 1}
    assert tok.n_vocab == 4


def test_a_vocabulary_without_room_for_a_word_is_refused():
    with pytest.raises(ValueError, match="vocab_size is 2"):
        WordTokenizer.train("a", vocab_size=2)


def test_end_of_text_separates_documents_without_blanks():
    tok = WordTokenizer.train("one two")
    ids = [*tok.encode("one"), tok.eot_token, *tok.encode("two")]
    assert tok.decode(ids) == "one<|endoftext|>two"
