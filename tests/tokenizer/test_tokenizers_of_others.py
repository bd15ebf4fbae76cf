"""Tokenizers that others saved: the same ids as Hugging Face's, and what the files beside them say."""

import json

import pytest
from sample_texts import TEXT

from tokenizer import CharTokenizer, load_tokenizer

BLANKS = "if x:\n        return  x\n   foxhill and mill; lowlands <|x|> 每天  \n\n\n"
EMPTY_TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {},
}
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}


def edit(path, **changes):
    value = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(value | changes, ensure_ascii=False), encoding="utf-8", newline="\n")


def add_tokens(directory, **tokens):
    """Added tokens by their content, with the flags that differ from those of a word: {"id": …}."""
    path = directory / "tokenizer.json"
    added = json.loads(path.read_text(encoding="utf-8"))["added_tokens"]
    for content, flags in tokens.items():
        word = dict.fromkeys(("single_word", "lstrip", "rstrip", "special"), False) | {"normalized": True}
        added.append(word | {"id": len(added) + 399, "content": content} | flags)
    edit(path, added_tokens=added)


def theirs(directory, text):
    tokenizers = pytest.importorskip("tokenizers")
    return tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json")).encode(text).ids


@pytest.fixture
def saved(bpe, tmp_path):
    bpe.save(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "processor",
    [
        EMPTY_TEMPLATE,
        BYTE_LEVEL,
        {"type": "Sequence", "processors": [BYTE_LEVEL, EMPTY_TEMPLATE]},
        {"type": "Sequence", "processors": []},
    ],
    ids=["template", "ByteLevel", "both", "none"],
)
def test_a_post_processor_that_adds_nothing_is_accepted(saved, processor):
    edit(
        saved / "tokenizer.json", post_processor=processor, normalizer={"type": "Sequence", "normalizers": []}
    )
    assert load_tokenizer(saved).encode(TEXT) == theirs(saved, TEXT)


def test_a_template_that_adds_a_token_is_refused(saved):
    begin = {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}
    template = EMPTY_TEMPLATE | {"single": [begin, *EMPTY_TEMPLATE["single"]]}
    edit(saved / "tokenizer.json", post_processor=template)
    with pytest.raises(ValueError, match="adds tokens around the text"):
        load_tokenizer(saved)


@pytest.mark.parametrize("key", ["add_bos_token", "add_eos_token", "add_prefix_space"])
@pytest.mark.parametrize("name", ["GPT2Tokenizer", "GPT2TokenizerFast", "PreTrainedTokenizerFast"])
def test_what_a_configuration_puts_around_texts_counts_where_it_does_in_transformers(saved, name, key):
    transformers = pytest.importorskip("transformers")
    edit(saved / "tokenizer_config.json", **{key: True, "tokenizer_class": name})
    expected = transformers.AutoTokenizer.from_pretrained(saved)("The rain")["input_ids"]
    if expected == theirs(saved, "The rain"):
        assert load_tokenizer(saved).encode("The rain") == expected
    else:
        with pytest.raises(ValueError, match="puts a blank before the text"):
            load_tokenizer(saved)


def test_what_transformers_saves_again_opens_with_the_same_ids(saved, tmp_path):
    transformers = pytest.importorskip("transformers")
    tokenizer = transformers.AutoTokenizer.from_pretrained(saved)
    tokenizer.add_tokens(["foxhill", "        ", "  "])
    tokenizer.add_special_tokens({"pad_token": "[PAD]", "additional_special_tokens": ["<|x|>"]})
    tokenizer.save_pretrained(tmp_path / "again")
    ours = load_tokenizer(tmp_path / "again")
    text = BLANKS + "[PAD]" + TEXT
    assert ours.encode(text, allowed_special="all") == tokenizer(text)["input_ids"]
    assert ours.decode(tokenizer(text)["input_ids"]) == text
    assert set(ours.special_tokens) == {"<|endoftext|>", "[PAD]", "<|x|>"}


def test_words_that_were_added_are_found_in_every_text(saved):
    add_tokens(saved, **{"        ": {}, "   ": {}, "  ": {}, "foxhill": {}, "fox": {}})
    tokenizer = load_tokenizer(saved)
    expected = theirs(saved, BLANKS)
    assert len(set(expected) & set(tokenizer.added_words.values())) == 4
    assert tokenizer.encode_ordinary(BLANKS) == tokenizer.encode(BLANKS) == expected
    assert tokenizer.encode_batch([BLANKS], workers=2) == [expected]
    assert tokenizer.decode(expected) == BLANKS


def test_special_tokens_come_before_words(saved):
    add_tokens(saved, **{"<|x|>": {"special": True, "normalized": False}, "x|>y": {}})
    tokenizer = load_tokenizer(saved)
    assert tokenizer.encode("<|x|>y", allowed_special="all") == theirs(saved, "<|x|>y")
    assert tokenizer.encode("a x|>y") == theirs(saved, "a x|>y")
    with pytest.raises(ValueError, match=r"special token '<\|x\|>'"):
        tokenizer.encode("<|x|>y")


def test_added_words_are_saved_as_such(saved, tmp_path):
    add_tokens(saved, foxhill={})
    load_tokenizer(saved).save(tmp_path / "again")
    again = load_tokenizer(tmp_path / "again")
    assert again.added_words == {"foxhill": 400} and list(again.special_tokens) == ["<|endoftext|>"]
    assert again.encode(BLANKS) == theirs(tmp_path / "again", BLANKS) == theirs(saved, BLANKS)


@pytest.mark.parametrize("special", [False, True])
def test_a_word_that_the_merges_make_keeps_its_id(saved, bpe, special):
    word = next(token for token in bpe.mergeable_ranks if len(token) > 2 and token.isalpha())
    content = word.decode()
    add_tokens(saved, **{content: {"id": bpe.mergeable_ranks[word], "special": special}})
    tokenizer = load_tokenizer(saved)
    text = f"x{content}x {content}"
    assert tokenizer.encode(text, allowed_special="all") == theirs(saved, text)
    assert tokenizer.decode(theirs(saved, text)) == text


def test_a_character_tokenizer_may_have_words_too(tmp_path):
    CharTokenizer.train("abc").save(tmp_path)
    add_tokens(tmp_path, ab={"id": 4})
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.encode("abca") == theirs(tmp_path, "abca") == [4, 2, 0]


def test_an_id_that_tokenizers_would_not_give_is_refused(saved):
    add_tokens(saved, foxhill={"id": 410})
    with pytest.raises(ValueError, match="'foxhill' has the id 410, but tokenizers gives it 400"):
        load_tokenizer(saved)


@pytest.mark.parametrize("special", [False, True])
def test_added_tokens_lie_beside_the_two_files_of_gpt2(bpe, tmp_path, special):
    transformers = pytest.importorskip("transformers")
    bpe.save_gpt2_files(tmp_path)
    edit(tmp_path / "added_tokens.json", foxhill=400)
    edit(tmp_path / "config.json", model_type="gpt2")
    if special:
        edit(tmp_path / "special_tokens_map.json", additional_special_tokens=["foxhill"])
    tokenizer = load_tokenizer(tmp_path)
    assert ("foxhill" in tokenizer.special_tokens) == special
    expected = transformers.AutoTokenizer.from_pretrained(tmp_path)("a foxhill.")["input_ids"]
    assert tokenizer.encode("a foxhill.", allowed_special="all") == expected


# --- rows and tokens


def test_a_row_without_a_token_is_no_text(saved):
    transformers = pytest.importorskip("transformers")
    edit(saved / "config.json", vocab_size=448)
    tokenizer = load_tokenizer(saved)
    assert tokenizer.n_vocab == 400
    ids = [*tokenizer.encode("The"), 400, 447, *tokenizer.encode(" rain")]
    peer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(saved / "tokenizer.json"))
    assert tokenizer.decode(ids) == peer.decode(ids) == "The rain"
    stream = tokenizer.stream_decoder()
    assert "".join(map(stream.feed, ids)) == "The rain"
    for bad in (448, -1):
        with pytest.raises(
            ValueError, match=f"token id {bad} is not in the vocabulary, which goes from 0 to 447"
        ):
            tokenizer.decode([bad])


def test_tokens_without_a_row_are_told_at_loading(saved):
    add_tokens(saved, foxhill={}, lowlands={})
    edit(saved / "config.json", vocab_size=400)
    with pytest.warns(
        UserWarning, match="has 2 tokens for which the model of 400 rows has none, such as 'foxhill'"
    ):
        load_tokenizer(saved)


# --- where texts end


def renamed_end(directory, end="</s>"):
    """The saved tokenizer with another name of its <|endoftext|>."""
    path = directory / "tokenizer.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace("<|endoftext|>", end), encoding="utf-8", newline="\n"
    )
    (directory / "tokenizer_config.json").unlink()


@pytest.mark.parametrize(
    "files",
    [
        {"config.json": {"eos_token_id": 399}},
        {"generation_config.json": {"eos_token_id": [399]}, "config.json": {"eos_token_id": 5}},
        {"tokenizer_config.json": {"eos_token": "</s>"}},
        {"tokenizer_config.json": {"eos_token": {"content": "</s>", "special": True}}},
        {"special_tokens_map.json": {"eos_token": "</s>"}, "config.json": {"eos_token_id": 50256}},
    ],
    ids=["config", "generation", "tokenizer", "tokenizer's object", "map"],
)
def test_another_end_of_text_is_found(saved, files):
    renamed_end(saved)
    assert load_tokenizer(saved).eot_token is None
    assert load_tokenizer(saved).stop_tokens == frozenset()
    for name, content in files.items():
        edit(saved / name, **content)
    tokenizer = load_tokenizer(saved)
    assert (tokenizer.end_of_text, tokenizer.eot_token, tokenizer.stop_tokens) == ("</s>", 399, {399})
    tokenizer.save(saved / "again")
    assert load_tokenizer(saved / "again").eot_token == 399


def test_generation_may_end_at_several_tokens_and_documents_at_the_special_one(saved, bpe):
    newline = bpe.encode("\n")[0]
    edit(saved / "generation_config.json", eos_token_id=[newline, bpe.eot_token])
    tokenizer = load_tokenizer(saved)
    assert tokenizer.eot_token == bpe.eot_token
    assert tokenizer.stop_tokens == {newline, bpe.eot_token}


def test_an_end_that_is_plain_text_ends_generation_and_no_document(saved, bpe):
    edit(saved / "config.json", eos_token_id=bpe.encode("\n")[0])
    tokenizer = load_tokenizer(saved)
    assert tokenizer.stop_tokens == set(bpe.encode("\n")) and tokenizer.eot_token == bpe.eot_token


# --- the same without a peer: what is read, and what is not


def test_a_blank_before_texts_is_refused_of_gpt2s_class_alone(saved):
    edit(saved / "tokenizer_config.json", add_prefix_space=True, tokenizer_class="GPT2TokenizerFast")
    with pytest.raises(ValueError, match="puts a blank before the text"):
        load_tokenizer(saved)
    edit(saved / "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast")
    assert load_tokenizer(saved).encode(TEXT) == theirs(saved, TEXT)


@pytest.mark.parametrize(("rows", "n_rows"), [(448, 448), (400, 400), ("448", 400)])
def test_the_rows_are_those_of_the_model_where_it_says_so(saved, rows, n_rows):
    edit(saved / "config.json", vocab_size=rows)
    tokenizer = load_tokenizer(saved)
    assert (tokenizer.n_rows, tokenizer.n_vocab) == (n_rows, 400)


def test_a_model_of_fewer_rows_leaves_every_token_its_text(saved, bpe):
    edit(saved / "config.json", vocab_size=399)
    with pytest.warns(UserWarning, match=r"has 1 tokens .* such as '<\|endoftext\|>'"):
        tokenizer = load_tokenizer(saved)
    assert tokenizer.n_rows == 400 and tokenizer.decode([bpe.eot_token]) == "<|endoftext|>"


@pytest.mark.parametrize("special", ["foxhill", {"content": "foxhill"}, ["[PAD]", "foxhill"], None])
def test_added_tokens_of_gpt2s_files_are_special_where_the_map_says_so(bpe, tmp_path, special):
    bpe.save_gpt2_files(tmp_path)
    edit(tmp_path / "added_tokens.json", foxhill=400)
    if special:
        edit(tmp_path / "special_tokens_map.json", a_token=special)
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.added_words == ({} if special else {"foxhill": 400})
    assert tokenizer.special_tokens.get("foxhill") == (400 if special else None)
    assert tokenizer.encode("a foxhill.", allowed_special="all")[-2] == 400
