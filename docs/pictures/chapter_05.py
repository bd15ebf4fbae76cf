"""Chapter 5: steps against a slope, the chain of the example forward and back, and three learning rates."""

import numpy as np
from matplotlib import pyplot
from palette import BLUE, INK, MUTED, ORANGE, RED

SLOPE = {
    "en": ("w", "loss", "slope {:+.0f}: go {}", "left", "right"),
    "zh": ("w", "损失", "斜率 {:+.0f}：往{}走", "左", "右"),
}
RATE = {"en": ("step", "w", "learning rate {}"), "zh": ("步", "w", "学习率 {}")}
CHAIN = {
    "en": ("forward: values", "backward: gradients of the loss", "two ways: the gradients are added"),
    "zh": ("前向：数值", "反向：损失对它的梯度", "两条路：梯度相加"),
}


def loss_of(w):
    return (3 * w - 12) ** 2


def slope(language):
    """The chapter's loss of one number, with its tangent at two places."""
    across, up, sentence, left, right = SLOPE[language]
    figure, ax = pyplot.subplots(figsize=(7, 3.4), layout="constrained")
    w = np.linspace(0.2, 7.8, 200)
    ax.plot(w, loss_of(w), color=BLUE, linewidth=2)
    for place, way, color, x in ((2.0, right, ORANGE, 2.9), (5.5, left, RED, 1.55)):
        rise = 6 * (3 * place - 12)
        near = place + np.array([-0.9, 0.9])
        ax.plot(near, loss_of(place) + rise * (near - place), color=color, linewidth=2)
        ax.plot(place, loss_of(place), "o", color=color)
        ax.annotate(
            "",
            (place - 1.1 * np.sign(rise), 8),
            (place, 8),
            arrowprops={"arrowstyle": "-|>", "color": color, "lw": 2},
        )
        ax.text(x if place < 4 else 6.2, 48 if place < 4 else 16, sentence.format(rise, way), color=color)
    ax.plot(4, 0, "o", color=INK)
    ax.set(xlabel=across, ylabel=up, ylim=(-6, 120))
    return figure


def chain(language):
    """w = 2 through the chapter's three steps, and x = 3, which is used twice."""
    forward, backward, twice = CHAIN[language]
    figure, ax = pyplot.subplots(figsize=(8, 4.2), layout="constrained")
    row = [("w", 2, -36), ("a = 3w", 6, -12), ("b = a − 12", -6, -12), ("loss = b²", 36, 1)]
    for n, (name, value, gradient) in enumerate(row):
        box(ax, 2.6 * n, 0, name, value, gradient)
        if n:
            arrows(ax, (2.6 * n - 1.75, 0), (2.6 * n - 0.85, 0), ("× 3", "× 1", "× 2b")[n - 1])
    box(ax, 0, -3.2, "x", 3, "6 + 2")
    box(ax, 3.4, -2.4, "a = x²", 9, 1)
    box(ax, 3.4, -4.0, "b = 2x", 6, 1)
    box(ax, 6.8, -3.2, "loss = a + b", 15, 1)
    arrows(ax, (0.85, -3.0), (2.55, -2.45), "× 2x")
    arrows(ax, (0.85, -3.4), (2.55, -3.95), "× 2", below=True)
    arrows(ax, (4.25, -2.45), (5.95, -3.0), "× 1")
    arrows(ax, (4.25, -3.95), (5.95, -3.4), "× 1", below=True)
    ax.text(-0.8, -4.45, twice, color=ORANGE, va="top", fontsize=10)
    ax.text(4.4, 0.95, forward, color=BLUE, ha="right")
    ax.text(4.7, 0.95, backward, color=ORANGE)
    ax.set(xlim=(-1.1, 9), ylim=(-5, 1.3))
    ax.axis("off")
    return figure


def box(ax, x, y, name, value, gradient):
    ax.add_patch(pyplot.Rectangle((x - 0.8, y - 0.55), 1.6, 1.1, facecolor="none", edgecolor=MUTED))
    ax.text(x, y + 0.24, name, ha="center", va="center")
    ax.text(x - 0.4, y - 0.26, str(value), color=BLUE, ha="center", va="center")
    ax.text(x + 0.38, y - 0.26, str(gradient), color=ORANGE, ha="center", va="center")


def arrows(ax, start, end, factor, below=False):
    """Forward in blue; the factor by which the gradient is multiplied on its way back in orange."""
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": BLUE})
    middle, aside = (np.array(start) + end) / 2, np.array([0, 0.12])
    place, align = (middle - aside, "top") if below else (middle + aside, "bottom")
    ax.text(*place, factor, color=ORANGE, ha="center", va=align, fontsize=10)


def rates(language):
    """Twenty steps of the chapter's descent at four learning rates."""
    step, up, label = RATE[language]
    figure, axes = pyplot.subplots(1, 4, figsize=(8, 2.6), layout="constrained", sharey=True)
    for ax, rate, color in zip(axes, (0.002, 0.05, 0.1, 0.115), (MUTED, BLUE, BLUE, RED)):
        w = [0.0]
        for _ in range(20):
            w.append(w[-1] - rate * 6 * (3 * w[-1] - 12))
        ax.plot(w, "o-", color=color, markersize=3)
        ax.axhline(4, color=ORANGE, linewidth=1)
        ax.set(title=label.format(rate), xlabel=step, ylim=(-3, 11))
        ax.title.set_fontsize(10.5)
    axes[0].set_ylabel(up)
    return figure


PICTURES = [slope, chain, rates]
