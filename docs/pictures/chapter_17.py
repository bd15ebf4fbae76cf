"""Pictures of chapter 17: LoRA's shapes."""

from palette import BLUE, INK, MUTED, ORANGE

from minigpt import GPT, GPTConfig
from minigpt.finetuning.lora import LoRAGPT

WORDS = {
    "en": ("W stays as it is", "A and B are trained", "{:,} numbers", "x A: only {} numbers for each token"),
    "zh": ("W 保持不动", "只训练 A 和 B", "{:,} 个数", "x A：每个词元只有 {} 个数"),
}


def lora_shapes(language):
    """The first matrix of attention of the default model beside its adapter of rank 8, true to scale."""
    from matplotlib import pyplot
    from matplotlib.patches import Rectangle

    base = GPT(GPTConfig(vocab_size=10, block_size=8, n_layer=1, n_head=4, n_embd=128))
    tuned = LoRAGPT(base, rank=8, alpha=16, targets=("attn.c_attn",))
    weight = base.params["h.0.attn.c_attn.weight"]
    a, b = (param for name, param in tuned.trained_params().items() if "c_attn" in name)
    frozen, trained, numbers, between = WORDS[language]
    figure, ax = pyplot.subplots(figsize=(7.2, 3.0))

    def draw(left, bottom, array, name, colour, label_at):
        rows, columns = array.shape
        ax.add_patch(Rectangle((left, bottom), columns, rows, facecolor=colour, alpha=0.25, edgecolor=colour))
        label = f"{name} ({rows}, {columns})\n{numbers.format(array.size)}"
        ax.text(*label_at, label, ha="center", va="center")

    draw(0, 0, weight, "W", MUTED, (192, 64))
    draw(470, 0, a, "A", BLUE, (474, -34))
    draw(510, 60, b, "B", ORANGE, (702, 100))
    ax.text(432, 64, "+", fontsize=22, ha="center", va="center", color=INK)
    ax.text(192, 150, frozen, ha="center", color=MUTED)
    ax.text(680, 150, trained, ha="center", color=BLUE)
    ax.text(702, 36, between.format(a.shape[1]), ha="center", va="center", color=INK)
    ax.set_xlim(-10, 910)
    ax.set_ylim(-60, 175)
    ax.set_aspect("equal")
    ax.axis("off")
    return figure


PICTURES = [lora_shapes]
