"""Chapter 7: token + position, a map of word vectors, and which positions of a trained GPT are alike."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot
from palette import BLUE, INK

from minigpt import GPT, AdamW, GPTConfig
from minigpt.layers import embedding_forward, position_embedding_forward
from minigpt.training.corpus import random_batch
from tokenizer import CharTokenizer, WordTokenizer

DATA = Path(__file__).resolve().parents[2] / "data"
NAMES = {"en": "stories_en.txt", "zh": "dialogues_zh.txt"}
SUM = {
    "en": (("dog", "bites", "dog"), "token", "position", "what the model sees"),
    "zh": (("人", "看", "人"), "词元", "位置", "模型看到的"),
}
SHOWN = {
    "en": (
        "he she they said called asked whispered cried mother father boy girl morning evening night went "
        "ran flew climbed came in on under at"
    ).split(),
    "zh": list("你我他爸妈奶哥姐左右前今昨明二三五八九猫狗饭汤菜吃喝买吗呢吧"),
}
ALIKE = {"en": ("position", "how alike (cosine)"), "zh": ("位置", "有多像（余弦）")}


def token_plus_position(language):
    """Three tokens, two of them equal: their rows, the rows of their positions, and the sums."""
    tokens, *titles = SUM[language]
    rng = np.random.default_rng(3)
    wte, wpe = rng.standard_normal((4, 6)), rng.standard_normal((8, 6))
    x, _ = embedding_forward(wte, np.array([[1, 2, 1]]))
    out, _ = position_embedding_forward(x, wpe)
    figure, axes = pyplot.subplots(1, 3, figsize=(8, 2.5), layout="constrained")
    for ax, rows, title, sign in zip(axes, (x[0], wpe[:3], out[0]), titles, ("", "+", "=")):
        ax.imshow(rows, cmap="RdBu", vmin=-3, vmax=3)
        for (y, column), value in np.ndenumerate(rows):
            color = "white" if abs(value) > 1.8 else INK
            ax.text(column, y, f"{value:.1f}", ha="center", va="center", color=color, fontsize=10)
        labels = (tokens, ("0", "1", "2"), [f"{token}, {place}" for place, token in enumerate(tokens)])
        ax.set_yticks(range(3), labels[titles.index(title)])
        ax.set_xticks([])
        ax.set_title(f"{sign}   {title}".strip(), fontsize=11)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    return figure


def word_map(language):
    """The chapter's word vectors, trained as there, flattened from 16 numbers to the two of most spread."""
    text = (DATA / NAMES[language]).read_text(encoding="utf-8")[:400_000]
    tokenizer, V, C = WordTokenizer.train(text), 500, 16
    ids = np.array(tokenizer.encode(text))
    ids = ids[ids < V]
    counts = np.zeros((V, V))
    for distance in (1, 2):
        np.add.at(counts, (ids[:-distance], ids[distance:]), 1)
        np.add.at(counts, (ids[distance:], ids[:-distance]), 1)
    rng = np.random.default_rng(0)
    params = {"table": 0.1 * rng.standard_normal((V, C)), "out": 0.1 * rng.standard_normal((C, V))}
    optimizer = AdamW(params, lr=0.05, weight_decay=0.0)
    for _ in range(150):
        p = softmax(params["table"] @ params["out"])
        dlogits = (p * counts.sum(1, keepdims=True) - counts) / counts.sum()
        optimizer.step({"table": dlogits @ params["out"].T, "out": params["table"].T @ dlogits})
    known = [tokenizer.decode([i]) for i in range(V)]
    words = [word for word in SHOWN[language] if word in known]
    vectors = unit(params["table"])[[known.index(word) for word in words]]
    vectors -= vectors.mean(0)
    flat = vectors @ np.linalg.svd(vectors)[2][:2].T
    figure, ax = pyplot.subplots(figsize=(7, 4.4), layout="constrained")
    ax.scatter(*flat.T, color=BLUE, s=14)
    for n, (word, place) in enumerate(zip(words, flat)):
        ax.annotate(word, place, (3, -12 if n % 2 else 3), textcoords="offset points", fontsize=11)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.margins(0.1)
    return figure


def positions(language):
    """How alike the position vectors are in the chapter's small GPT after 200 steps."""
    text = (DATA / NAMES[language]).read_text(encoding="utf-8")[:150_000]
    tokenizer = CharTokenizer.train(text)
    ids, rng = np.array(tokenizer.encode(text)), np.random.default_rng(0)
    model = GPT(GPTConfig(tokenizer.n_vocab, block_size=16, n_layer=1, n_head=2, n_embd=48), seed=0)
    optimizer = AdamW(model.params, lr=0.01, weight_decay=0.0)
    for _ in range(200):
        optimizer.step(model.loss_and_grads(*random_batch(ids, 16, 24, rng))[1])
    wpe = unit(model.params["wpe.weight"].astype(np.float64))
    figure, ax = pyplot.subplots(figsize=(4.6, 3.6), layout="constrained")
    picture = ax.imshow(wpe @ wpe.T, cmap="PuOr_r", vmin=-1, vmax=1)
    ax.set(xlabel=ALIKE[language][0], ylabel=ALIKE[language][0])
    figure.colorbar(picture, label=ALIKE[language][1])
    return figure


def softmax(z):
    exps = np.exp(z - z.max(-1, keepdims=True))
    return exps / exps.sum(-1, keepdims=True)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


PICTURES = [token_plus_position, word_map, positions]
