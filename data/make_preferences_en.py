"""Write preferences_en.jsonl: questions, each with an answer to prefer and one to avoid.

    python data/make_preferences_en.py

A record is {"prompt": ..., "chosen": ..., "rejected": ...}. The chosen answer is kind, complete and on the
subject. The rejected one fails in one of three ways, in turn: it is rude, it answers something else, or it
breaks off. preferences_en.grammar has the questions, the good answers and the rude ones.
"""

import itertools
import json
import random
from pathlib import Path

from grammar_tools import Writer, read_grammar

HERE = Path(__file__).parent
SEED = 3
RECORDS = 240


def break_off(answer, rng):
    """Cut an answer after a third to two thirds of its words, and the punctuation there."""
    words = answer.split()
    return " ".join(words[: rng.randint(len(words) // 3, 2 * len(words) // 3)]).rstrip(".,!?")


def build():
    """Return the records, as dicts, all of different prompts, in a shuffled order."""
    rng = random.Random(SEED)
    grammar = read_grammar(HERE / "words_en.grammar", HERE / "preferences_en.grammar")
    writer = Writer(grammar, rng)
    answers = {}  # prompt -> (kind, chosen)
    for kind in itertools.cycle(grammar.stories):
        prompt, chosen = writer.parts(kind)
        answers.setdefault(prompt, (kind, chosen))
        if len(answers) == RECORDS:
            break
    records = []
    for i, (prompt, (kind, chosen)) in enumerate(answers.items()):
        others = [answer for other, answer in answers.values() if other != kind]
        rejected = (writer.text("<rude>"), rng.choice(others), break_off(chosen, rng))[i % 3]
        records.append({"prompt": prompt, "chosen": chosen, "rejected": rejected})
    rng.shuffle(records)
    return records


def as_lines(records):
    """Records -> JSON Lines."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


if __name__ == "__main__":
    path = HERE / "preferences_en.jsonl"
    path.write_text(as_lines(build()), encoding="utf-8", newline="\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
