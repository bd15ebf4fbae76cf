"""A tiny GPT, trained on the spot by plain.py: two layers, two heads, eight features, characters as tokens.

It is small enough that every number of a step fits on a page, and learns in seconds what letters follow what.
"""

from pathlib import Path

import numpy as np

import minigpt.plain as plain
from minigpt.model import GPT, GPTConfig
from tokenizer import CharTokenizer

STEPS, BATCH, CONTEXT = 200, 8, 24
LEARNING_RATE, MAX_NORM = 1e-2, 1.0
CHINESE = ("\u3400", "\u9fff")


def is_chinese(text):
    """Whether a Chinese character is in the text."""
    return any(CHINESE[0] <= character <= CHINESE[1] for character in text)


def tiny_text(sentence):
    """The lines that the tiny model learns from: bundled ones in the sentence's script, and the sentence."""
    path = Path(__file__).with_name("tiny_zh.txt" if is_chinese(sentence) else "tiny_en.txt")
    return [*path.read_text(encoding="utf-8").splitlines(), sentence]


def tiny_model(sentence):
    """An untrained model in float64 and its tokenizer, which knows every character of the sentence."""
    tokenizer = CharTokenizer.train(tiny_text(sentence))
    config = GPTConfig(tokenizer.n_vocab, CONTEXT, n_layer=2, n_head=2, n_embd=8)
    return GPT(config, seed=1, dtype="float64"), tokenizer


def batches(sentence, tokenizer, steps):
    """Windows of the text for each step: idx, targets (BATCH, CONTEXT), the same in every call."""
    ids = []
    for line in tiny_text(sentence):
        ids += [*tokenizer.encode_ordinary(line), tokenizer.eot_token]
    ids = np.array(ids)
    for step in range(steps):
        starts = np.random.default_rng([0, step]).integers(len(ids) - CONTEXT, size=BATCH)
        windows = ids[starts[:, None] + np.arange(CONTEXT + 1)]
        yield windows[:, :-1], windows[:, 1:]


def train(sentence, model, tokenizer, steps=None, backward=plain.backward):
    """Train with plain.py and any backward: params, m, v after so many steps (STEPS), the losses before."""
    params, m, v, losses = model.params, {}, {}, []
    for t, (idx, targets) in enumerate(
        batches(sentence, tokenizer, STEPS if steps is None else steps), start=1
    ):
        a = plain.forward(params, idx, targets, model.config.n_head)
        losses.append(float(a["loss"]))
        d = backward(params, a, idx, targets)
        grads, _ = plain.clip(params, d, MAX_NORM)
        params, m, v, *_ = plain.adamw(params, grads, m, v, t, LEARNING_RATE)
    return params, m, v, losses
