"""Write dialogues_zh.txt: short Chinese conversations, and between them a few lines of verse.

    python data/make_dialogues_zh.py

A block is a conversation of 2 to 8 lines, whose speakers take turns line by line, or a stanza of 1 to
4 lines; a blank line parts the blocks. A line that is spoken ends with a mark (。？！), a line of verse
without one. The conversations are laid down in dialogues_zh.grammar, the stanzas in verse_zh.grammar,
their words in words_zh.grammar and words_zh.py. The same seed gives the same file on every machine.
"""

import random
from pathlib import Path

from grammar_zh import Expander, read_sections
from words_zh import TABLES

HERE = Path(__file__).parent
SEED = 20
ROUNDS = 56  # so often every conversation of the grammar is held, each time with other words
STANZAS = 240


def read_grammar(path):
    """Read a grammar file -> {title: stages}; a stage is a list of alternatives, each a list of lines."""
    grammar = {}
    for title, lines in read_sections(path).items():
        stages = grammar[title] = [[[]]]
        for line in lines:
            if line == "==":
                stages.append([[]])
            elif line == "--":
                stages[-1].append([])
            else:
                stages[-1][-1].append(line)
    return grammar


def compose(stages, rng):
    """Choose one alternative of each stage and fill in the words -> the block's text."""
    expander = Expander(TABLES, rng)
    lines = [line for stage in stages for line in rng.choice(stage)]
    return "\n".join(expander.expand(line) for line in lines)


def build():
    """Return the whole text: every block different, in a shuffled order."""
    rng = random.Random(SEED)
    conversations = read_grammar(HERE / "dialogues_zh.grammar").values()
    stanzas = list(read_grammar(HERE / "verse_zh.grammar").values())
    blocks = {}  # a dict keeps its order, a set would not
    for _ in range(ROUNDS):
        for stages in conversations:
            blocks[compose(stages, rng)] = None
    for _ in range(STANZAS):
        blocks[compose(rng.choice(stanzas), rng)] = None
    blocks = list(blocks)
    rng.shuffle(blocks)
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    path = HERE / "dialogues_zh.txt"
    path.write_text(build(), encoding="utf-8", newline="\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")
