"""Chapter 13: who sees whom with the mask and without it, and what fills a gap."""

import numpy as np
from matplotlib import pyplot
from matplotlib.colors import ListedColormap
from palette import BLUE, ORANGE

from minigpt import GPT, AdamW, GPTConfig
from minigpt.filling.gaps import gap_logits, ids_with_gaps
from minigpt.filling.masking import mask_tokens
from minigpt.filling.model import GapFiller
from minigpt.generation.sampling import softmax
from minigpt.layers import attention_forward
from tokenizer import WordTokenizer

SENTENCES = {
    "en": ["The cat drinks milk.", "The dog chews bones.", "The bird eats seeds.", "The horse pulls carts."],
    "zh": ["小猫在喝奶。", "小狗在啃骨。", "小鸟在吃虫。", "小马在拉车。"],
}
PIECES = {"en": ["The", "cat", "drinks", "milk", "."], "zh": list("小猫在喝奶。")}
GAP = {"en": "The [MASK] drinks milk.", "zh": "小[MASK]在喝奶。"}
WORDS = {
    "en": (
        "GPT: with the mask",
        "BERT: without it",
        "this token …",
        "… sees",
        "GPT, after “The”",
        "probability",
    ),
    "zh": ("GPT：有掩码", "BERT：没有掩码", "这个词元……", "……看得到", "GPT，“小”之后", "概率"),
}


def both_sides(language):
    """The places to which attention gives any share, with the mask and without it."""
    pieces = PIECES[language]
    n, values = len(pieces), np.random.default_rng(0).normal(size=(len(pieces), 4))
    titles, (row, column) = WORDS[language][:2], WORDS[language][2:4]
    figure, axes = pyplot.subplots(1, 2, figsize=(7.5, 3.5), layout="constrained")
    for ax, title, causal, color in zip(axes, titles, (True, False), (BLUE, ORANGE)):
        sees = np.zeros((n, n))
        for place in range(n):  # a token is seen where the output changes with its value
            qkv = np.concatenate([values, values, values], axis=-1)[None]
            other = qkv.copy()
            other[0, place, 8:] += 1
            y, moved = (attention_forward(array, 1, causal=causal)[0][0] for array in (qkv, other))
            sees[:, place] = np.abs(y - moved).max(-1) > 0
        ax.imshow(sees, cmap=ListedColormap(["#ffffff", color]), vmin=0, vmax=1)
        ax.set_xticks(range(n), pieces, fontsize=10)
        ax.set_yticks(range(n), pieces, fontsize=10)
        ax.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
        ax.grid(which="minor", color="#ffffff", linewidth=2)
        ax.tick_params(which="both", length=0)
        ax.set(title=title, xlabel=column, ylabel=row)
    return figure


def gap(language):
    """What both of the chapter's models give the four animals."""
    tokenizer = WordTokenizer.train("\n".join(SENTENCES[language])).with_special_token("[MASK]")
    ids = np.array([tokenizer.encode(sentence) for sentence in SENTENCES[language]])
    mask, special = tokenizer.special_tokens["[MASK]"], list(tokenizer.special_tokens.values())
    config = GPTConfig(tokenizer.n_vocab, block_size=8, n_layer=2, n_head=2, n_embd=32)
    filler, gpt = GapFiller(config, seed=0), GPT(config, seed=0)
    optimizer, rng = AdamW(filler.params, lr=0.01), np.random.default_rng(0)
    for _ in range(200):
        batch = mask_tokens(np.tile(ids, (16, 1)), special, mask, tokenizer.n_vocab, rng)
        optimizer.step(filler.loss_and_grads(*batch)[1])
    optimizer = AdamW(gpt.params, lr=0.01)
    for _ in range(100):
        optimizer.step(gpt.loss_and_grads(ids[:, :-1], ids[:, 1:])[1])
    scores = (
        gpt.forward(ids[:1, :1])[0][0],
        gap_logits(filler, tokenizer, ids_with_gaps(tokenizer, GAP[language])),
    )
    animals = ids[:, 1]
    figure, axes = pyplot.subplots(1, 2, figsize=(7.5, 2.6), layout="constrained", sharey=True)
    titles = (WORDS[language][4], GAP[language])
    for ax, title, logits, color in zip(axes, titles, scores, (BLUE, ORANGE)):
        ax.bar(range(4), softmax(logits.astype(np.float64))[0, animals], color=color)
        ax.set_xticks(range(4), [tokenizer.decode([int(i)]) for i in animals])
        ax.set_title(title, fontsize=11)
    axes[0].set(ylim=(0, 1), ylabel=WORDS[language][5])
    return figure


PICTURES = [both_sides, gap]
