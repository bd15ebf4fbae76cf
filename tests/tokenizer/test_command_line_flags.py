"""Two flags and a habit of python -m tokenizer that its other tests do not tell from their neighbours."""

import pytest
from sample_texts import ENGLISH
from scripts import ROOT, TOKENIZER, run_script

from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer, load_tokenizer


@pytest.mark.parametrize(
    ("name", "kind"), [("bpe", BPETokenizer), ("word", WordTokenizer), ("char", CharTokenizer)]
)
def test_type_is_the_kind_of_tokenizer_that_is_trained(tmp_path, name, kind):
    (tmp_path / "text.txt").write_text(ENGLISH, encoding="utf-8", newline="\n")
    flags = ["--vocab-size", 300] if name == "bpe" else []
    run_script(
        [*TOKENIZER, "train"], tmp_path / "text.txt", "--type", name, "--out", tmp_path, *flags, cwd=ROOT
    )
    assert type(load_tokenizer(tmp_path)) is kind


def test_unk_takes_characters_that_the_text_does_not_have(tmp_path):
    (tmp_path / "text.txt").write_text("aaab", encoding="utf-8", newline="\n")
    flags = ["--type", "char", "--unk", "--out", tmp_path]
    run_script([*TOKENIZER, "train"], tmp_path / "text.txt", *flags, cwd=ROOT)
    out, _ = run_script([*TOKENIZER, "encode"], "--tokenizer", tmp_path, stdin="ab努", cwd=ROOT)
    assert out == "0 1 3\n"  # 2 is <|endoftext|>
    run_script([*TOKENIZER, "train"], tmp_path / "text.txt", *flags, "--vocab-size", 3, cwd=ROOT)
    out, _ = run_script([*TOKENIZER, "encode"], "--tokenizer", tmp_path, stdin="ab努", cwd=ROOT)
    assert out == "0 2 2\n"


@pytest.mark.parametrize("ids", ["0 2 1", "0,2,1", "0, 2,\n1"])
def test_ids_are_parted_by_blanks_or_commas(tmp_path, ids):
    CharTokenizer.train("abc").save(tmp_path)
    out, _ = run_script([*TOKENIZER, "decode"], "--tokenizer", tmp_path, stdin=ids, cwd=ROOT)
    assert out == "acb"
