"""The files of byte-level BPE: its parts of Hugging Face's tokenizer.json, and the two files of GPT-2.

    vocab.json  (OpenAI: encoder.json)   {"!": 0, …, "Ġthe": 262, …, "<|endoftext|>": 50256}
    merges.txt  (OpenAI: vocab.bpe)      #version: 0.2
                                         Ġ t
                                         Ġ a
                                         …                     one merge a line, in the order of learning

All of them write tokens in the alphabet of byte_alphabet.py, and special tokens as they are. The readers
return the arguments of BPETokenizer: mergeable_ranks, merges, special_tokens, pattern, added_words.
"""

from pathlib import Path

import regex

from tokenizer.byte_alphabet import bytes_to_visible, visible_to_bytes
from tokenizer.files import write_atomically
from tokenizer.huggingface import (
    added_words_of,
    check_vocabulary,
    kind,
    read_added_tokens,
    read_bounded,
    read_json,
    special_tokens_of,
    split_by_pattern,
    write_json,
    write_tokenizer,
)
from tokenizer.patterns import GPT2_PATTERN, atomic_counts, try_pattern

GPT2_NAMES = ("vocab.json", "merges.txt")
OPENAI_NAMES = ("encoder.json", "vocab.bpe")

# GPT-2's vocabulary does not say which tokens are special: those in angle or square brackets are.
_SPECIAL_FORM = regex.compile(r"<[^<>\s]+>|\[[^\[\]\s]+\]")


def write_bpe_tokenizer(directory, tokenizer):
    """Write `tokenizer` as tokenizer.json and tokenizer_config.json."""
    if tokenizer.pattern == GPT2_PATTERN:
        pre_tokenizer = _byte_level(use_regex=True)  # has GPT-2's pattern built in
    else:
        split = split_by_pattern(atomic_counts(tokenizer.pattern), keep_rest=True)
        pre_tokenizer = {"type": "Sequence", "pretokenizers": [split, _byte_level(use_regex=False)]}
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": _visible_vocabulary(tokenizer),
        "merges": [list(map(bytes_to_visible, pair)) for pair in tokenizer.merges],
    }
    write_tokenizer(directory, model, pre_tokenizer, _byte_level(use_regex=True), tokenizer)


def parse_bpe_pipeline(path, pipeline):
    """A tokenizer.json that read_pipeline has checked -> the arguments of BPETokenizer; ValueError."""
    model = pipeline["model"]
    for option in (
        "dropout",
        "continuing_subword_prefix",
        "end_of_word_suffix",
        "byte_fallback",
    ):
        if model.get(option):
            raise ValueError(
                f"{path}: the BPE model sets {option} to {model[option]!r:.80}, which is not supported"
            )
    if not isinstance(model.get("merges"), list):
        raise ValueError(f"{path} is not a tokenizer.json: the list 'merges' is missing in its model")
    merges = []
    for number, entry in enumerate(model["merges"], 1):
        pair = entry.split(" ") if isinstance(entry, str) else entry  # files before 2024 write "Ġ t"
        merges.append(_parse_pair(f"{path}: merge {number}", pair))
    special_tokens, added_words = special_tokens_of(pipeline), added_words_of(pipeline)
    made = {left + right for left, right in merges}
    ranks = _parse_vocabulary(path, model["vocab"], made, special_tokens | added_words)
    return ranks, merges, special_tokens, _pattern_of(path, pipeline), added_words


def write_gpt2_files(directory, tokenizer, names=GPT2_NAMES):
    """Write `tokenizer` as GPT-2's two files; ValueError for a pattern that is not GPT-2's."""
    if tokenizer.pattern != GPT2_PATTERN:
        raise ValueError(
            "GPT-2's files cannot say which pattern a tokenizer has, and this one's is not GPT-2's: "
            "use save, which writes tokenizer.json"
        )
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    write_json(directory / names[0], _visible_vocabulary(tokenizer))
    lines = [f"{bytes_to_visible(left)} {bytes_to_visible(right)}\n" for left, right in tokenizer.merges]
    write_atomically(directory / names[1], "".join(["#version: 0.2\n", *lines]).encode("utf-8"))


def read_gpt2_files(vocab_json, merges_txt):
    """GPT-2's two files, under any names -> the arguments of BPETokenizer; OSError, ValueError.

    Tokens that were added later lie beside them, in added_tokens.json.
    """
    vocabulary = read_json(vocab_json)
    check_vocabulary(vocab_json, vocabulary)
    lines = read_bounded(merges_txt).split("\n")
    merges = []
    for number, line in enumerate(lines, 1):
        line = line.removesuffix("\r")
        if not line or (number == 1 and line.startswith("#version")):
            continue
        merges.append(_parse_pair(f"{merges_txt}, line {number}", line.split(" ")))
    made = {left + right for left, right in merges}
    special_tokens = {
        token: i
        for token, i in sorted(vocabulary.items(), key=lambda item: item[1])
        if _SPECIAL_FORM.fullmatch(token) and not _stands_for_bytes(token, made)
    }
    special, added_words = read_added_tokens(Path(vocab_json).parent, vocabulary)
    special_tokens |= special
    ranks = _parse_vocabulary(vocab_json, vocabulary, made, special_tokens | added_words)
    return ranks, merges, special_tokens, GPT2_PATTERN, added_words


def _visible_vocabulary(tokenizer):
    ordinary = {bytes_to_visible(token): i for token, i in tokenizer.mergeable_ranks.items()}
    return ordinary | tokenizer.special_tokens | tokenizer.added_words


def _parse_vocabulary(path, vocabulary, made, added):
    """The tokens that stand for bytes -> their ids. An added token is one of them if a merge makes it too.

    Hugging Face's add_tokens of a word that has an id already lists it as an added token with that id.
    """
    ranks = {}
    for token, i in vocabulary.items():
        if token in added and not _stands_for_bytes(token, made):
            continue
        try:
            ranks[visible_to_bytes(token)] = i
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        if token in added and not token.isascii():
            raise ValueError(
                f"{path}: the added token {token!r:.80} has the id {i}, which is that of the bytes "
                f"{visible_to_bytes(token)!r:.80}, as the vocabulary writes them in the same way: it would "
                "be decoded to something else"
            )
    return ranks


def _stands_for_bytes(token, made):
    """Whether a token as the vocabulary writes it is a byte, or among `made`, the bytes that merges make."""
    try:
        data = visible_to_bytes(token)
    except ValueError:
        return False
    return len(data) == 1 or data in made


def _parse_pair(place, pair):
    if not (
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) and part for part in pair)
    ):
        raise ValueError(f"{place}: {pair!r:.80} is not a pair of tokens")
    try:
        return visible_to_bytes(pair[0]), visible_to_bytes(pair[1])
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _byte_level(use_regex):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex}


def _pattern_of(path, pipeline):
    """The pattern that a pre_tokenizer splits by, for the two forms that write_bpe_tokenizer writes."""
    pre_tokenizer = pipeline.get("pre_tokenizer")
    steps = pre_tokenizer.get("pretokenizers") if kind(pre_tokenizer) == "Sequence" else [pre_tokenizer]
    if isinstance(steps, list) and steps and kind(steps[-1]) == "ByteLevel":
        if steps[-1].get("add_prefix_space"):
            raise ValueError(
                f"{path} puts a blank before the text (add_prefix_space), which is not supported"
            )
        use_regex = steps[-1].get("use_regex", True)
        if len(steps) == 1 and use_regex:
            return GPT2_PATTERN
        if len(steps) == 2 and not use_regex and kind(steps[0]) == "Split":
            pattern = steps[0].get("pattern")
            pattern = pattern.get("Regex") if isinstance(pattern, dict) else None
            if isinstance(pattern, str) and steps[0] == split_by_pattern(pattern, keep_rest=True):
                try:
                    try_pattern(pattern)
                except ValueError as error:
                    raise ValueError(f"{path}: {error}") from None
                return pattern
    raise ValueError(
        f"{path}: the pre_tokenizer is neither ByteLevel nor a Split by a pattern followed by ByteLevel, "
        "as byte-level BPE needs"
    )
