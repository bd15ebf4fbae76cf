"""The loss curve as a picture. matplotlib is the `plot` extra and is imported only here."""

from contextlib import contextmanager

from minigpt.interchange.files import written_aside


def save_loss_curve(path, losses, validation_losses):
    """Draw training and validation loss over the steps into a PNG file.

    losses, validation_losses: lists of (step, loss). Raises ImportError without matplotlib, and OSError.
    """
    with picture(path, "step", "loss (nats per token)") as axes:
        axes.plot(*zip(*losses), color="tab:blue", alpha=0.35, linewidth=0.8, label="training, each step")
        if validation_losses:
            axes.plot(
                *zip(*validation_losses), color="tab:orange", marker="o", markersize=3, label="validation"
            )
        axes.set_ylim(top=max(loss for _, loss in losses[:1] + validation_losses))


@contextmanager
def picture(path, xlabel, ylabel):
    """The axes of a picture, with a grid and a legend, written as a PNG file once all is drawn.

    Raises ImportError without matplotlib, and OSError.
    """
    import matplotlib

    matplotlib.use("Agg")  # no window: a file is all that is wanted
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5), dpi=120)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.grid(alpha=0.3)
    yield axes
    axes.legend()
    figure.tight_layout()
    with written_aside(path) as file:
        figure.savefig(file, format="png")
    pyplot.close(figure)
