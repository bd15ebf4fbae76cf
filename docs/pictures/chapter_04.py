"""Chapter 4: a table of pairs, and the first falling loss."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
from make import BLUE, MUTED, ORANGE
from matplotlib import pyplot

from minigpt import AdamW, BigramConfig, BigramLM
from minigpt.training.corpus import random_batch
from tokenizer import CharTokenizer

DATA = Path(__file__).resolve().parents[2] / "data"
NAMES = {"en": "stories_en.txt", "zh": "dialogues_zh.txt"}
WORDS = {
    "en": ("next token", "last token", "step", "loss of the batch", "ln V: knowing nothing", "counted table"),
    "zh": ("下一个词元", "刚出现的词元", "步", "批次的损失", "ln V：一无所知", "数出来的表"),
}
SHOWN = 22


def counted(language):
    """The chapter's text: its tokenizer, ids to train and to validate, and the counted table."""
    text = (DATA / NAMES[language]).read_text(encoding="utf-8")[:150_000]
    tokenizer = CharTokenizer.train(text)
    ids = np.array(tokenizer.encode(text))
    train, validation = ids[: int(len(ids) * 0.9)], ids[int(len(ids) * 0.9) :]
    counts = np.ones((tokenizer.n_vocab, tokenizer.n_vocab))
    np.add.at(counts, (train[:-1], train[1:]), 1)
    return tokenizer, train, validation, counts / counts.sum(axis=1, keepdims=True)


def bigram_table(language):
    """The table's rows and columns of the most frequent tokens."""
    tokenizer, train, _, P = counted(language)
    often = [int(token) for token, _ in Counter(train.tolist()).most_common(SHOWN)]
    labels = [tokenizer.decode([token]).replace("\n", "↵").replace(" ", "␣") for token in often]
    figure, ax = pyplot.subplots(figsize=(6.4, 5.4), layout="constrained")
    picture = ax.imshow(P[np.ix_(often, often)], cmap="Blues", vmin=0, vmax=0.4)
    ax.set_xticks(range(SHOWN), labels)
    ax.set_yticks(range(SHOWN), labels)
    ax.set(xlabel=WORDS[language][0], ylabel=WORDS[language][1])
    figure.colorbar(picture, shrink=0.8)
    return figure


def bigram_loss(language):
    """The loss of each batch in the chapter's training, between ln V and the counted table's loss."""
    tokenizer, train, validation, P = counted(language)
    model = BigramLM(BigramConfig(tokenizer.n_vocab, block_size=16), seed=0)
    optimizer, rng, losses = AdamW(model.params, lr=0.1, weight_decay=0.0), np.random.default_rng(0), []
    for _ in range(201):
        loss, grads = model.loss_and_grads(*random_batch(train, 16, 32, rng))
        losses.append(float(loss))
        optimizer.step(grads)
    figure, ax = pyplot.subplots(figsize=(7, 3), layout="constrained")
    _, _, step, of_batch, nothing, table = WORDS[language]
    ax.plot(losses, color=BLUE, linewidth=1.2, label=of_batch)
    ax.axhline(math.log(tokenizer.n_vocab), color=MUTED, linestyle="--", label=nothing)
    reached = -np.log(P[validation[:-1], validation[1:]]).mean()
    ax.axhline(reached, color=ORANGE, linestyle="--", label=table)
    ax.set(xlabel=step, ylim=(0, math.log(tokenizer.n_vocab) * 1.1))
    ax.legend(frameon=False, loc="lower left", ncols=3, fontsize=10)
    return figure


PICTURES = [bigram_table, bigram_loss]
