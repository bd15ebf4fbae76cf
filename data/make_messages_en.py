"""Write messages_en.tsv: short messages, each labelled spam or ham (a message that somebody wanted).

    python data/make_messages_en.py

A line is the label, a tab and the message; there is no header and no quoting. messages_en.grammar has the
messages; half of them are spam, and no single word tells the two apart.
"""

import random
from pathlib import Path

from grammar_tools import Writer, read_grammar

HERE = Path(__file__).parent
SEED = 5
PER_LABEL = 600


def build():
    """Return the text: PER_LABEL different messages of each label, in a shuffled order."""
    rng = random.Random(SEED)
    grammar = read_grammar(HERE / "messages_en.grammar")
    writer = Writer(grammar, rng)
    lines = []
    for label in ("ham", "spam"):
        titles = [title for title in grammar.stories if title.startswith(label)]
        messages = {}  # a dict keeps its order, a set would not
        while len(messages) < PER_LABEL:
            messages[writer.story(titles[len(messages) % len(titles)])] = None
        lines += [f"{label}\t{message}\n" for message in messages]
    rng.shuffle(lines)
    return "".join(lines)


if __name__ == "__main__":
    path = HERE / "messages_en.tsv"
    path.write_text(build(), encoding="utf-8", newline="\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
