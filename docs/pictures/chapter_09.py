"""Chapter 9: the block and the shapes in it, GELU, and where a GPT's parameters are."""

import numpy as np
from matplotlib import pyplot
from matplotlib.patches import FancyBboxPatch
from palette import BLUE, GREEN, INK, MUTED, ORANGE, RED, VIOLET

from minigpt import GPT, GPTConfig, plain
from minigpt.layers.gelu import gelu_forward
from minigpt.model import parameter_shapes

WORDS = {
    "en": {
        "stream": "residual stream",
        "attention": "attention: the tokens look at one another",
        "mlp": "feed-forward: each token for itself",
        "ln": "LayerNorm",
        "qkv": "linear\nq, k, v",
        "attn": "softmax(qkᵀ/√D) v",
        "proj": "linear",
        "fc": "linear\nfour times wider",
        "gelu": "GELU",
        "gate": "gate g",
        "y": "GELU: x · g",
        "sum": "GELU(3x)/3 + GELU(−3x)/3",
        "straight": "all that straight lines can do",
        "millions": "parameters, in millions",
        "parts": ("token table", "positions", "attention", "feed-forward", "LayerNorms"),
    },
    "zh": {
        "stream": "残差流",
        "attention": "注意力：词元之间互相看",
        "mlp": "前馈层：每个词元各算各的",
        "ln": "LayerNorm",
        "qkv": "线性层\nq、k、v",
        "attn": "softmax(qkᵀ/√D) v",
        "proj": "线性层",
        "fc": "线性层\n宽四倍",
        "gelu": "GELU",
        "gate": "门 g",
        "y": "GELU：x · g",
        "sum": "GELU(3x)/3 + GELU(−3x)/3",
        "straight": "直线能做到的最好结果",
        "millions": "参数个数（百万）",
        "parts": ("词元表", "位置表", "注意力", "前馈层", "LayerNorm"),
    },
}


def block(language):
    """One block from bottom to top, with the shapes of its arrays in a run of the plain GPT."""
    words = WORDS[language]
    model = GPT(GPTConfig(11, block_size=8, n_layer=1, n_head=3, n_embd=12), seed=0)
    idx = np.random.default_rng(0).integers(11, size=(2, 7))
    a = plain.forward(model.params, idx, idx, n_head=3)
    figure, ax = pyplot.subplots(figsize=(7.6, 7.2), layout="constrained")
    attention = [("ln", "ln_1"), ("qkv", "attn.qkv"), ("attn", "attn.y_joined"), ("proj", "attn.c_proj")]
    mlp = [("ln", "ln_2"), ("fc", "mlp.c_fc"), ("gelu", "mlp.gelu"), ("proj", "mlp.c_proj")]
    ax.annotate("", (0, 12.6), (0, -0.6), arrowprops={"arrowstyle": "-|>", "color": ORANGE, "linewidth": 4})
    ax.text(
        -0.25, 6.0, f"{words['stream']}  {a['x'].shape}", rotation=90, ha="right", va="center", color=ORANGE
    )
    for bottom, title, color, layers in (
        (0.6, words["attention"], BLUE, attention),
        (6.4, words["mlp"], GREEN, mlp),
    ):
        ax.text(4.75, bottom + 2.4, title, rotation=90, ha="left", va="center", color=color)
        ax.plot([0, 2.5], [bottom - 0.3] * 2, color=MUTED)
        for n, (label, name) in enumerate(layers):
            y = bottom + 1.2 * n
            box = FancyBboxPatch((1.5, y + 0.15), 2.0, 0.75, boxstyle="round,pad=0,rounding_size=0.12")
            box.set(facecolor=MUTED if label == "ln" else VIOLET if label in ("attn", "gelu") else color)
            box.set_edgecolor("none")
            ax.add_patch(box)
            ax.text(2.5, y + 0.52, words[label], color="white", ha="center", va="center", fontsize=10)
            ax.annotate("", (2.5, y + 0.15), (2.5, y - 0.3), arrowprops={"arrowstyle": "-|>", "color": MUTED})
            ax.text(3.65, y + 0.52, str(a["h.0." + name].shape), va="center", fontsize=10, color=INK)
        top = bottom + 5.15
        ax.plot([2.5, 2.5, 0.15], [bottom + 4.5, top, top], color=MUTED)
        ax.plot(
            0, top, "o", color="white", markeredgecolor=ORANGE, markeredgewidth=2, markersize=18, zorder=5
        )
        ax.text(0, top, "+", ha="center", va="center", fontsize=16, color=ORANGE, zorder=6)
    ax.set(xlim=(-0.6, 5.0), ylim=(-0.8, 12.8))
    ax.axis("off")
    return figure


def gelu(language):
    """The gate and GELU; and a bend that two GELUs make where two straight lines stay one."""
    words, x = WORDS[language], np.linspace(-3, 3, 121)
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8.4, 3), layout="constrained")
    y, _ = gelu_forward(x)
    gate, _ = gelu_forward(x[x != 0])
    left.plot(x[x != 0], gate / x[x != 0], color=ORANGE, label=words["gate"])
    left.plot(x, y, color=BLUE, label=words["y"])
    right.plot(x, np.abs(x), color=MUTED, linestyle="--", label="|x|")
    right.plot(x, (gelu_forward(3 * x)[0] + gelu_forward(-3 * x)[0]) / 3, color=BLUE, label=words["sum"])
    slope, height = np.polyfit(x, np.abs(x), 1)
    right.plot(x, slope * x + height, color=RED, label=words["straight"])
    for ax in (left, right):
        ax.axhline(0, color=MUTED, linewidth=0.6)
        ax.legend(frameon=False, fontsize=10)
    right.set_ylim(-0.3, 5)
    return figure


def counted(config):
    """Parameters by part: token table, positions, attention, feed-forward, LayerNorms."""
    parts = dict.fromkeys(("wte", "wpe", "attn", "mlp", "ln"), 0)
    for name, shape in parameter_shapes(config).items():
        parts[next(part for part in parts if part in name)] += int(np.prod(shape))
    return list(parts.values())


def parameters(language):
    """Where the parameters of train.py's default model and of GPT-2 small are."""
    models = {
        "train.py": GPTConfig(4096, block_size=128, n_layer=4, n_head=4, n_embd=128),
        "GPT-2 small": GPTConfig(50257, block_size=1024, n_layer=12, n_head=12, n_embd=768),
        "GPT-2 XL": GPTConfig(50257, block_size=1024, n_layer=48, n_head=25, n_embd=1600),
    }
    words = WORDS[language]
    figure, axes = pyplot.subplots(1, 3, figsize=(8.4, 3.2), layout="constrained")
    for ax, (name, config) in zip(axes, models.items()):
        sizes = np.array(counted(config)) / 1e6
        ax.barh(range(5), sizes, color=[ORANGE, MUTED, BLUE, GREEN, VIOLET])
        ax.set_yticks(range(5), words["parts"] if ax is axes[0] else [""] * 5)
        ax.set(title=f"{name}: {sizes.sum():,.1f}")
        ax.invert_yaxis()
    axes[1].set_xlabel(words["millions"])
    return figure


PICTURES = [block, gelu, parameters]
