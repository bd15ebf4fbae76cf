"""Things said, each with an answer to prefer and one to avoid: preferences_en, preferences_zh.

A record has the fields prompt, chosen and rejected. The chosen answer is kind, complete and on the subject.
The rejected one fails in one of three ways, in turn: it is rude, it answers something else, or it breaks off.
"""

import random
from itertools import cycle
from pathlib import Path

from grammar import Writer, read_grammar
from words_zh import read_with_words

HERE = Path(__file__).parent


def preferences_en():
    """240 records, all of different prompts."""
    rng = random.Random(3)
    grammar = read_grammar(HERE / "words_en.grammar", HERE / "preferences_en.grammar")
    writer = Writer(grammar, rng)
    answers = {}  # prompt -> (kind, chosen)
    for kind in cycle(grammar.stories):
        prompt, chosen = writer.parts(kind)
        answers.setdefault(prompt, (kind, chosen))
        if len(answers) == 240:
            break
    records = []
    for i, (prompt, (kind, chosen)) in enumerate(answers.items()):
        others = [answer for other, answer in answers.values() if other != kind]
        rejected = (writer.text("<rude>"), rng.choice(others), broken_off_en(chosen, rng))[i % 3]
        records.append({"prompt": prompt, "chosen": chosen, "rejected": rejected})
    rng.shuffle(records)
    return records


def preferences_zh():
    """Every section of the grammar three times with each fault, less what comes out the same."""
    rng = random.Random(23)
    grammar = read_with_words(HERE / "preferences_zh.grammar")
    sections = [slots for _, slots in grammar.stories.values()]
    records = {}  # its texts -> the record; a dict keeps its order, a set would not
    for _ in range(3):
        for i, (prompts, kind, rude) in enumerate(sections):
            for fault in ("rude", "off the point", "broken off"):
                writer = Writer(grammar, rng, evenly=False)  # a new one has other words
                prompt, chosen = writer.text(rng.choice(prompts)), writer.text(rng.choice(kind))
                if fault == "rude":
                    rejected = writer.text(rng.choice(rude))
                elif fault == "off the point":
                    _, elsewhere, _ = rng.choice(sections[:i] + sections[i + 1 :])
                    rejected = Writer(grammar, rng, evenly=False).text(rng.choice(elsewhere))
                else:
                    rejected = broken_off_zh(writer.text(rng.choice(kind)), rng)
                record = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
                records[prompt, chosen, rejected] = record
    records = list(records.values())
    rng.shuffle(records)
    return records


def broken_off_en(answer, rng):
    """An answer's beginning, a third to two thirds of its words, without the punctuation there."""
    words = answer.split()
    return " ".join(words[: rng.randint(len(words) // 3, 2 * len(words) // 3)]).rstrip(".,!?")


def broken_off_zh(answer, rng):
    """An answer's beginning, a quarter to two thirds of it, that stops in the middle of a clause."""
    ends = [
        i
        for i in range(len(answer) // 4, len(answer) * 2 // 3)
        if not set("，。？！") & set(answer[i - 1 : i + 1])
    ]
    return answer[: rng.choice(ends)]
