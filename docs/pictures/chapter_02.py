"""Chapter 2: what 努力 is made of, and what a larger vocabulary buys."""

from pathlib import Path

from make import BLUE, GREEN, INK, MUTED, ORANGE
from matplotlib import pyplot
from matplotlib.patches import FancyBboxPatch

from tokenizer import BPETokenizer

DATA = Path(__file__).resolve().parents[2] / "data"
LEVELS = {
    "en": ("characters", "bytes", "tokens after one merge", "… after four"),
    "zh": ("字符", "字节", "合并一次", "合并四次"),
}
SIZES = (257, 300, 400, 500, 700, 1000, 1400, 2000, 2800)
TEXTS = {
    "en": (("stories_en.txt", "English stories", BLUE), ("dialogues_zh.txt", "Chinese dialogues", ORANGE))
}
TEXTS["zh"] = (("stories_en.txt", "英文故事", BLUE), ("dialogues_zh.txt", "中文对话", ORANGE))
AXES = {
    "en": ("size of the vocabulary", "tokens for 20,000 characters"),
    "zh": ("词表大小", "20,000 个字符切成的词元数"),
}


def bytes(language):
    """努力 as characters, as bytes, and as the tokens that merging makes of them."""
    content = "努力".encode()
    hexes = [f"{byte:02x}" for byte in content]
    rows = [
        [("努", 3), ("力", 3)],
        [(part, 1) for part in hexes],
        [(" ".join(hexes[:2]), 2), (hexes[2], 1), (" ".join(hexes[3:5]), 2), (hexes[5], 1)],
        [(" ".join(hexes), 6)],
    ]
    figure, ax = pyplot.subplots(figsize=(7.5, 2.8))
    for level, (label, row) in enumerate(zip(LEVELS[language], rows)):
        place, y = 0, -level
        for shown, width in row:
            color = (INK, MUTED, BLUE, GREEN)[level]
            box = FancyBboxPatch(
                (place + 0.05, y), width - 0.1, 0.62, boxstyle="round,pad=0,rounding_size=0.08"
            )
            box.set(facecolor=color, edgecolor="none")
            ax.add_patch(box)
            ax.text(place + width / 2, y + 0.31, shown, color="white", ha="center", va="center", fontsize=12)
            place += width
        ax.text(-0.2, y + 0.31, label, ha="right", va="center")
    ax.set(xlim=(-2.6, 6.1), ylim=(-3.1, 0.7))
    ax.axis("off")
    return figure


def vocabulary(language):
    """How many tokens the same piece of text is, for BPE vocabularies of several sizes."""
    figure, ax = pyplot.subplots(figsize=(7, 3), layout="constrained")
    for name, label, color in TEXTS[language]:
        text = (DATA / name).read_text(encoding="utf-8")[:150_000]
        lengths = [len(BPETokenizer.train(text, vocab_size=size).encode(text[:20_000])) for size in SIZES]
        ax.plot(SIZES, lengths, "o-", color=color, label=label, markersize=4)
    ax.axhline(20_000, color=MUTED, linewidth=1)
    ax.set(xscale="log", ylim=(0, 60_000), xlabel=AXES[language][0], ylabel=AXES[language][1])
    ax.set_xticks(SIZES, [f"{size:,}" for size in SIZES], fontsize=9)
    ax.minorticks_off()
    ax.legend(frameon=False)
    return figure


PICTURES = [bytes, vocabulary]
