"""Chapter 8: what the mask does, what the root of D is for, and who looks at whom in a trained model."""

import math
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from palette import BLUE, INK, MUTED, ORANGE

from minigpt import GPT, AdamW, GPTConfig, plain
from minigpt.training.corpus import random_batch
from tokenizer import CharTokenizer

DATA = Path(__file__).resolve().parents[2] / "data"
TEXTS = {
    "en": ("stories_en.txt", "Toby was afraid of Toby"),
    "zh": ("dialogues_zh.txt", "小军在吗？\n我是小军，你是谁啊"),
}
WORDS = {
    "en": (
        ("scores", "masked", "shares (softmax)"),
        "looks at (key)",
        "who looks (query)",
        "block {}, head {}",
        "features of a query, D",
        "largest of 16 shares",
        ("q·k", "q·k / √D"),
        "16 equal shares",
    ),
    "zh": (
        ("分数", "加上掩码", "份额（softmax）"),
        "被看的（键）",
        "在看的（查询）",
        "第 {} 块，第 {} 个头",
        "查询的特征数 D",
        "16 个份额中最大的一个",
        ("q·k", "q·k / √D"),
        "16 等分",
    ),
}


def mask(language):
    """Scores of five queries and keys, the same with the future masked, and the shares of each query."""
    titles, key, query = WORDS[language][:3]
    rng = np.random.default_rng(3)
    q, k = rng.standard_normal((2, 5, 4))
    S = q @ k.T / math.sqrt(4)
    S_masked = np.where(np.tril(np.ones((5, 5), dtype=bool)), S, -math.inf)
    figure, axes = pyplot.subplots(1, 3, figsize=(8.6, 3.1), layout="constrained")
    for ax, array, title in zip(axes, (S, S_masked, plain.softmax(S_masked)), titles):
        shares = array is not S and array is not S_masked
        colors = np.where(np.isinf(array), np.nan, array)
        ax.imshow(
            colors, cmap="Blues" if shares else "PuOr", vmin=0 if shares else -7, vmax=1 if shares else 7
        )
        for i, j in np.ndindex(5, 5):
            value = "−∞" if np.isinf(array[i, j]) else f"{array[i, j]:.2f}".replace("-", "−")
            dark = shares and array[i, j] > 0.6
            ax.text(j, i, value, ha="center", va="center", fontsize=10, color="white" if dark else INK)
        ax.set(title=title, xlabel=key, xticks=range(5), yticks=range(5))
    axes[0].set_ylabel(query)
    return figure


def saturation(language):
    """The largest share among 16 random keys, without and with the root of D."""
    *_, features, largest, labels, equal = WORDS[language]
    rng, sizes = np.random.default_rng(0), (1, 2, 4, 8, 16, 32, 64, 128, 256)
    figure, ax = pyplot.subplots(figsize=(7, 3), layout="constrained")
    for divided, label, color in zip((False, True), labels, (ORANGE, BLUE)):
        means = []
        for D in sizes:
            q, k = rng.standard_normal((2000, 1, D)), rng.standard_normal((2000, 16, D))
            scores = (q * k).sum(-1) / (math.sqrt(D) if divided else 1)
            means.append(plain.softmax(scores).max(-1).mean())
        ax.plot(sizes, means, "o-", color=color, label=label, markersize=4)
    ax.axhline(1 / 16, color=MUTED, linestyle="--", label=equal)
    ax.set(xscale="log", ylim=(0, 1), xlabel=features, ylabel=largest)
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.minorticks_off()
    ax.legend(frameon=False)
    return figure


def trained(language):
    """The chapter's model after its training, and the shares of its heads over the chapter's prompt."""
    name, prompt = TEXTS[language]
    text = (DATA / name).read_text(encoding="utf-8")[:150_000]
    tokenizer = CharTokenizer.train(text)
    ids = np.array(tokenizer.encode(text))
    model = GPT(GPTConfig(tokenizer.n_vocab, 32, n_layer=2, n_head=2, n_embd=32), seed=0, dtype="float64")
    optimizer, rng = AdamW(model.params, lr=5e-3, weight_decay=0.0), np.random.default_rng(0)
    for _ in range(300):
        _, grads = model.loss_and_grads(*random_batch(ids, 32, 8, rng))
        optimizer.step(grads)
    idx = np.array([tokenizer.encode(prompt)])
    return prompt, plain.forward(model.params, idx, idx, n_head=2)


def who_looks_at_whom(language):
    """The four heads of the trained model: row i is how character i shares out its attention."""
    prompt, a = trained(language)
    _, key, query, title = WORDS[language][:4]
    labels = [character.replace("\n", "↵").replace(" ", "␣") for character in prompt]
    figure, axes = pyplot.subplots(2, 2, figsize=(9, 9), layout="constrained")
    for (block, head), ax in np.ndenumerate(axes):
        ax.imshow(a[f"h.{block}.attn.P"][0, head], cmap="Blues", vmin=0, vmax=0.8)
        ax.set(title=title.format(block, head))
        ax.set_xticks(range(len(labels)), labels if block else [""] * len(labels))
        ax.set_yticks(range(len(labels)), [""] * len(labels) if head else labels)
    for ax in axes[1]:
        ax.set_xlabel(key)
    for ax in axes[:, 0]:
        ax.set_ylabel(query)
    return figure


PICTURES = [mask, saturation, who_looks_at_whom]
