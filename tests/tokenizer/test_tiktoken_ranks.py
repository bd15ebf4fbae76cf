"""tiktoken's ranks: merges found again from them, the .tiktoken file, ids with gaps, and damaged ranks."""

import base64
import random

import pytest
from hypothesis import given, settings
from sample_texts import ENGLISH, TEXT, hostile_text

from tokenizer import BPETokenizer, load_tokenizer
from tokenizer.patterns import atomic_counts
from tokenizer.tiktoken_ranks import merges_of_ranks, read_ranks

# The patterns of tiktoken's own vocabularies; the tests with hostile strings hold them against tiktoken.
CL100K = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|"""
    r"""\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)
BYTES = {bytes([byte]): byte for byte in range(256)}


@pytest.fixture(scope="module", params=["gpt2", "gpt4", CL100K], ids=["gpt2", "gpt4", "cl100k"])
def with_gaps(request):
    """As cl100k has them: bytes in an order of their own, ids left out, special tokens far behind.

    -> the three arguments of from_tiktoken, and the merges.
    """
    trained = BPETokenizer.train(TEXT, 400, pattern=request.param)
    generator = random.Random(0)
    bytes_first = generator.sample(range(256), 256)
    ranks = {bytes([byte]): rank for rank, byte in enumerate(bytes_first)}
    rank = 256
    for left, right in trained.merges:
        rank += generator.choice((1, 1, 1, 2, 7))
        ranks[left + right] = rank
    specials = {"<|endoftext|>": rank + 2, "<|fim_prefix|>": rank + 3, "<|endofprompt|>": rank + 19}
    return (ranks, request.param, specials), trained.merges


def test_merges_are_found_again_from_ranks_alone(with_gaps):
    (ranks, _, _), merges = with_gaps
    shuffled = list(ranks.items())
    random.Random(1).shuffle(shuffled)
    assert merges_of_ranks(dict(shuffled)) == merges


def test_a_merge_is_that_of_the_pieces_which_lower_ranks_leave():
    # "abcd" is ab + cd, not abc + d: abc has the higher rank, and comes too late.
    ranks = BYTES | {b"ab": 256, b"cd": 257, b"abcd": 300, b"abc": 400}
    assert merges_of_ranks(ranks) == [(b"a", b"b"), (b"c", b"d"), (b"ab", b"cd"), (b"ab", b"c")]


def test_gpt2s_merges_are_found_again_from_its_ranks(gpt2, tmp_path):
    gpt2.save_tiktoken(tmp_path / "gpt2.tiktoken")
    again = BPETokenizer.from_tiktoken(tmp_path / "gpt2.tiktoken", "gpt2", {"<|endoftext|>": 50256})
    assert again.merges == gpt2.merges
    assert again.mergeable_ranks == gpt2.mergeable_ranks


def test_ranks_with_gaps_come_back_from_every_file_that_is_written(with_gaps, tmp_path):
    (ranks, pattern, specials), merges = with_gaps
    tok = BPETokenizer.from_tiktoken(ranks, pattern, specials)
    assert (tok.mergeable_ranks, tok.merges, tok.special_tokens) == (ranks, merges, specials)
    assert tok.n_vocab == specials["<|endofprompt|>"] + 1
    tok.save(tmp_path)
    tok.save_tiktoken(tmp_path / "ours.tiktoken")
    assert read_ranks(tmp_path / "ours.tiktoken") == ranks
    for loaded in (
        load_tokenizer(tmp_path),
        BPETokenizer.from_tiktoken(tmp_path / "ours.tiktoken", pattern, specials),
        BPETokenizer.from_tiktoken(str(tmp_path / "ours.tiktoken"), pattern, specials),
    ):
        assert loaded.mergeable_ranks == ranks
        assert loaded.merges == merges
        assert loaded.special_tokens == specials
        assert loaded.n_vocab == tok.n_vocab
        assert loaded.encode(TEXT) == tok.encode(TEXT)
        assert loaded.decode(tok.encode(TEXT)) == TEXT
        assert loaded.encode_batch([TEXT, ""], workers=2) == [tok.encode(TEXT), []]


@pytest.fixture(scope="module")
def in_three_libraries(with_gaps, tmp_path_factory):
    tiktoken = pytest.importorskip("tiktoken")
    tokenizers = pytest.importorskip("tokenizers")
    (ranks, pattern, specials), _ = with_gaps
    tok = BPETokenizer.from_tiktoken(ranks, pattern, specials)
    openai = tiktoken.Encoding("theirs", pat_str=tok.pattern, mergeable_ranks=ranks, special_tokens=specials)
    folder = tmp_path_factory.mktemp("gaps")
    tok.save(folder)
    return tok, load_tokenizer(folder), openai, tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))


@settings(max_examples=200)
@given(text=hostile_text)
def test_ids_of_hostile_strings_equal_those_of_tiktoken_and_hugging_face(in_three_libraries, text):
    tok, loaded, openai, huggingface = in_three_libraries
    text += "<|endofprompt|>12345 \n "
    ids = openai.encode(text, allowed_special="all")
    assert tok.encode(text, allowed_special="all") == ids
    assert loaded.encode(text, allowed_special="all") == ids
    assert huggingface.encode(text).ids == ids
    assert tok.decode(ids) == openai.decode(ids) == text


def test_tiktoken_reads_the_file_that_is_written(with_gaps, tmp_path):
    load = pytest.importorskip("tiktoken.load")
    (ranks, pattern, specials), _ = with_gaps
    BPETokenizer.from_tiktoken(ranks, pattern, specials).save_tiktoken(tmp_path / "ours.tiktoken")
    assert load.load_tiktoken_bpe(str(tmp_path / "ours.tiktoken")) == ranks


def test_the_file_is_one_token_in_base64_and_its_rank_a_line_lowest_first(tmp_path):
    BPETokenizer.from_tiktoken(BYTES | {b"ab": 300}, "gpt2", {}).save_tiktoken(tmp_path / "x")
    lines = (tmp_path / "x").read_bytes().split(b"\n")
    assert lines[:2] == [b"AA== 0", b"AQ== 1"]
    assert lines[-2:] == [b"YWI= 300", b""]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"YWI=", r"line 257: b'YWI=\\n' is not a token in base64"),
        (b"YWI= x", "line 257: .* is not a token in base64"),
        (b"YW? 256", "line 257: .* is not a token in base64"),
        (b"YW?I= 256", "line 257: .* is not a token in base64"),
        (b"YWI= 256 7", "line 257: .* is not a token in base64"),
        (b"YQ== 256", "line 257: the token b'a' has two ranks"),
        (b" 256", "line 257: .* is not a token in base64"),
        (b"YWI= -4", "the token b'ab' has the rank -4, not a whole number"),
        (b"YWI= 97", "the tokens b'a' and b'ab' have the same rank 97"),
        (b"YWJj 256", r"b'abc' of rank 256 is not made of two tokens of lower rank, but of 3"),
    ],
)
def test_damage_to_a_file_of_ranks_is_named(tmp_path, line, sentence):
    lines = [base64.b64encode(token) + b" %d\n" % rank for token, rank in BYTES.items()]
    (tmp_path / "x.tiktoken").write_bytes(b"".join(lines) + line + b"\n")
    with pytest.raises(ValueError, match=sentence):
        BPETokenizer.from_tiktoken(tmp_path / "x.tiktoken", "gpt2", {})


@pytest.mark.parametrize(
    ("ranks", "sentence"),
    [
        ({"a": 0}, "there is the token 'a'"),
        (BYTES | {b"": 256}, "there is the token b''"),
        (BYTES | {b"ab": 256.0}, r"the token b'ab' has the rank 256\.0"),
        (BYTES | {b"ab": True}, "the token b'ab' has the rank True"),
        ({b"a": 0}, "no token for the byte 0x00"),
        (BYTES | {b"ab": 256, b"cd": 256}, "the tokens b'ab' and b'cd' have the same rank 256"),
    ],
)
def test_ranks_that_are_none_are_refused(ranks, sentence):
    with pytest.raises(ValueError, match=sentence):
        BPETokenizer.from_tiktoken(ranks, "gpt2", {})


def test_a_special_token_may_not_take_the_rank_of_another_token():
    with pytest.raises(ValueError, match="the same id"):
        BPETokenizer.from_tiktoken(BYTES, "gpt2", {"<|endoftext|>": 97})


def test_changing_the_tokenizer_leaves_the_callers_ranks_alone(with_gaps):
    (ranks, pattern, specials), _ = with_gaps
    tok = BPETokenizer.from_tiktoken(ranks, pattern, specials)
    tok.mergeable_ranks.clear()
    tok.special_tokens.clear()
    assert ranks
    assert specials


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (r"\p{N}{1,3}+|\s", r"(?>\p{N}{1,3})|\s"),
        (r"[^\]a]{2}+|\d{2,}+", r"(?>[^\]a]{2})|(?>\d{2,})"),
        (r"[x{1,3}+]", r"[x{1,3}+]"),
        (r"\{1,3}+", r"\{1,3}+"),
        (r"a{1,3}b++c*+", r"a{1,3}b++c*+"),
        (r"[]{1}+a]", r"[]{1}+a]"),
    ],
)
def test_counts_that_give_nothing_back_are_written_as_hugging_face_reads_them(pattern, written):
    assert atomic_counts(pattern) == written


def test_such_a_count_behind_a_group_is_refused_when_saving(tmp_path):
    tok = BPETokenizer.from_tiktoken(BYTES, r"(?:ab){1,3}+|.", {})
    with pytest.raises(ValueError, match=r"\{1,3\}\+ behind a group"):
        tok.save(tmp_path / "x")
    assert not (tmp_path / "x").exists()
    assert tok.decode(tok.encode(ENGLISH)) == ENGLISH
