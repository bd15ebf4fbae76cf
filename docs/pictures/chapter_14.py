"""Chapter 14: a new head on a GPT, and what it says of messages before and after training."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot
from palette import BLUE, INK, MUTED, ORANGE, RED

from minigpt import GPT, AdamW, GPTConfig
from minigpt.finetuning.classifier import GPTClassifier, probabilities
from minigpt.finetuning.padding import pad_right
from tokenizer import BPETokenizer

DATA = Path(__file__).resolve().parents[2] / "data"
WORDS = {
    "en": {
        "before": "before training",
        "after": "after 300 steps",
        "spam": "probability of spam",
        "texts": "messages",
        "tokens": "tokens",
        "base": "base: embeddings, blocks",
        "old": "old head: V scores per token",
        "new": "new head: ham, spam",
        "last": "the last one's vector",
    },
    "zh": {
        "before": "训练前",
        "after": "300 步之后",
        "spam": "是垃圾短信的概率",
        "texts": "短信条数",
        "tokens": "词元",
        "base": "基座：嵌入、各个块",
        "old": "旧头：每个词元 V 个分数",
        "new": "新头：ham、spam",
        "last": "最后一个词元的向量",
    },
}


def new_head(language):
    """The message's tokens go through the base; the last hidden state alone reaches the new head."""
    words = WORDS[language]
    pieces = {"en": ["Call", " now", ",", " free", " prize", "!", "↵"], "zh": [*"恭喜你中奖了", "↵"]}
    figure, ax = pyplot.subplots(figsize=(7, 3.4), layout="constrained")
    ax.set(xlim=(-2.4, 10.6), ylim=(-0.6, 4.6))
    ax.axis("off")
    ax.add_patch(pyplot.Rectangle((-0.5, 1), 7, 1.1, facecolor=BLUE, alpha=0.2, edgecolor=BLUE))
    ax.text(3, 1.55, words["base"], ha="center", va="center")
    ax.text(-0.8, 0, words["tokens"], ha="right", va="center", color=MUTED)
    for i, piece in enumerate(pieces[language]):
        last = i == 6
        ax.text(i, 0, piece.strip(), ha="center", va="center", color=INK)
        ax.annotate("", (i, 1), (i, 0.3), arrowprops={"arrowstyle": "->", "color": MUTED})
        color = ORANGE if last else MUTED
        ax.annotate("", (i, 3.1 if last else 2.6), (i, 2.1), arrowprops={"arrowstyle": "->", "color": color})
    ax.text(2.5, 3.4, words["old"], ha="center", va="center", color=MUTED)
    ax.plot((0.0, 5.0), (3.4, 3.4), color=RED, linewidth=1.5)
    ax.text(6.3, 2.6, words["last"], ha="left", va="center", color=ORANGE)
    ax.text(6, 3.5, words["new"], ha="left", va="center", bbox={"facecolor": ORANGE, "alpha": 0.25, "pad": 6})
    return figure


def spam_shares(language):
    """How the test messages are spread over the probability of spam, before and after training."""
    words = WORDS[language]
    lines = (DATA / f"messages_{language}.tsv").read_text(encoding="utf-8").splitlines()
    rows = np.random.default_rng(0).permutation([line.split("\t") for line in lines]).tolist()
    train, test = rows[: len(rows) * 3 // 4], rows[len(rows) * 3 // 4 :]
    tokenizer = BPETokenizer.train("\n".join(text for _, text in train), vocab_size=800)
    model = GPT(
        GPTConfig(tokenizer.n_vocab, block_size=96, n_layer=2, n_head=2, n_embd=32), seed=0, dtype="float64"
    )
    model = GPTClassifier(model, ["ham", "spam"], tokenizer.eot_token, seed=0)

    def batch(rows):
        texts = [tokenizer.encode(text + "\n") for _, text in rows]
        return pad_right(texts, tokenizer.eot_token), np.array([int(label == "spam") for label, _ in rows])

    x, y = batch(test)
    shares = [probabilities(model.forward(x)[0])[:, 1]]
    optimizer, rng = AdamW(model.trained_params(), lr=5e-3, weight_decay=0.0), np.random.default_rng(1)
    for step in range(300):
        optimizer.lr = 5e-3 * (1 - step / 300)
        _, grads = model.loss_and_grads(*batch([train[i] for i in rng.integers(len(train), size=32)]))
        optimizer.step(grads)
    shares.append(probabilities(model.forward(x)[0])[:, 1])
    figure, axes = pyplot.subplots(1, 2, figsize=(7, 2.8), sharey=True, layout="constrained")
    for ax, share, title in zip(axes, shares, (words["before"], words["after"])):
        parts = [share[y == label] for label in (0, 1)]
        ax.hist(parts, bins=20, range=(0, 1), stacked=True, color=[BLUE, RED], label=["ham", "spam"])
        ax.set(title=title, xlabel=words["spam"])
    axes[0].set_ylabel(words["texts"])
    axes[1].legend(frameon=False, loc="upper center")
    return figure


PICTURES = [new_head, spam_shares]
