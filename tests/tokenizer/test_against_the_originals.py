"""Our ids against those of tiktoken, of Hugging Face's tokenizers and of transformers."""

import json

import pytest
from hypothesis import given, settings
from sample_texts import ENGLISH, TEXT, hostile_text

from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer, load_tokenizer
from tokenizer.byte_alphabet import BYTE_ORDER, bytes_to_visible

tiktoken = pytest.importorskip("tiktoken")
tokenizers = pytest.importorskip("tokenizers")


def as_tiktoken(tok):
    return tiktoken.Encoding(
        "ours", pat_str=tok.pattern, mergeable_ranks=tok.mergeable_ranks, special_tokens=tok.special_tokens
    )


def as_huggingface(tok, directory):
    tok.save(directory)
    return tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))


@pytest.fixture(scope="module", params=["gpt2", "gpt4", r"[a-z]+|[^a-z]+"])
def trained(request, tmp_path_factory):
    """A tokenizer trained here with each kind of pattern, and the same from our files in both libraries."""
    tok = BPETokenizer.train(TEXT, 400, pattern=request.param)
    return tok, as_tiktoken(tok), as_huggingface(tok, tmp_path_factory.mktemp("trained"))


@settings(max_examples=200)
@given(text=hostile_text)
def test_ids_of_hostile_strings_equal_those_of_both_libraries(trained, text):
    tok, openai, huggingface = trained
    ids = tok.encode_ordinary(text)
    assert openai.encode_ordinary(text) == ids
    assert huggingface.encode(text).ids == ids
    assert openai.decode_with_offsets(ids) == tok.decode_with_offsets(ids)
    assert huggingface.decode(ids) == text


def test_a_token_that_no_merges_make_is_used_by_tiktoken_and_not_by_hugging_face_or_here(tmp_path):
    """b c, a b, ab c: the first merge takes abc its b away. Merges that were learned have no such token."""
    merges = [(b"b", b"c"), (b"a", b"b"), (b"ab", b"c")]
    ranks = {bytes([byte]): i for i, byte in enumerate(BYTE_ORDER)}
    ranks |= {left + right: 256 + i for i, (left, right) in enumerate(merges)}
    tok = BPETokenizer(ranks, merges, {})
    openai, huggingface = as_tiktoken(tok), as_huggingface(tok, tmp_path)
    for text in ("abc", "xabc", "abcabc", "ab c", "aabbcc"):
        assert tok.encode(text) == huggingface.encode(text).ids
    assert openai.encode("ab bc cc") == tok.encode("ab bc cc")
    assert (openai.encode("abc"), tok.encode("abc")) == ([ranks[b"abc"]], [ranks[b"a"], ranks[b"bc"]])


def test_special_tokens_are_treated_as_tiktoken_treats_them(bpe):
    openai = as_tiktoken(bpe)
    text = "a<|endoftext|> b<|endoftext|"
    for settings_ in (
        {"allowed_special": "all"},
        {"allowed_special": {"<|endoftext|>"}},
        {"disallowed_special": ()},
        {"allowed_special": {"<|endoftext|>"}, "disallowed_special": {"xyz"}},
    ):
        assert bpe.encode(text, **settings_) == openai.encode(text, **settings_)
    for settings_ in ({}, {"allowed_special": "all", "disallowed_special": {"b<"}}):
        for tok in (bpe, openai):
            with pytest.raises(ValueError, match="special"):
                tok.encode(text, **settings_)


def test_special_tokens_are_found_by_hugging_face(any_tokenizer, tmp_path):
    text = "The<|endoftext|>The"
    ids = any_tokenizer.encode(text, allowed_special="all")
    assert as_huggingface(any_tokenizer, tmp_path).encode(text).ids == ids


@pytest.mark.parametrize("word", ["pect", "a", "每", " the", "newword"])
def test_added_tokens_have_hugging_faces_ids_whether_the_merges_make_them_or_not(bpe, tmp_path, word):
    huggingface = as_huggingface(bpe, tmp_path)
    huggingface.add_special_tokens([word])
    huggingface.save(str(tmp_path / "tokenizer.json"))
    tok = load_tokenizer(tmp_path)
    for text in (word, f"xx{word}yy {word} {word}", TEXT):
        ids = huggingface.encode(text).ids
        assert tok.encode(text, allowed_special="all") == ids
        assert tok.decode(ids) == text


@pytest.fixture(scope="module", params=["words", "characters", "characters with unk"])
def looked_up(request, tmp_path_factory):
    if request.param == "words":
        tok = WordTokenizer.train(TEXT, vocab_size=60)
    else:
        tok = CharTokenizer.train(TEXT, unk=request.param != "characters")
    return tok, as_huggingface(tok, tmp_path_factory.mktemp("lookup"))


@settings(max_examples=100)
@given(text=hostile_text)
def test_ids_of_words_and_characters_equal_hugging_faces(looked_up, text):
    tok, huggingface = looked_up
    if "<|unk|>" not in tok.special_tokens:
        text = "".join(character for character in text if character in tok.vocabulary)
    assert huggingface.encode(text).ids == tok.encode(text)


@pytest.mark.parametrize("vocab_size", [300, 500])
@pytest.mark.parametrize(
    "text", [TEXT, TEXT.replace(" ", "").replace("\n", "") * 2], ids=["lines", "one word"]
)
def test_merges_equal_those_that_hugging_face_learns(text, vocab_size):
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocab_size - 1,  # ours has <|endoftext|> as well
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    huggingface = tokenizers.Tokenizer(tokenizers.models.BPE())
    huggingface.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    huggingface.train_from_iterator([text], trainer)
    theirs = json.loads(huggingface.to_str())["model"]["merges"]
    ours = BPETokenizer.train(text, vocab_size).merges
    assert [list(map(bytes_to_visible, pair)) for pair in ours] == theirs


def test_autotokenizer_loads_all_three_classes(any_tokenizer, tmp_path):
    transformers = pytest.importorskip("transformers")
    any_tokenizer.save(tmp_path)
    loaded = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert loaded(ENGLISH)["input_ids"] == any_tokenizer.encode(ENGLISH)
    assert loaded.eos_token_id == any_tokenizer.eot_token
    assert len(loaded) == any_tokenizer.n_vocab


@pytest.mark.parametrize(("name", "count"), [("tinyshakespeare.txt", 338_025), ("the-verdict.txt", 5_145)])
def test_gpt2_ids_of_whole_texts_equal_tiktokens(gpt2, assets, name, count):
    text = (assets / name).read_text(encoding="utf-8")
    ids = gpt2.encode(text)
    assert len(ids) == count
    assert ids == as_tiktoken(gpt2).encode(text)
    assert gpt2.decode(ids) == text


@pytest.fixture(scope="module")
def gpt2_tiktoken(gpt2):
    return as_tiktoken(gpt2)


@settings(max_examples=300)
@given(text=hostile_text)
def test_gpt2_ids_of_hostile_strings_equal_tiktokens(gpt2, gpt2_tiktoken, text):
    assert gpt2.encode(text, disallowed_special=()) == gpt2_tiktoken.encode(text, disallowed_special=())


@pytest.mark.parametrize("text", ["a" * 9000, "每一次努力" * 999, "aB3/" * 999, " " * 9000, "\n " * 999])
def test_gpt2_ids_of_text_without_a_break_equal_tiktokens(gpt2, gpt2_tiktoken, text):
    assert gpt2.encode(text) == gpt2_tiktoken.encode(text)


def test_gpt2_is_known_by_its_vocabulary(gpt2):
    assert gpt2.n_vocab == 50257
    assert gpt2.special_tokens == {"<|endoftext|>": 50256}
    assert gpt2.encode("Hello, world!") == [15496, 11, 995, 0]


def test_gpt2s_files_come_out_as_they_went_in(gpt2, assets, tmp_path):
    gpt2.save_gpt2_files(tmp_path)
    theirs = json.loads((assets / "gpt2" / "encoder.json").read_text(encoding="utf-8"))
    assert json.loads((tmp_path / "vocab.json").read_text(encoding="utf-8")) == theirs
    assert (tmp_path / "merges.txt").read_text(encoding="utf-8").splitlines() == (
        (assets / "gpt2" / "vocab.bpe").read_text(encoding="utf-8").splitlines()
    )
