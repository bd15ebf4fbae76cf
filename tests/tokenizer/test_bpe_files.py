"""merges.txt, whose first line may say a version, and whose merges may begin with the sign of one."""

import json

import pytest

from tokenizer import BPETokenizer
from tokenizer.byte_alphabet import BYTE_ORDER, bytes_to_visible


@pytest.mark.parametrize("first_line", ["#version: 0.2\n", ""])
def test_every_merge_counts_the_first_and_those_that_begin_with_a_hash_too(tmp_path, first_line):
    tokens = [bytes([byte]) for byte in BYTE_ORDER] + [b"##", b" a", b"# a", b"<|endoftext|>"]
    names = [*map(bytes_to_visible, tokens[:-1]), "<|endoftext|>"]
    vocabulary = {name: i for i, name in enumerate(names)}
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8", newline="\n")
    merges = first_line + "# #\nĠ a\n# Ġa\n"
    (tmp_path / "merges.txt").write_text(merges, encoding="utf-8", newline="\n")
    tokenizer = BPETokenizer.from_gpt2_files(tmp_path / "vocab.json", tmp_path / "merges.txt")
    assert tokenizer.merges == [(b"#", b"#"), (b" ", b"a"), (b"#", b" a")]
    assert tokenizer.encode("##") == [256] and tokenizer.special_tokens == {"<|endoftext|>": 259}
