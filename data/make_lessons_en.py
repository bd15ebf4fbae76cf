"""Write lessons_en.txt: an exercise book in plain text, for a base that is to follow instructions later.

    python data/make_lessons_en.py

Two kinds of block, with a blank line between them. What is known by heart is told: "The opposite of big
is small." What is done with a sentence is shown, in three lines: the task, the sentence, the answer. The
words and kinds of task are those of instructions_en.grammar; no sentence of instructions_en.jsonl is
used, so that a model which has read the lessons can still be tested on the instructions.
"""

import random
from pathlib import Path

import make_instructions_en

HERE = Path(__file__).parent
SEED = 33
EXERCISES = 700  # of a kind, less those whose sentence the instructions use
ROUNDS = 3  # so often everything known by heart is told
IN_A_BLOCK = 4  # told in one breath

# kind -> how it is told; {0} is what is asked, {1} the answer
TOLD = {
    "opposite": ("The opposite of {0} is {1}.", "It is not {0}, it is {1}."),
    "plural": ("One {0}, many {1}.", "More than one {0} are {1}."),
    "sort": ("{0} belongs to: {1}.", "Sorted under {1}: {0}."),
    "sound": ("The {0} says {1}.", "{1}, says the {0}."),
    "young": ("A young {0} is a {1}.", "The {1} grows up to be a {0}."),
    "next number": ("After {0} comes {1}.", "{0} and one more make {1}."),
    "next day": ("After {0} comes {1}.", "If today is {0}, then tomorrow is {1}."),
    "day before": ("Before {0} comes {1}.", "If today is {0}, then yesterday was {1}."),
    "comparative": ("First {0}, then {1}.", "This is {0}, but that is {1}."),
    "article": ("The word {0}: {1}.", "Here is {1}. I mean this {0}."),
    "hello": ("Here somebody comes. {1}",),
    "morning": ("The sun is up. {1}",),
    "goodbye": ("It is time to go. {1}",),
    "thanks": ("What a nice present. {1}",),
}


def told(facts, rng):
    """Yield blocks that tell all (asked, answer), in every wording of the kind."""
    for kind, pairs in facts.items():
        for template in TOLD[kind]:
            for _ in range(ROUNDS):
                rng.shuffle(pairs)
                for start in range(0, len(pairs), IN_A_BLOCK):
                    block = pairs[start : start + IN_A_BLOCK]
                    yield " ".join(sentence(template.format(asked, answer)) for asked, answer in block)


def sentence(text):
    """ "moo, says the cow." -> "Moo, says the cow." """
    return text[0].upper() + text[1:]


def build():
    """Return the whole text, its blocks in a shuffled order."""
    rng = random.Random(SEED)
    used = {record["input"] for record in make_instructions_en.build()}
    writer = make_instructions_en.task_writer(rng)
    facts, blocks = {}, []
    for kind in writer.grammar.stories:
        tasks = make_instructions_en.tasks(writer, kind, EXERCISES)
        if kind in TOLD:
            facts[kind] = list(dict.fromkeys((text, answer) for (_, text), answer in tasks.items()))
        else:
            blocks += [
                f"{instruction}\n{text}\n{answer}"
                for (instruction, text), answer in tasks.items()
                if text not in used
            ]
    blocks += told(facts, rng)
    rng.shuffle(blocks)
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    path = HERE / "lessons_en.txt"
    path.write_text(build(), encoding="utf-8", newline="\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")
