"""Chapter 12: what temperature, top-k and top-p leave of six tokens, and what the cache saves."""

import numpy as np
from matplotlib import pyplot
from palette import BLUE, MUTED, ORANGE

from minigpt.generation.sampling import keep_top_k, keep_top_p, softmax

TOKENS = {
    "en": ("forward", "closer", "along", "on", "pizza", "seventeen"),
    "zh": ("感动", "进步", "成长", "高兴", "披萨", "十七"),
}
LOGITS = np.array([[4.0, 3.2, 2.6, 2.4, 0.0, -1.0]])
UNSURE = np.array([[1.2, 1.0, 0.95, 0.9, 0.85, 0.8]])
SURE = np.array([[9.0, 3.0, 2.0, 1.0, 0.0, 0.0]])
WORDS = {
    "en": ("temperature {}", "probability", "sure", "as above", "unsure", "top-k, k = 2", "top-p, p = 0.9"),
    "zh": ("温度 {}", "概率", "有把握", "上面的例子", "没把握", "top-k，k = 2", "top-p，p = 0.9"),
}
CACHE = {
    "en": ("without the cache", "with it", "step", "place of the token", "computed", "looked up"),
    "zh": ("没有缓存", "有缓存", "步", "词元的位置", "要计算", "直接取用"),
}


def temperature(language):
    """The chapter's six probabilities at three temperatures."""
    figure, axes = pyplot.subplots(1, 3, figsize=(8.5, 2.9), layout="constrained", sharey=True)
    for ax, value in zip(axes, (0.5, 1.0, 2.0)):
        ax.bar(range(6), softmax(LOGITS / value)[0], color=BLUE)
        ax.set_xticks(range(6), TOKENS[language], rotation=45 if language == "en" else 0, fontsize=10)
        ax.set_title(WORDS[language][0].format(value), fontsize=11)
    axes[0].set(ylabel=WORDS[language][1], ylim=(0, 1))
    return figure


def top_p(language):
    """What top-k (above) and top-p (below) keep of three distributions."""
    *_, sure, as_above, unsure, by_k, by_p = WORDS[language]
    figure, axes = pyplot.subplots(2, 3, figsize=(8.5, 3.6), layout="constrained", sharex=True, sharey=True)
    columns = ((sure, SURE), (as_above, LOGITS), (unsure, UNSURE))
    for row, (label, keep) in enumerate(
        ((by_k, lambda z: keep_top_k(z, 2)), (by_p, lambda z: keep_top_p(z, 0.9)))
    ):
        for ax, (title, logits) in zip(axes[row], columns):
            kept = np.isfinite(keep(logits)[0])
            ax.bar(range(6), softmax(logits)[0], color=np.where(kept, ORANGE, MUTED))
            ax.set_xticks([])
            if row == 0:
                ax.set_title(title, fontsize=11)
        axes[row][0].set_ylabel(label)
    axes[0][0].set_ylim(0, 1)
    return figure


def cache(language):
    """The tokens that each step computes, four after a prompt of five, without the cache and with it."""
    without, with_it, step, place, computed, looked_up = CACHE[language]
    figure, axes = pyplot.subplots(1, 2, figsize=(8.5, 2.9), layout="constrained", sharey=True)
    for ax, title, cached in zip(axes, (without, with_it), (False, True)):
        for n in range(5):
            for token in range(5 + n):
                old = cached and n and token < 4 + n
                box = pyplot.Rectangle((token + 0.06, -n - 0.4), 0.88, 0.8)
                box.set(facecolor="none" if old else BLUE, edgecolor=MUTED if old else BLUE)
                ax.add_patch(box)
        ax.set(xlim=(0, 9.2), ylim=(-4.6, 0.6), title=title, xlabel=place)
        ax.set_xticks(np.arange(9) + 0.5, range(1, 10))
        ax.set_yticks(range(0, -5, -1), range(1, 6))
    axes[0].set_ylabel(step)
    handles = [
        pyplot.Rectangle((0, 0), 1, 1, facecolor=color, edgecolor=edge)
        for color, edge in ((BLUE, BLUE), ("none", MUTED))
    ]
    figure.legend(handles, [computed, looked_up], loc="outside lower center", ncols=2, frameon=False)
    return figure


PICTURES = [temperature, top_p, cache]
