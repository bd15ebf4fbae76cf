"""Chapter 11: two ways down a valley, the learning rate over a run, and curves of losses."""

from functools import cache
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from palette import BLUE, GREEN, MUTED, ORANGE, RED

from minigpt import GPT, AdamW, GPTConfig, clip_grad_norm, cosine_schedule
from minigpt.training.corpus import random_batch, sliding_windows
from tokenizer import CharTokenizer

DATA = Path(__file__).resolve().parents[2] / "data"
VALLEY = {
    "en": ("gradient, lr 0.019", "AdamW, lr 0.05", "the steep number", "the gentle number"),
    "zh": ("直接沿梯度，学习率 0.019", "AdamW，学习率 0.05", "陡的那个数", "缓的那个数"),
}
SCHEDULE = {
    "en": ("step", "learning rate", "warm-up", "cosine decay"),
    "zh": ("步", "学习率", "预热", "余弦衰减"),
}
CURVES = {
    "en": (
        "loss of the batch",
        "step",
        "learning rate {}",
        "ln V",
        "a text too short",
        "training",
        "validation",
    ),
    "zh": ("损失", "步", "学习率 {}", "ln V", "文本太短", "训练集", "验证集"),
}
RATES = ((0.0003, GREEN), (0.01, BLUE), (0.3, RED))


def valley(language):
    """Forty steps of plain descent and of AdamW over the chapter's loss of two numbers."""
    steepness = np.array([100.0, 1.0])
    plain, w = [np.ones(2)], np.ones(2)
    optimizer, path = AdamW({"w": w}, lr=0.05), [w.copy()]
    for _ in range(40):
        plain.append(plain[-1] - 0.019 * steepness * plain[-1])
        optimizer.step({"w": steepness * w})
        path.append(w.copy())
    figure, ax = pyplot.subplots(figsize=(7, 3.4), layout="constrained")
    b, a = np.meshgrid(np.linspace(-0.4, 1.15, 80), np.linspace(-1.15, 1.15, 80))
    loss = (100 * a**2 + b**2) / 2
    ax.contour(b, a, loss, levels=[0.05, 0.3, 1, 4, 12, 25, 45], colors=MUTED, linewidths=0.5)
    for points, color, label in zip((plain, path), (ORANGE, BLUE), VALLEY[language]):
        points = np.array(points)
        ax.plot(points[:, 1], points[:, 0], "o-", color=color, markersize=3, linewidth=1.2, label=label)
    ax.plot(0, 0, "*", color=RED, markersize=13)
    ax.set(xlabel=VALLEY[language][3], ylabel=VALLEY[language][2])
    ax.legend(frameon=False, loc="lower left", fontsize=10)
    return figure


def schedule(language):
    """The learning rate of the default run."""
    step, rate, warm_up, decay = SCHEDULE[language]
    rates = [cosine_schedule(i, 3000, 0.008, 0.0001, 50) for i in range(3001)]
    figure, ax = pyplot.subplots(figsize=(7, 2.6), layout="constrained")
    ax.plot(rates[:51], color=ORANGE, linewidth=2)
    ax.plot(range(50, 3001), rates[50:], color=BLUE, linewidth=2)
    ax.text(75, 0.0022, warm_up, color=ORANGE)
    ax.text(1625, 0.0046, decay, color=BLUE)
    ax.set(xlabel=step, ylabel=rate, ylim=(0, 0.0088))
    return figure


@cache
def losses_of(learning_rate, n_steps, n_windows=None):
    """Losses of a small GPT's batches, and on other text at every tenth step; n_windows: of those alone."""
    text = (DATA / "stories_en.txt").read_text(encoding="utf-8")[:150_000]
    tokenizer = CharTokenizer.train(text)
    ids = np.array(tokenizer.encode(text))
    x, y = (windows[:32] for windows in sliding_windows(ids[-3000:], 32, 32))
    model = GPT(GPTConfig(tokenizer.n_vocab, 32, n_layer=2, n_head=2, n_embd=32), seed=0)
    optimizer, rng = AdamW(model.params, lr=learning_rate), np.random.default_rng(0)
    few = n_windows and tuple(windows[:n_windows] for windows in sliding_windows(ids, 32, 32))
    losses, others = [], []
    for step in range(n_steps):
        if step % 10 == 0:
            others.append(float(model.loss(x, y)))
        loss, grads = model.loss_and_grads(*(few or random_batch(ids[:120_000], 32, 8, rng)))
        losses.append(float(loss))
        clip_grad_norm(grads, 1.0)
        optimizer.step(grads)
    return losses, others, np.log(tokenizer.n_vocab)


def loss_curves(language):
    """Left: three learning rates; right: a text of eight windows, learned by heart."""
    of_batch, step, rate, guessing, short, training, validation = CURVES[language]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8.5, 3.2), layout="constrained", sharey=True)
    for learning_rate, color in RATES:
        losses, _, most = losses_of(learning_rate, 150)
        left.plot(losses, color=color, linewidth=1.2, label=rate.format(learning_rate))
    losses, others, _ = losses_of(0.01, 150, n_windows=8)
    right.plot(losses, color=BLUE, linewidth=1.2, label=training)
    right.plot(range(0, 150, 10), others, color=ORANGE, linewidth=2, label=validation)
    for ax in (left, right):
        ax.axhline(most, color=MUTED, linestyle="--", linewidth=1)
        ax.text(0.98, most + 0.05, guessing, color=MUTED, ha="right", transform=ax.get_yaxis_transform())
        ax.set_xlabel(step)
    left.set(ylabel=of_batch, ylim=(0, 6.5))
    right.set_title(short, fontsize=11)
    left.legend(frameon=False, loc="lower left", fontsize=10)
    right.legend(frameon=False, loc="center right", fontsize=10)
    return figure


PICTURES = [valley, schedule, loss_curves]
