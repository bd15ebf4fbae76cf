"""Chapter 19: in which parts of a GPT its parameters are, as it grows."""

from matplotlib import pyplot
from palette import BLUE, GREEN, ORANGE

SIZES = {  # layers, features, vocabulary, context
    "minigpt": (4, 128, 4096, 128),
    "GPT-2": (12, 768, 50257, 1024),
    "GPT-2 XL": (48, 1600, 50257, 1024),
    "GPT-3": (96, 12288, 50257, 2048),
}
WORDS = {
    "en": (("tables", "attention", "feed-forward"), "share of the parameters, %"),
    "zh": (("两张表", "注意力", "前馈层"), "占参数的百分之几"),
}


def of_parts(L, C, V, T):
    """Parameters of tables, attention and feed-forward layers; LayerNorms have too few to see."""
    return (V + T) * C, L * (4 * C * C + 4 * C), L * (8 * C * C + 5 * C)


def where_parameters_are(language):
    """A bar of shares for each model."""
    labels, share = WORDS[language]
    figure, ax = pyplot.subplots(figsize=(7, 3), layout="constrained")
    for row, sizes in enumerate(SIZES.values()):
        counts, left = of_parts(*sizes), 0
        for count, label, color in zip(counts, labels, (ORANGE, BLUE, GREEN)):
            width = 100 * count / sum(counts)
            ax.barh(row, width, left=left, color=color, label=None if row else label)
            if width > 5:
                ax.text(left + width / 2, row, f"{width:.0f}", ha="center", va="center", color="white")
            left += width
    ax.set_yticks(range(len(SIZES)), list(SIZES))
    ax.invert_yaxis()
    ax.set(xlabel=share, xlim=(0, 100))
    figure.legend(frameon=False, loc="outside upper center", ncols=3)
    return figure


PICTURES = [where_parameters_are]
