"""Write preferences_zh.jsonl: things said in Chinese, each with a good and a bad answer.

    python data/make_preferences_zh.py

A line is a JSON object with the keys prompt, chosen and rejected. The chosen answer is kind, to the point
and complete. The rejected one is, by turns, rude, an answer to something else, or broken off. All come
from preferences_zh.grammar.
"""

import json
import random
from pathlib import Path

from grammar_zh import Expander, read_sections
from words_zh import TABLES

HERE = Path(__file__).parent
SEED = 23
ROUNDS = 3  # so often every section is used with each fault


def read_parts(path):
    """Read the grammar -> a list of (prompts, kind answers, rude answers), each a list of templates."""
    parts = []
    for lines in read_sections(path).values():
        first, second = (i for i, line in enumerate(lines) if line == "==")
        parts.append((lines[:first], lines[first + 1 : second], lines[second + 1 :]))
    return parts


def broken_off(answer, rng):
    """The answer's beginning: it stops in the middle of a clause, without a mark."""
    ends = [
        i
        for i in range(len(answer) // 4, len(answer) * 2 // 3)
        if not set("，。？！") & set(answer[i - 1 : i + 1])
    ]
    return answer[: rng.choice(ends)]


def build():
    """Return the whole file: all pairs different, in a shuffled order."""
    rng = random.Random(SEED)
    parts = read_parts(HERE / "preferences_zh.grammar")
    lines = {}  # a dict keeps its order, a set would not
    for _ in range(ROUNDS):
        for i, (prompts, kind, rude) in enumerate(parts):
            for fault in ("rude", "off the point", "broken off"):
                words = Expander(TABLES, rng)
                prompt, chosen = words.expand(rng.choice(prompts)), words.expand(rng.choice(kind))
                if fault == "rude":
                    rejected = words.expand(rng.choice(rude))
                elif fault == "off the point":
                    _, elsewhere, _ = rng.choice(parts[:i] + parts[i + 1 :])
                    rejected = Expander(TABLES, rng).expand(rng.choice(elsewhere))
                else:
                    rejected = broken_off(words.expand(rng.choice(kind)), rng)
                pair = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
                lines[json.dumps(pair, ensure_ascii=False) + "\n"] = None
    lines = list(lines)
    rng.shuffle(lines)
    return "".join(lines)


if __name__ == "__main__":
    path = HERE / "preferences_zh.jsonl"
    path.write_text(build(), encoding="utf-8", newline="\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")
