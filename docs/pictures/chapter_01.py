"""Chapter 1: scores of a model that knows nothing, and scores that were counted."""

from pathlib import Path

import numpy as np
from make import BLUE, MUTED, ORANGE
from matplotlib import pyplot

from minigpt import GPT, GPTConfig
from tokenizer import CharTokenizer

DATA = Path(__file__).resolve().parents[2] / "data"
WORDS = {
    "en": (
        "stories_en.txt",
        "Every effort moves you",
        "v",
        "random model, after “…moves you”",
        "counted, after “{}”",
    ),
    "zh": ("dialogues_zh.txt", "每一次努力都让你感动", "感", "随机模型，“……感动”之后", "数出来的，“{}”之后"),
}
SHARE = {"en": "probability", "zh": "概率"}


def next_word(language):
    """The twelve most likely next tokens: by random parameters, and by counting."""
    name, prompt, character, *titles = WORDS[language]
    text = (DATA / name).read_text(encoding="utf-8")[:150_000]
    tokenizer = CharTokenizer.train(text)
    model = GPT(GPTConfig(tokenizer.n_vocab, block_size=32, n_layer=2, n_head=2, n_embd=16), seed=0)
    scores = model.forward(np.array([tokenizer.encode(prompt)]))[0][0, -1].astype(np.float64)
    random = np.exp(scores) / np.exp(scores).sum()
    counted = np.zeros(tokenizer.n_vocab)
    for before, after in zip(text, text[1:]):
        if before == character:
            counted[tokenizer.encode(after)] += 1
    figure, axes = pyplot.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
    for ax, shares, title, color in zip(axes, (random, counted / counted.sum()), titles, (BLUE, ORANGE)):
        best = np.argsort(-shares, kind="stable")[:12]
        ax.bar(range(12), shares[best], color=color)
        ax.set_xticks(
            range(12), [tokenizer.decode([int(i)]).replace("\n", "↵").replace(" ", "␣") for i in best]
        )
        ax.axhline(1 / tokenizer.n_vocab, color=MUTED, linewidth=1)
        ax.set(ylim=(0, 1), title=title.format(character), ylabel=SHARE[language])
    return figure


PICTURES = [next_word]
