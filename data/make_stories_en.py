"""Write stories_en.txt: short English stories in simple words.

    python data/make_stories_en.py

Every story follows one of the plots in the files stories_*_en.grammar, with characters, things and
places from their tables and from words_en.grammar; grammar_tools.py explains how. A story is one or more
lines, and a blank line parts the stories. The same seed gives the same file on every machine.
"""

import random
from pathlib import Path

from grammar_tools import Writer, read_grammar

HERE = Path(__file__).parent
SEED = 7
ROUNDS = 30  # so often every plot is told, each time with other words


def build():
    """Return the whole text: every story different, in a shuffled order."""
    rng = random.Random(SEED)
    grammar = read_grammar(HERE / "words_en.grammar", *sorted(HERE.glob("stories_*_en.grammar")))
    writer = Writer(grammar, rng)
    stories = {}  # a dict keeps its order, a set would not
    for _ in range(ROUNDS):
        for title in grammar.stories:
            stories[writer.story(title)] = None
    stories = list(stories)
    rng.shuffle(stories)
    return "\n\n".join(stories) + "\n"


if __name__ == "__main__":
    path = HERE / "stories_en.txt"
    path.write_text(build(), encoding="utf-8", newline="\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
