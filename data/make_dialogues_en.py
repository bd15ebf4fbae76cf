"""Write dialogues_en.txt: short English conversations in simple words.

    python data/make_dialogues_en.py

A block is a conversation of two speakers, who take turns line by line; a blank line parts the blocks.
The conversations are laid down in dialogues_en.grammar; grammar_tools.py explains how. The same seed
gives the same file on every machine.
"""

import random
from pathlib import Path

from grammar_tools import Writer, read_grammar

HERE = Path(__file__).parent
SEED = 22
ROUNDS = 18  # so often every conversation is held, each time with other words


def build():
    """Return the whole text: every conversation different, in a shuffled order."""
    rng = random.Random(SEED)
    grammar = read_grammar(HERE / "dialogues_en.grammar")
    writer = Writer(grammar, rng)
    dialogues = {}  # a dict keeps its order, a set would not
    for _ in range(ROUNDS):
        for title in grammar.stories:
            dialogues[capitalized(writer.story(title))] = None
    dialogues = list(dialogues)
    rng.shuffle(dialogues)
    return "\n\n".join(dialogues) + "\n"


def capitalized(text):
    """A sentence may begin with a word of a table: its first letter becomes a capital one."""
    lines = [line[0].upper() + line[1:] for line in text.split("\n")]
    for mark in ".?!":
        parts = [line.split(f"{mark} ") for line in lines]
        lines = [f"{mark} ".join(part[0].upper() + part[1:] for part in line) for line in parts]
    return "\n".join(lines)


if __name__ == "__main__":
    path = HERE / "dialogues_en.txt"
    path.write_text(build(), encoding="utf-8", newline="\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")
