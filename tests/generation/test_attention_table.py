"""The tables of who looks at whom: the model's own shares, in columns that stand below one another."""

import numpy as np
import pytest

from minigpt import GPT, GPTConfig, load_model, plain
from minigpt.filling.model import GapFiller
from minigpt.generation.attention_table import attention_tables, cut, table
from minigpt.layers.attention import QUERY_BLOCK
from minigpt.terminal import display_width
from tokenizer import CharTokenizer

TEXT = "努力 to 好!"


@pytest.fixture
def tokenizer():
    return CharTokenizer.train(TEXT)


def loud(model):
    """Weights so large that shares differ."""
    rng = np.random.default_rng(3)
    for param in model.params.values():
        param += 0.5 * rng.standard_normal(param.shape)
    return model


def test_the_shares_of_a_checkpoint_are_those_of_plain_py(tmp_path):
    T = QUERY_BLOCK + 7  # more than one block of rows
    loud(GPT(GPTConfig(11, T, n_layer=3, n_head=2, n_embd=6), dtype="float64")).save_pretrained(tmp_path)
    model = load_model(tmp_path)
    idx = np.random.default_rng(1).integers(11, size=(2, T))
    a = plain.forward(model.params, idx, idx, n_head=2)
    shares = model.attention_shares(idx)
    assert len(shares) == 3
    for i, of_block in enumerate(shares):
        np.testing.assert_allclose(of_block, a[f"h.{i}.attn.P"], rtol=1e-9, atol=1e-12)


def test_without_the_mask_the_shares_are_the_softmax_of_all_scores():
    model = loud(GapFiller(GPTConfig(11, 8, n_layer=1, n_head=2, n_embd=6), dtype="float64"))
    idx = np.random.default_rng(1).integers(11, size=(1, 5))
    a = plain.forward(model.params, idx, idx, n_head=2)
    (shares,) = model.attention_shares(idx)
    np.testing.assert_allclose(shares, plain.softmax(a["h.0.attn.S"]), rtol=1e-9)


def numbers(text):
    """The shares that a table prints, (T, T), 0 for what is hidden."""
    _, _, *lines = text.splitlines()
    rows = [line.replace("·", "0").split() for line in lines]
    rows = [[float(cell) for cell in row if cell.isdigit()] for row in rows]
    return np.array([row + [0.0] * (len(rows) - len(row)) for row in rows])


def test_a_table_prints_percents_of_the_mean_or_of_a_head(tokenizer):
    model = loud(GPT(GPTConfig(tokenizer.n_vocab, 8, n_layer=2, n_head=3, n_embd=6)))
    ids = tokenizer.encode("努力to好!")
    P = [100 * shares[0] for shares in model.attention_shares(np.array([ids]))]
    tables = attention_tables(model, tokenizer, ids)
    assert [text.splitlines()[0] for text in tables] == [f"block {i}, the mean of 3 heads" for i in (0, 1)]
    for text, shares in zip(tables, P):
        np.testing.assert_allclose(numbers(text), shares.mean(0), atol=0.51)
    tables = attention_tables(model, tokenizer, ids, (1, None))
    assert [text.splitlines()[0] for text in tables] == [f"block 1, head {i}" for i in range(3)]
    for text, shares in zip(tables, P[1]):
        np.testing.assert_allclose(numbers(text), shares, atol=0.51)
    assert attention_tables(model, tokenizer, ids, (1, 2)) == tables[2:]


def test_chinese_and_latin_columns_stand_below_one_another():
    shown = table(
        "t", ["努力", "␣a", "感动了吗"], np.array([[1, 0, 0], [0.5, 0.5, 0], [0.004, 0.2, 0.796]]), True
    )
    assert shown.splitlines() == [
        "t",
        "              努力     ␣a  感动…",
        "  努力         100",
        "  ␣a            50     50",
        "  感动了吗       ·     20     80",
    ]
    assert {display_width(line) for line in shown.splitlines()[1::3]} == {32}


def test_a_share_of_nothing_is_a_point_and_what_the_mask_hides_is_nothing():
    zero = np.zeros((2, 2))
    assert table("t", ["a", "b"], zero, masked=True).splitlines()[2:] == ["  a    ·", "  b    ·   ·"]
    assert table("t", ["a", "b"], zero, masked=False).splitlines()[2:] == ["  a    ·   ·", "  b    ·   ·"]


def test_a_wide_label_is_cut():
    assert cut("␣children", 6) == "␣chil…" and cut("感动了吗", 6) == "感动…" and cut("感动了", 6) == "感动了"


def test_what_cannot_be_shown_is_refused(tokenizer):
    model = GPT(GPTConfig(tokenizer.n_vocab, 64, n_layer=2, n_head=3, n_embd=6))
    ids = tokenizer.encode("to")
    with pytest.raises(ValueError, match="asks for block 2, but the blocks are 0 to 1"):
        attention_tables(model, tokenizer, ids, (2, None))
    with pytest.raises(ValueError, match="asks for head 3, but the heads are 0 to 2"):
        attention_tables(model, tokenizer, ids, (0, 3))
    assert attention_tables(model, tokenizer, ids * 12)
    with pytest.raises(ValueError, match="the text has 26 tokens, and a table holds 24"):
        attention_tables(model, tokenizer, ids * 13)
