"""Chapter 6: a network read through time, and how much of the gradient comes back from how far."""

import math

import numpy as np
from matplotlib import pyplot
from palette import BLUE, GREEN, INK, MUTED, ORANGE, RED, VIOLET

from minigpt.layers import recurrence_backward, recurrence_forward

UNROLLED = {
    "en": (("The", "dog", "bit", "me"), ("dog?", "bit?", "me?", ".?"), "state", "token", "next", "gradient"),
    "zh": (("小", "狗", "咬", "我"), ("狗？", "咬？", "我？", "。？"), "隐状态", "词元", "下一个", "梯度"),
}
FADING = {
    "en": ("tokens back", "gradient (at the last token: 1)", "Wh × {}"),
    "zh": ("往回数几个词元", "那里的梯度（最后一个算 1）", "Wh × {}"),
}


def unrolled(language):
    """Four steps of the recurrence, and the gradient's way back through them."""
    tokens, guesses, state, token, following, gradient = UNROLLED[language]
    figure, ax = pyplot.subplots(figsize=(8, 3.4), layout="constrained")
    for t in range(5):
        cell(ax, 2 * t, 0, f"h{'₀₁₂₃₄'[t]}", VIOLET if t else MUTED)
        if t:
            arrow(ax, (2 * t - 1.55, 0.08), (2 * t - 0.45, 0.08), BLUE)
            arrow(ax, (2 * t - 0.45, -0.14), (2 * t - 1.55, -0.14), ORANGE)
            ax.text(2 * t - 1, 0.17, "Wh", color=BLUE, ha="center", va="bottom", fontsize=10)
            cell(ax, 2 * t, -1.6, tokens[t - 1], INK)
            arrow(ax, (2 * t, -1.25), (2 * t, -0.36), BLUE)
            ax.text(2 * t + 0.1, -0.85, "Wx", color=BLUE, fontsize=10)
            ax.text(2 * t, 1.42, guesses[t - 1], color=GREEN, ha="center")
            arrow(ax, (2 * t - 0.06, 0.36), (2 * t - 0.06, 1.3), BLUE)
            arrow(ax, (2 * t + 0.1, 1.3), (2 * t + 0.1, 0.36), ORANGE)
    for y, word in ((1.5, following), (0, state), (-1.6, token)):
        ax.text(-0.9, y, word, ha="right", va="center", color=MUTED)
    ax.text(0, -1.6, "← " + gradient, color=ORANGE, ha="center", va="center")
    ax.set(xlim=(-2, 8.8), ylim=(-2.1, 1.9))
    ax.axis("off")
    return figure


def cell(ax, x, y, text, color):
    ax.add_patch(pyplot.Rectangle((x - 0.42, y - 0.33), 0.84, 0.66, facecolor=color, edgecolor="none"))
    ax.text(x, y, text, color="white", ha="center", va="center")


def arrow(ax, start, end, color):
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": color})


def fading(language):
    """The chapter's experiment: the size of the gradient at every token, by the size of Wh."""
    across, up, label = FADING[language]
    rng, T, C = np.random.default_rng(0), 31, 32
    x = rng.standard_normal((8, T, C))
    Wx, Wh = rng.standard_normal((2, C, C)) / math.sqrt(C)
    last = rng.standard_normal((8, C))
    figure, ax = pyplot.subplots(figsize=(7, 3.2), layout="constrained")
    for scale, color in ((3, RED), (2, GREEN), (1, BLUE), (0.5, MUTED)):
        h, cache = recurrence_forward(x, Wx, scale * Wh, np.zeros(C), np.zeros((8, C)))
        dh = np.zeros_like(h)
        dh[:, -1] = last
        sizes = np.linalg.norm(recurrence_backward(dh, cache)[0], axis=(0, 2))[::-1]
        ax.plot(sizes / sizes[0], color=color, label=label.format(scale), linewidth=2)
    ax.axhline(1, color=INK, linewidth=0.6, linestyle="--")
    ax.set(yscale="log", xlabel=across, ylim=(1e-9, 1e5))
    ax.set_ylabel(up, fontsize=10)
    ax.legend(frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0, 1), fontsize=10)
    return figure


PICTURES = [unrolled, fading]
