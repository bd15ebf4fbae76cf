"""Chapter 3: windows over a text, and their targets."""

import numpy as np
from make import BLUE, INK, MUTED, ORANGE
from matplotlib import pyplot

from minigpt.training.corpus import sliding_windows

TEXT = np.array([5, 1, 4, 1, 5, 9, 2, 6, 5, 3])
WORDS = {
    "en": ("text", "stride {}", "window (context)", "its last target"),
    "zh": ("文本", "步幅 {}", "窗口（上下文）", "最后一个目标"),
}


def windows(language):
    """The windows of the chapter's ten ids at strides 1 and 4; the target of the last place is orange."""
    text, stride_of, window, target = WORDS[language]
    figure, axes = pyplot.subplots(1, 2, figsize=(8.5, 3.3), layout="constrained")
    for ax, stride in zip(axes, (1, 4)):
        x, y = sliding_windows(TEXT, 4, stride)
        for place, token in enumerate(TEXT):
            cell(ax, place, 0, token, "none", INK)
        for n, (ids, targets) in enumerate(zip(x, y)):
            for place, token in enumerate(ids):
                cell(ax, n * stride + place, -n - 1.4, token, BLUE, "white")
            cell(ax, n * stride + 4, -n - 1.4, targets[-1], ORANGE, "white")
        ax.text(-0.8, 0, text, ha="right", va="center")
        ax.set(xlim=(-2.2, 10), ylim=(-7.2, 0.6), title=stride_of.format(stride), aspect="equal")
        ax.axis("off")
    handles = [pyplot.Rectangle((0, 0), 1, 1, color=color) for color in (BLUE, ORANGE)]
    figure.legend(handles, [window, target], loc="outside lower center", ncols=2, frameon=False)
    return figure


def cell(ax, x, y, token, color, ink):
    edge = MUTED if color == "none" else "white"
    ax.add_patch(pyplot.Rectangle((x - 0.47, y - 0.42), 0.94, 0.84, facecolor=color, edgecolor=edge))
    ax.text(x, y, str(token), color=ink, ha="center", va="center")


PICTURES = [windows]
