"""Chapter 16: the loss of a preference with its pull, and how far ahead the chosen answers come."""

import json
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from palette import BLUE, GREEN, MUTED, ORANGE, RED

from minigpt import GPT, AdamW, GPTConfig
from minigpt.finetuning.dpo import (
    PreferenceTuning,
    dpo_loss_backward,
    dpo_loss_forward,
    reference_log_probs,
)
from minigpt.finetuning.padding import pad_right
from minigpt.finetuning.prompt_format import ChatFormat, masked_example
from minigpt.layers import IGNORED
from minigpt.muon import Muon
from minigpt.training.corpus import random_batch
from tokenizer import BPETokenizer

DATA = Path(__file__).resolve().parents[2] / "data"
WORDS = {
    "en": {
        "loss": "loss",
        "pull": "pull: sigmoid(−h)",
        "h": "h: how far ahead, times β",
        "lead": "gain of chosen − gain of rejected",
        "pairs": "test pairs",
        "behind": "behind",
        "ahead": "ahead",
    },
    "zh": {
        "loss": "损失",
        "pull": "拉力：sigmoid(−h)",
        "h": "h：领先多少，乘以 β",
        "lead": "选中的涨幅 − 淘汰的涨幅",
        "pairs": "考题对数",
        "behind": "落后",
        "ahead": "领先",
    },
}


def margins_of_the_test(language):
    """By how much the chosen answers of the chapter's test pairs gained on the rejected ones, (40,)."""
    lines = (DATA / f"preferences_{language}.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = list(map(json.loads, lines))
    train, test = pairs[:-40], pairs[-40:]
    talk = (DATA / f"dialogues_{language}.txt").read_text(encoding="utf-8")[:60_000]
    everything = talk + "\n".join(" ".join(pair.values()) for pair in train)
    tokenizer = BPETokenizer.train(everything, vocab_size=800)
    ids = np.array(tokenizer.encode(talk))
    gpt = GPT(
        GPTConfig(tokenizer.n_vocab, block_size=128, n_layer=2, n_head=2, n_embd=32), seed=0, dtype="float64"
    )
    optimizer, rng = Muon(gpt.params, lr=8e-3, weight_decay=0.0), np.random.default_rng(0)
    for _ in range(100):
        optimizer.step(gpt.loss_and_grads(*random_batch(ids, 64, 4, rng))[1])

    def arrays(pairs):
        turns = [[("user", p["prompt"]), ("assistant", p[k])] for p in pairs for k in ("chosen", "rejected")]
        inputs, targets = zip(*(masked_example(ChatFormat().segments(tokenizer, both)) for both in turns))
        x, y = pad_right(inputs, tokenizer.eot_token), pad_right(targets, IGNORED)
        return x.reshape(len(pairs), 2, -1), y.reshape(len(pairs), 2, -1)

    x, y = arrays(test)
    reference, frozen = reference_log_probs(gpt, x, y), reference_log_probs(gpt, *arrays(train))
    tuning, optimizer = PreferenceTuning(gpt, beta=0.1), AdamW(gpt.params, lr=1e-3, weight_decay=0.0)
    for _ in range(60):
        rows = rng.integers(len(train), size=8)
        optimizer.step(tuning.loss_and_grads(*arrays([train[i] for i in rows]), frozen[rows])[1])
    gained = reference_log_probs(gpt, x, y) - reference
    return gained[:, 0] - gained[:, 1]


def preference(language):
    """Left: the loss over h and the size of its slope. Right: the margins of the test pairs, in order."""
    words = WORDS[language]
    h = np.linspace(-5, 5, 201)
    losses, pulls = [], []
    for value in h:
        loss, cache = dpo_loss_forward(np.array([[value, 0.0]]), np.zeros((1, 2)), 1.0)
        losses.append(float(loss))
        pulls.append(-dpo_loss_backward(1.0, cache)[0, 0])
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(7.2, 3), layout="constrained")
    left.plot(h, losses, color=BLUE, label=words["loss"])
    left.plot(h, pulls, color=ORANGE, label=words["pull"])
    left.plot(0, np.log(2), "o", color=BLUE)
    left.annotate("ln 2", (0, np.log(2)), (0.3, 0.95))
    left.set(xlabel=words["h"])
    left.legend(frameon=False)
    margins = margins_of_the_test(language)
    parts = [margins[margins <= 0], margins[margins > 0]]
    right.hist(parts, bins=20, stacked=True, color=[RED, GREEN], label=[words["behind"], words["ahead"]])
    right.axvline(0, color=MUTED, linestyle="--")
    right.set(xlabel=words["lead"], ylabel=words["pairs"])
    right.legend(frameon=False)
    return figure


PICTURES = [preference]
