"""Chapter 10: how large the gradient is on its way down, and trainings whose backward is wrong."""

import math

import numpy as np
from matplotlib import pyplot
from palette import BLUE, GREEN, MUTED, ORANGE, RED, VIOLET

from minigpt import GPT, GPTConfig, plain
from minigpt.learn import tiny
from minigpt.learn.mistakes import find_mistake, plain_with

BLOCKS = 12
LOST = ("residual gradient around attention lost", "residual gradient around feed-forward lost")
SHOWN = (
    "gelu left out of backward",
    "dk transposed",
    "LayerNorm's gradient without mean(dn ⊙ n)",
    "softmax gradient without P",
)
SENTENCE = {"en": "the cat sat on the mat", "zh": "每一次努力都让你感动"}
WORDS = {
    "en": (
        "output of block",
        "size of the gradient",
        "right",
        "step",
        "loss, mean of ten steps",
        "the gradient goes down",
    ),
    "zh": ("第几个块的输出", "梯度的大小", "正确", "步", "损失（十步平均）", "梯度往下走"),
}


def way_down(language):
    """The gradient of each block's output in a model of twelve, by the right backward and two wrong ones."""
    block, size, right, *_, down = WORDS[language]
    model = GPT(GPTConfig(17, block_size=16, n_layer=BLOCKS, n_head=4, n_embd=32), seed=0, dtype="float64")
    idx, targets = np.random.default_rng(0).integers(17, size=(2, 4, 16))
    a = plain.forward(model.params, idx, targets, n_head=4)
    figure, ax = pyplot.subplots(figsize=(7, 3.2), layout="constrained")
    for name, color in zip((None, *LOST), (BLUE, ORANGE, RED)):
        mistake = name and find_mistake(name)
        backward = plain_with(mistake).backward if name else plain.backward
        d = backward(model.params, a, idx, targets)
        sizes = [math.sqrt((d[f"h.{i}.x_mlp"] ** 2).mean()) for i in range(BLOCKS)]
        label = right if name is None else mistake.name if language == "en" else mistake.zh
        ax.plot(range(BLOCKS), sizes, "o-", color=color, label=label, markersize=4)
    ax.set(yscale="log", xlabel=block, ylabel=size, xticks=range(BLOCKS))
    ax.annotate(
        down, (0.42, 0.82), (0.62, 0.82), xycoords="axes fraction", va="center", color=MUTED,
        arrowprops={"arrowstyle": "-|>", "color": MUTED},
    )  # fmt: skip
    ax.legend(frameon=False, fontsize=10)
    return figure


def wrong_trainings(language):
    """The tiny model's loss under the right backward and under four wrong ones."""
    _, _, right, step, loss, _ = WORDS[language]
    figure, ax = pyplot.subplots(figsize=(7, 3.6), layout="constrained")
    for name, color in zip((None, *SHOWN), (BLUE, GREEN, ORANGE, RED, VIOLET)):
        mistake = name and find_mistake(name)
        backward = plain_with(mistake).backward if name else plain.backward
        model, tokenizer = tiny.tiny_model(SENTENCE[language])
        *_, losses = tiny.train(SENTENCE[language], model, tokenizer, 100, backward)
        label = right if name is None else mistake.name if language == "en" else mistake.zh
        smooth = np.convolve(losses, np.ones(10) / 10, mode="valid")
        ax.plot(range(10, 101), smooth, "--" if color == ORANGE else "-", color=color, label=label)
    ax.set(xlabel=step, ylabel=loss)
    ax.legend(frameon=False, fontsize=10)
    return figure


PICTURES = [way_down, wrong_trainings]
