"""Saving, loading, GPT-2's files, and files that are damaged or foreign."""

import json

import pytest
from sample_texts import TEXT

from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer, huggingface, load_tokenizer
from tokenizer.bpe_files import OPENAI_NAMES


def test_a_saved_tokenizer_comes_back_the_same(any_tokenizer, tmp_path):
    any_tokenizer.save(tmp_path / "new" / "folder")
    loaded = load_tokenizer(tmp_path / "new" / "folder")
    assert type(loaded) is type(any_tokenizer)
    assert loaded.encode(TEXT) == any_tokenizer.encode(TEXT)
    assert loaded.token_bytes == any_tokenizer.token_bytes
    assert loaded.special_tokens == any_tokenizer.special_tokens


def test_a_character_tokenizer_with_unk_comes_back_with_it(tmp_path):
    CharTokenizer.train("abc", unk=True).save(tmp_path)
    assert load_tokenizer(tmp_path).encode("ax") == [0, 4]


@pytest.mark.parametrize("pattern", ["gpt4", r"[a-z]+|\s", r"(\w)\d?"])
def test_the_pattern_is_saved(tmp_path, pattern):
    tok = BPETokenizer.train(TEXT, 300, pattern=pattern)
    tok.save(tmp_path)
    loaded = load_tokenizer(tmp_path)
    assert loaded.pattern == tok.pattern
    assert loaded.encode(TEXT) == tok.encode(TEXT)


def test_saving_twice_gives_the_same_bytes(any_tokenizer, tmp_path):
    any_tokenizer.save(tmp_path / "a")
    load_tokenizer(tmp_path / "a").save(tmp_path / "b")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("names", [("vocab.json", "merges.txt"), OPENAI_NAMES])
def test_gpt2_files_round_trip_under_both_names(bpe, tmp_path, names):
    bpe.save_gpt2_files(tmp_path, names)
    for loaded in (
        BPETokenizer.from_gpt2_files(*(tmp_path / name for name in names)),
        load_tokenizer(tmp_path),
    ):
        assert loaded.mergeable_ranks == bpe.mergeable_ranks
        assert loaded.merges == bpe.merges
        assert loaded.special_tokens == bpe.special_tokens


def test_gpt2_files_with_windows_line_ends_are_read(bpe, tmp_path):
    bpe.save_gpt2_files(tmp_path)
    merges = tmp_path / "merges.txt"
    merges.write_bytes(merges.read_bytes().replace(b"\n", b"\r\n"))
    assert load_tokenizer(tmp_path).merges == bpe.merges


def test_gpt2_files_are_not_written_for_another_pattern(tmp_path):
    with pytest.raises(ValueError, match="which pattern"):
        BPETokenizer.train(TEXT, 300, pattern="gpt4").save_gpt2_files(tmp_path)


def test_a_tokenizer_may_have_its_special_tokens_first(bpe, tmp_path):
    # Hugging Face's trainer numbers them from 0.
    shifted = BPETokenizer(
        {token: i + 1 for token, i in bpe.mergeable_ranks.items()}, bpe.merges, {"<|endoftext|>": 0}
    )
    shifted.save(tmp_path)
    assert load_tokenizer(tmp_path).encode(TEXT) == [i + 1 for i in bpe.encode(TEXT)]
    assert shifted.decode(shifted.encode(TEXT)) == TEXT


@pytest.mark.parametrize("word", ["pect", "a"])
def test_an_added_token_may_be_a_word_that_the_merges_make(bpe, tmp_path, word):
    # As add_tokens of Hugging Face writes it: the id that the word has already.
    word_id = bpe.mergeable_ranks[word.encode("utf-8")]
    added = BPETokenizer(bpe.mergeable_ranks, bpe.merges, bpe.special_tokens | {word: word_id})
    added.save(tmp_path)
    for tok in (added, load_tokenizer(tmp_path)):
        assert tok.mergeable_ranks == bpe.mergeable_ranks
        assert tok.special_tokens == bpe.special_tokens | {word: word_id}
        assert tok.n_vocab == bpe.n_vocab
        # Inside a word too, where the merges alone would go over its edges.
        ids = tok.encode(f"ex{word}ed", allowed_special="all")
        assert ids == [*bpe.encode("ex"), word_id, *bpe.encode("ed")]
        assert tok.decode(ids) == f"ex{word}ed"


def test_an_added_token_that_looks_like_the_sign_of_another_byte_is_refused(bpe, tmp_path):
    # "é" is also how a vocabulary writes the byte E9: Hugging Face gives the letter that byte's id.
    bpe.save(tmp_path)
    root = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    root["added_tokens"].append({"id": bpe.mergeable_ranks[b"\xe9"], "content": "é"})
    (tmp_path / "tokenizer.json").write_text(json.dumps(root), encoding="utf-8")
    with pytest.raises(ValueError, match=r"the added token 'é' has the id 165, .* the bytes b'\\xe9'"):
        load_tokenizer(tmp_path)


def test_a_special_token_with_the_id_of_another_word_is_refused(bpe):
    with pytest.raises(ValueError, match="the same id"):
        BPETokenizer(bpe.mergeable_ranks, bpe.merges, {"pect": bpe.mergeable_ranks[b"a"]})


def test_a_folder_without_a_tokenizer_is_an_error(tmp_path):
    with pytest.raises(OSError, match="holds no tokenizer"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not valid JSON"),
        (b'{"model": ', "is not valid JSON"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[1, 2]", "holds a JSON list, not an object"),
        (b"[" * 100_000, "nested too deeply"),
        (b"{}", "'model' is missing"),
        (b'{"model": 3}', "'model' is a int, not a dict"),
    ],
)
def test_a_file_that_is_no_tokenizer_is_an_error(tmp_path, content, sentence):
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        load_tokenizer(tmp_path)


def damage(path, *keys, value):
    """Replace one value inside a JSON file."""
    root = json.loads(path.read_text(encoding="utf-8"))
    place = root
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(root), encoding="utf-8")


@pytest.mark.parametrize(
    ("keys", "value", "sentence"),
    [
        (("model", "vocab"), None, "'vocab' is a NoneType"),
        (("model", "vocab", "a"), "7", "the token 'a' has the id '7'"),
        (("model", "vocab", "a"), -1, "the token 'a' has the id -1"),
        (("model", "vocab", "a"), True, "the token 'a' has the id True"),
        (("model", "vocab", "a"), 5, "have the same id 5"),
        (("model", "vocab", "a"), 5000, "makes the token 256, after 5000"),
        (
            ("model", "vocab", "a"),
            1 << 32,
            "the token 'a' has the id 4294967296, not a whole number from 0 to",
        ),
        (("model", "vocab", "a b"), 400, "which stands for no byte"),
        (("model", "vocab", "zzz"), 400, "made by no merge"),
        (("model", "merges"), None, "'merges' is missing"),
        (("model", "merges", 3), "ab", r"merge 4: \['ab'\] is not a pair"),
        (("model", "merges", 3), ["a", 5], r"merge 4: \['a', 5\] is not a pair"),
        (("model", "merges", 3), ["a", "b c"], "stands for no byte"),
        (("model", "merges", 3), ["z", "q"], "has no id"),
        (("model", "type"), "Unigram", "neither byte-level BPE"),
        (("model", "type"), ["BPE"], "neither byte-level BPE"),
        (("model", "dropout"), 0.1, "dropout"),
        (("model", "byte_fallback"), True, "byte_fallback"),
        (("normalizer",), {"type": "NFC"}, "normalizer"),
        (("post_processor",), {"type": "TemplateProcessing"}, "post_processor"),
        (("post_processor",), {"type": "RobertaProcessing"}, "post_processor"),
        (("post_processor",), {"type": "Sequence", "processors": [{"type": "BertProcessing"}]}, "post_proc"),
        (("pre_tokenizer",), None, "pre_tokenizer"),
        (("pre_tokenizer",), {"type": "Whitespace"}, "pre_tokenizer"),
        (("pre_tokenizer", "add_prefix_space"), True, "add_prefix_space"),
        (("added_tokens",), {}, "'added_tokens' is a dict"),
        (("added_tokens", 0), "<|endoftext|>", "not an object"),
        (("added_tokens", 0, "content"), 3, "'content' is a int"),
        (("added_tokens", 0, "id"), "x", "'id' is a str"),
        (("added_tokens", 0, "id"), 5, r"'<\|endoftext\|>' has two ids, 399 and 5"),
        (("added_tokens", 0, "lstrip"), True, "lstrip"),
    ],
)
def test_damage_is_named(bpe, tmp_path, keys, value, sentence):
    bpe.save(tmp_path)
    damage(tmp_path / "tokenizer.json", *keys, value=value)
    with pytest.raises(ValueError, match=sentence):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize(
    ("keys", "value", "sentence"),
    [
        (("model", "unk_token"), "[UNK]", r"the unknown token is '\[UNK\]'"),
        (("added_tokens",), [], r"needs the special token <\|unk\|>"),
        (("pre_tokenizer", "pattern", "Regex"), ".", "neither byte-level BPE"),
    ],
)
def test_damage_to_a_word_tokenizer_is_named(tmp_path, keys, value, sentence):
    WordTokenizer.train(TEXT).save(tmp_path)
    damage(tmp_path / "tokenizer.json", *keys, value=value)
    with pytest.raises(ValueError, match=sentence):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (lambda lines: lines[:-40], "made by no merge"),
        (lambda lines: [*lines[:5], "abc", *lines[6:]], r"merges\.txt, line 6: \['abc'\] is not a pair"),
        (lambda lines: [*lines[:5], "a b c", *lines[6:]], "line 6"),
        (lambda lines: [*lines, "z q"], "has no id"),
    ],
)
def test_damage_to_gpt2_files_is_named(bpe, tmp_path, lines, sentence):
    bpe.save_gpt2_files(tmp_path)
    merges = tmp_path / "merges.txt"
    changed = lines(merges.read_text(encoding="utf-8").splitlines())
    merges.write_text("\n".join(changed), encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        load_tokenizer(tmp_path)


def test_special_tokens_and_added_words_are_told_apart_in_the_file(bpe, tmp_path):
    # A token that is "normalized" is looked for in the text as a normalizer leaves it; a special one is not.
    bpe.save(tmp_path)
    path = tmp_path / "tokenizer.json"
    added = json.loads(path.read_text(encoding="utf-8"))["added_tokens"]
    flags = {"single_word": False, "lstrip": False, "rstrip": False}
    special = {"id": 399, "content": "<|endoftext|>", "normalized": False, "special": True} | flags
    word = {"id": 400, "content": "雨", "normalized": True, "special": False} | flags
    assert added == [special]
    damage(path, "added_tokens", value=[special, word])
    load_tokenizer(tmp_path).save(tmp_path / "again")
    text = (tmp_path / "again" / "tokenizer.json").read_text(encoding="utf-8")
    assert json.loads(text)["added_tokens"] == [special, word] and '"雨"' in text


def test_a_saved_tokenizer_says_where_texts_end_and_what_is_unknown(tmp_path):
    WordTokenizer.train("abc abc").save(tmp_path)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert config["bos_token"] == config["eos_token"] == "<|endoftext|>" and config["unk_token"] == "<|unk|>"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"a": 1, "b": {"a": 1, "a": 2}}', "the name 'a' comes twice in one object"),
        ('{"a": "\\ud83d"}', "holds half of a surrogate pair"),
        ("{" + " " * 200 + "}", "has more than 100 bytes, and is not read"),
    ],
)
def test_a_file_that_two_readers_would_read_differently_is_refused(tmp_path, monkeypatch, content, sentence):
    monkeypatch.setattr(huggingface, "LARGEST_FILE", 100)
    (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        huggingface.read_json(tmp_path / "tokenizer.json")


def test_a_file_of_just_the_largest_size_and_a_whole_surrogate_pair_are_read(tmp_path, monkeypatch):
    path = tmp_path / "tokenizer.json"
    path.write_text('{"a": "\\ud83d\\ude42"}', encoding="utf-8")
    monkeypatch.setattr(huggingface, "LARGEST_FILE", path.stat().st_size)
    assert huggingface.read_json(path) == {"a": "🙂"}


def test_a_split_keeps_the_matches_and_with_them_the_rest_or_drops_it():
    # "Removed" drops what the pattern matches, and inverted what it does not.
    for keep_rest, behavior, invert in ((True, "Isolated", False), (False, "Removed", True)):
        assert huggingface.split_by_pattern("a+", keep_rest) == {
            "type": "Split",
            "pattern": {"Regex": "a+"},
            "behavior": behavior,
            "invert": invert,
        }
