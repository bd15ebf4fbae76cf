"""Write lessons_zh.txt: an exercise book in plain text, for a base that is to follow instructions later.

    python data/make_lessons_zh.py

As lessons_en.txt: what is known by heart is told in sentences, what is done with a sentence is shown in
three lines, the task, the sentence and the answer. No sentence of instructions_zh.jsonl is used.
"""

import json
import random
from pathlib import Path

import make_instructions_zh

HERE = Path(__file__).parent
SEED = 44
EXERCISES = 400  # of each kind that reads sentences
ROUNDS = 3  # so often everything known by heart is told
IN_A_BLOCK = 4  # told in one breath

# kind -> how it is told; {0} is what is asked, {1} the answer
TOLD = {
    "opposite": ("“{0}”的反义词是“{1}”。", "不是{0}，是{1}。"),
    "measure": ("一{1}{0}。", "数{0}的时候，用“{1}”。"),
    "class": ("{0}是一种{1}。", "{1}里有{0}。"),
    "first": ("“{0}”从“{1}”字开始。", "先写“{1}”，就能写出“{0}”。"),
    "next": ("{0}的后面是{1}。", "数完{0}，再数{1}。"),
    "greet": ("看见{0}，我说：{1}",),
}


def told(rng):
    """Yield blocks that tell all there is to know by heart, in every wording of the kind."""
    facts = {}
    for kind, asked, answer in make_instructions_zh.words_to_know():
        facts.setdefault(kind, []).append((asked, answer))
    for kind, pairs in facts.items():
        for template in TOLD[kind]:
            for _ in range(ROUNDS):
                rng.shuffle(pairs)
                for start in range(0, len(pairs), IN_A_BLOCK):
                    block = pairs[start : start + IN_A_BLOCK]
                    yield "".join(template.format(asked, answer) for asked, answer in block)


def exercises(kind, used, rng):
    """Yield the exercises of a kind that reads sentences: none of the sentences in `used`, none twice."""
    seen = set(used)
    for _ in range(EXERCISES):
        sentence, answer = make_instructions_zh.sentence_to_read(kind, rng)
        if sentence not in seen:
            seen.add(sentence)
            task, _, _ = rng.choice(make_instructions_zh.WORDINGS[kind]).partition("|")
            yield f"{task}\n{sentence}\n{answer}"


def build():
    """Return the whole text, its blocks in a shuffled order."""
    rng = random.Random(SEED)
    used = {json.loads(line)["input"] for line in make_instructions_zh.build().splitlines()}
    blocks = list(told(rng))
    for kind in make_instructions_zh.KINDS_THAT_READ:
        blocks += exercises(kind, used, rng)
    rng.shuffle(blocks)
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    path = HERE / "lessons_zh.txt"
    path.write_text(build(), encoding="utf-8", newline="\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")
