import pytest


def test_the_picture_shows_both_losses_from_the_first_value_on(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    from matplotlib import pyplot

    from minigpt.training.plot import save_loss_curve

    figures = []
    monkeypatch.setattr(pyplot, "close", figures.append)
    losses, validation = [(0, 5.0), (1, 4.0), (2, 9.0)], [(0, 6.0), (2, 3.5)]
    save_loss_curve(tmp_path / "loss.png", losses, validation)
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    (figure,) = figures
    (axes,) = figure.axes
    training, measured = axes.lines
    assert list(zip(*training.get_data())) == losses and "training" in training.get_label()
    assert list(zip(*measured.get_data())) == validation and measured.get_label() == "validation"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "loss (nats per token)")
    assert [text.get_text() for text in axes.get_legend().texts] == ["training, each step", "validation"]
    assert axes.get_ylim()[1] == 6, "the highest beginning; a loss that overflows would flatten the rest"
    save_loss_curve(tmp_path / "loss.png", losses, [])
    assert len(figures[1].axes[0].lines) == 1
