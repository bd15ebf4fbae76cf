"""What holds for every tokenizer."""

import json

import pytest
from hypothesis import given, settings
from sample_texts import CHINESE, ENGLISH, TEXT, hostile_text

from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer, load_tokenizer


def test_decode_inverts_encode_on_the_training_text(any_tokenizer):
    text = ENGLISH + CHINESE
    assert any_tokenizer.decode(any_tokenizer.encode(text)) == text


def test_ids_lie_below_n_vocab_and_end_of_text_is_one_of_them(any_tokenizer):
    assert set(any_tokenizer.token_bytes) == set(range(any_tokenizer.n_vocab))
    assert any_tokenizer.decode([any_tokenizer.eot_token]) == "<|endoftext|>"
    assert max(any_tokenizer.encode(TEXT)) < any_tokenizer.n_vocab


def test_the_empty_text_has_no_tokens(any_tokenizer):
    assert any_tokenizer.encode("") == []
    assert any_tokenizer.decode([]) == ""


def test_a_special_token_in_the_text_is_refused(any_tokenizer):
    with pytest.raises(ValueError, match=r"special token '<\|endoftext\|>' at character 4"):
        any_tokenizer.encode("The <|endoftext|>")


def test_an_allowed_special_token_becomes_its_id(any_tokenizer):
    tok = any_tokenizer
    expected = [tok.eot_token, *tok.encode("The"), tok.eot_token, tok.eot_token]
    text = "<|endoftext|>The<|endoftext|><|endoftext|>"
    assert tok.encode(text, allowed_special={"<|endoftext|>"}) == expected
    assert tok.encode(text, allowed_special="all") == expected


def test_one_more_special_token_changes_no_other(any_tokenizer, tmp_path):
    tok = any_tokenizer
    more = tok.with_special_token("[MASK]")
    mask = tok.n_vocab
    assert more.encode("The [MASK]", allowed_special={"[MASK]"}) == [*tok.encode("The "), mask]
    assert more.encode(TEXT) == tok.encode(TEXT) and more.decode([mask]) == "[MASK]"
    assert (more.n_vocab, more.eot_token) == (tok.n_vocab + 1, tok.eot_token)
    assert "[MASK]" not in tok.special_tokens and mask not in tok.token_bytes, "the first one stays"
    assert more.with_special_token("[MASK]") is more
    more.save(tmp_path)
    again = load_tokenizer(tmp_path)
    assert again.special_tokens == more.special_tokens and again.token_bytes == more.token_bytes
    config = json.loads((tmp_path / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert config["mask_token"] == "[MASK]"
    with pytest.raises(ValueError, match="'e' is an ordinary token of this tokenizer"):
        CharTokenizer.train("e").with_special_token("e")


def test_a_special_token_that_is_not_disallowed_is_text(bpe):
    ids = bpe.encode("a<|endoftext|>", disallowed_special=())
    assert bpe.eot_token not in ids
    assert ids == bpe.encode_ordinary("a<|endoftext|>")
    assert bpe.decode(ids) == "a<|endoftext|>"


def test_the_longest_special_token_wins(bpe):
    specials = {"<|a|>": 1000, "<|a|><|b|>": 1001}
    tok = BPETokenizer(bpe.mergeable_ranks, bpe.merges, specials)
    assert tok.encode("<|a|><|b|><|a|>", allowed_special="all") == [1001, 1000]
    assert tok.n_vocab == 1002


def test_only_the_disallowed_special_tokens_are_refused(bpe):
    with pytest.raises(ValueError, match="'The'"):
        bpe.encode("The rain", disallowed_special={"The"})
    assert bpe.encode("a<|endoftext|>", allowed_special="all", disallowed_special={"b"})[-1] == bpe.eot_token


@pytest.mark.parametrize("bad", [-1, 10**6])
def test_an_id_outside_the_vocabulary_is_an_error(any_tokenizer, bad):
    with pytest.raises(ValueError, match=f"token id {bad} is not in the vocabulary"):
        any_tokenizer.decode([0, bad])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_batch_is_encoded_in_order(any_tokenizer, workers):
    texts = [ENGLISH[:90], "", CHINESE[:5], "<|endoftext|>"]
    expected = [any_tokenizer.encode(text, allowed_special="all") for text in texts]
    assert any_tokenizer.encode_batch(iter(texts), workers, allowed_special="all") == expected


def test_a_batch_refuses_special_tokens_and_a_lack_of_workers(any_tokenizer):
    with pytest.raises(ValueError, match="special token"):
        any_tokenizer.encode_batch(["The", "<|endoftext|>"])
    with pytest.raises(ValueError, match="workers is 0"):
        any_tokenizer.encode_batch(["The"], workers=0)


def test_streamed_text_is_the_decoded_text(any_tokenizer):
    ids = any_tokenizer.encode(ENGLISH + CHINESE)
    decoder = any_tokenizer.stream_decoder()
    assert "".join(map(decoder.feed, ids)) + decoder.flush() == any_tokenizer.decode(ids)


@settings(max_examples=100)
@given(text=hostile_text)
def test_offsets_are_those_of_the_characters_in_which_tokens_begin(bpe, text):
    ids = bpe.encode_ordinary(text)
    character_of_byte = [i for i, character in enumerate(text) for _ in character.encode("utf-8")]
    begins = [len(bpe.decode_bytes(ids[:n])) for n in range(len(ids))]
    assert bpe.decode_with_offsets(ids) == (text, [character_of_byte[begin] for begin in begins])


def test_offsets_count_the_blanks_that_decode_puts_back():
    tok = WordTokenizer.train("The rain, 在家")
    assert tok.decode_with_offsets(tok.encode("The rain, 在家")) == ("The rain,在家", [0, 3, 8, 9, 10])


@pytest.fixture(scope="module")
def bytes_only():
    """Every token is one byte: every character beyond ASCII is cut into pieces."""
    with pytest.warns(UserWarning, match="0 pairs"):
        return BPETokenizer.train("", vocab_size=300)


def test_a_stream_never_shows_half_a_character(bytes_only):
    decoder = bytes_only.stream_decoder()
    shown = [decoder.feed(i) for i in bytes_only.encode("é每😀!")]
    assert shown == ["", "é", "", "", "每", "", "", "", "😀", "!"]
    assert decoder.flush() == ""


def test_a_stream_that_ends_inside_a_character_says_so_once(bytes_only):
    decoder = bytes_only.stream_decoder()
    ids = bytes_only.encode("a每")[:-1]
    assert "".join(map(decoder.feed, ids)) + decoder.flush() == bytes_only.decode(ids) == "a�"


def test_offsets_of_tokens_inside_a_character_are_that_of_the_character(bytes_only):
    assert bytes_only.decode_with_offsets(bytes_only.encode("a每b")) == ("a每b", [0, 1, 1, 1, 2])


@settings(max_examples=300)
@given(text=hostile_text)
def test_bpe_loses_nothing_of_any_string(bpe, text):
    assert bpe.decode(bpe.encode_ordinary(text)) == text


def test_half_a_surrogate_pair_becomes_the_replacement_character(bpe):
    assert bpe.decode(bpe.encode("a\ud800b")) == "a�b"
    assert bpe.decode(bpe.encode("\ud83d\ude42")) == "🙂"
