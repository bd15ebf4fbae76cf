"""The table of losses against time and its picture, from curves as the runs leave them."""

import pytest

pytest.importorskip("resource", reason="benchmarks measure memory with it, which Windows lacks")
from benchmarks import quality

CURVES = [  # of two seeds: (step, seconds, validation loss)
    [(25, 9.0, 2.5), (50, 21.0, 2.1), (75, 30.0, 1.97), (100, 41.0, 1.8)],
    [(25, 11.0, 2.3), (50, 23.0, 2.0), (75, 32.0, 1.87), (100, 43.0, 1.7)],
]


def test_a_row_gives_means_at_a_quarter_a_half_and_the_end_and_when_nanogpts_loss_is_reached():
    cells = "| muon | 2 | 42 | 2.400 (10 s) | 2.050 (22 s) | 1.750 (42 s) | 42 s |"
    assert quality.table_row("muon", CURVES) == cells
    assert quality.table_row("muon", [CURVES[0][:2]]).endswith("| not |")


def test_the_picture_has_a_line_a_run_and_a_colour_and_a_word_a_side(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    from matplotlib import pyplot

    figures = []
    monkeypatch.setattr(pyplot, "close", figures.append)
    rows = [{"side": side, "curve": curve} for side in ("adamw", "muon") for curve in CURVES]
    quality.draw(tmp_path / "quality.png", rows)
    assert (tmp_path / "quality.png").read_bytes().startswith(b"\x89PNG")
    axes = figures[0].axes[0]
    *lines, nanogpt = axes.lines
    for line, row in zip(lines, rows, strict=True):
        _, seconds, losses = zip(*row["curve"])
        assert (tuple(line.get_xdata()), tuple(line.get_ydata())) == (seconds, losses)
    first, second, third, fourth = (line.get_color() for line in lines)
    assert first == second != third == fourth
    words = [text.get_text() for text in axes.get_legend().texts]
    assert words[:2] == ["adamw", "muon"] and len(words) == 3
    assert set(nanogpt.get_ydata()) == {1.905}
