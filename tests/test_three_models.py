"""The table of three models, in small: equal parameters and time, and a picture."""

import json

import pytest
from scripts import run_main

from benchmarks import three_models
from minigpt import GPT, RNN, BigramLM

TEXT = "One day the cat sat on the mat, and the dog sat on the log; 请问，小猫在哪儿？\n" * 60


def test_no_model_has_more_parameters_than_the_table_and_each_is_as_wide_as_it_can_be():
    models = three_models.models(300, seed=1)
    assert [type(model) for model in models.values()] == [BigramLM, RNN, GPT]
    for name, model in models.items():
        assert 0.8 * 300**2 < model.n_params() <= 300**2, name


def test_the_table_has_a_line_a_model_and_the_picture_their_curves(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(three_models, "describe_machine", lambda: "a machine")
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8", newline="\n")
    picture, table = tmp_path / "curves.png", tmp_path / "table.json"
    flags = ["--data", tmp_path / "text.txt", "--seconds", 0.3, "--out", picture, "--json", table]
    printed, _ = run_main(three_models.main, *flags)
    rows = json.loads(table.read_text(encoding="utf-8"))["rows"]
    assert [row["model"] for row in rows] == ["bigram", "rnn", "gpt"]
    for row in rows:
        assert f"| {row['model']} | {row['parameters']:,} | {row['steps']:,} |" in printed
        assert row["curve"][-1][0] >= 0.3 > row["curve"][-2][0] and row["curve"][0][0] == 0
        assert row["curve"][0][1] > row["loss"] > 0
        assert [text[:3] for text in row["samples"]] == ["One", "请问，"] and row["samples"][0] in printed
    assert picture.read_bytes().startswith(b"\x89PNG")
