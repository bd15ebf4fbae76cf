"""Chapter 18: where a model's heads look in a tune, and what the logit lens reads on the way up."""

import numpy as np
from matplotlib import pyplot
from matplotlib.colors import ListedColormap
from palette import GREEN, MUTED, ORANGE, PAPER

from minigpt import GPT, GPTConfig, Muon, plain

T, NOTES, TUNE = 16, "ABCDEFGH", "FACEBFACEBFACEBF"
STAGES = ("x", "h.0.x_attn", "h.0.x_mlp", "h.1.x_attn", "h.1.x_mlp")
WORDS = {
    "en": (
        ("block 0 looks at", "block 1 looks at"),
        "the note at which the model is",
        "what the lens reads after each part",
        "the tune",
        ("the note itself", "the right next note", "another"),
    ),
    "zh": (
        ("第 0 块看谁", "第 1 块看谁"),
        "当前的音",
        "每一部分之后读到的音",
        "曲子",
        ("这个音自己", "正确的下一个音", "别的音"),
    ),
}


def trained():
    """The chapter's model, and the arrays of its forward pass over one tune."""
    model = GPT(GPTConfig(8, T, n_layer=2, n_head=1, n_embd=32), seed=0, dtype="float64")
    optimizer, rng = Muon(model.params, lr=2e-2, weight_decay=0.0), np.random.default_rng(0)
    for _ in range(300):
        rows = np.empty((32, T + 1), dtype=int)
        for row in rows:
            row[:] = np.resize(rng.permutation(8)[: rng.integers(4, 8)], T + 1)
        _, grads = model.loss_and_grads(rows[:, :-1], rows[:, 1:])
        optimizer.step(grads)
    idx = np.array([[NOTES.index(note) for note in TUNE]])
    return model.params, plain.forward(model.params, idx, idx, n_head=1)


def inside(language):
    """Both heads' maps over a tune, and the lens's best note at every place after every part."""
    titles, query, lens_title, tune, labels = WORDS[language]
    params, a = trained()
    figure = pyplot.figure(figsize=(10.5, 5.4), layout="constrained")
    axes = figure.subplot_mosaic([["map 0", "lens"], ["map 1", "lens"]], width_ratios=(1, 2.2))
    for block in (0, 1):
        ax = axes[f"map {block}"]
        ax.imshow(a[f"h.{block}.attn.P"][0, 0], cmap="Blues", vmin=0, vmax=0.8)
        ax.set_title(titles[block], fontsize=11)
        ax.set_xticks(range(T), TUNE, fontsize=8)
        ax.set_yticks(range(T), TUNE, fontsize=8)
        ax.set_ylabel(query, fontsize=10)
    ax = axes["lens"]
    shown = [TUNE]
    for name in STAGES:
        stream = plain.layernorm(a[name], params, {}, "ln_f", 1e-5)
        shown.append("".join(NOTES[i] for i in (stream @ params["wte.weight"].T)[0].argmax(-1)))
    kinds = [
        [0 if n == t else 1 if n == f else 2 for n, t, f in zip(row, TUNE, TUNE[1:] + "A")] for row in shown
    ]
    colors = ListedColormap((MUTED, GREEN, ORANGE))
    ax.imshow(kinds, cmap=colors, vmin=0, vmax=2, aspect="auto", extent=(-0.5, T - 0.5, 4.5, -1.5))
    for row, place in np.ndindex(len(shown), T):
        ax.text(place, row - 1, shown[row][place], ha="center", va="center", color=PAPER)
    for label, color in zip(labels, (MUTED, GREEN, ORANGE)):
        ax.plot([], [], "s", color=color, label=label, markersize=9)
    for row in range(-1, len(STAGES) - 1):
        ax.axhline(row + 0.5, color=PAPER, linewidth=12 if row < 0 else 3)
    ax.set(title=lens_title, xticks=[])
    ax.set_yticks(range(-1, len(STAGES)), [tune, *STAGES])
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    figure.legend(frameon=False, loc="outside lower right", ncols=3)
    return figure


PICTURES = [inside]
