"""Draw the course's pictures from the arrays of the code they explain: docs/pictures/*.svg.

    python docs/pictures/make.py            all of them
    python docs/pictures/make.py 3 8        those of chapters 3 and 8

Each chapter's pictures are functions of a module beside this one, chapter_03.py: a function `windows` that
is listed in its PICTURES draws windows.svg, or, where `language` is its argument, windows.en.svg and
windows.zh.svg. It returns a Matplotlib figure. The Chinese letters are drawn as shapes, so that readers need
no font; to make them again needs one (Debian: fonts-noto-cjk).
"""

import importlib
import inspect
import io
import sys
from pathlib import Path

import matplotlib
from matplotlib import font_manager

matplotlib.use("Agg")
CHINESE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
if CHINESE.exists():  # Matplotlib's own list of fonts may be older than the font
    font_manager.fontManager.addfont(CHINESE)

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]
LIMIT = 100_000  # bytes of one picture

# Colours that are seen on white and on black alike; the cards' ground is white in both.
INK, MUTED, PAPER = "#1f2430", "#7a8194", "#ffffff"
BLUE, ORANGE, GREEN, RED, VIOLET = "#2f6fde", "#e07b1a", "#2a9d5c", "#d1435b", "#8457c8"
STYLE = {
    "font.family": ["DejaVu Sans", "Noto Sans CJK SC"],
    "font.size": 11,
    "svg.fonttype": "path",
    "svg.hashsalt": "minigpt",
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def modules(chapters=()):
    """The chapters' modules, all or those of the given numbers."""
    names = sorted(path.stem for path in HERE.glob("chapter_[0-9][0-9].py"))
    return [importlib.import_module(name) for name in names if not chapters or int(name[-2:]) in chapters]


def drawings(module):
    """(file name, function without arguments that returns the figure) of each picture of a chapter."""
    for draw in module.PICTURES:
        if "language" in inspect.signature(draw).parameters:
            for language in ("en", "zh"):
                yield f"{draw.__name__}.{language}.svg", lambda d=draw, k=language: d(language=k)
        else:
            yield f"{draw.__name__}.svg", draw


def svg(draw):
    """A picture's bytes: the same arrays give the same bytes with the same Matplotlib and fonts."""
    from matplotlib import pyplot

    with matplotlib.rc_context(STYLE):
        figure, file = draw(), io.BytesIO()
        figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)
    return file.getvalue()


def main():
    from minigpt.interchange.files import write_atomically

    for module in modules([int(number) for number in sys.argv[1:]]):
        for name, draw in drawings(module):
            picture = svg(draw)
            if len(picture) > LIMIT:
                sys.exit(f"{name} has {len(picture):,} bytes but at most {LIMIT:,} are wanted: draw less")
            write_atomically(HERE / name, picture)
            print(f"{name}: {len(picture):,} bytes")


if __name__ == "__main__":
    main()
