"""Write instructions_en.jsonl: tasks in simple words, each with its one right answer.

    python data/make_instructions_en.py

A record is {"instruction": ..., "input": ..., "output": ...}; the input of a greeting is empty. The kinds
of task stand in instructions_en.grammar. Every kind has several phrasings, and every word is asked for
in more than one of them, so that a test split can hold records out without holding words out.
"""

import json
import random
from pathlib import Path

from grammar_tools import Writer, read_grammar

HERE = Path(__file__).parent
SEED = 11
PER_KIND = 600  # at most: a kind with few words has fewer different records
TRIES = 8  # so many records are written for each one wanted, to find that many different ones


def negative(sentence):
    """ "The hat is new." -> "The hat is not new." """
    return sentence.replace(" is ", " is not ", 1)


def question(sentence):
    """ "The hat is new." -> "Is the hat new?" """
    subject, rest = sentence.removesuffix(".").split(" is ", 1)
    return f"Is {subject.replace('The ', 'the ')} {rest}?"


def first_word(sentence):
    """ "The hat is new." -> "The" """
    return sentence.split()[0]


def last_word(sentence):
    """ "The hat is new." -> "new" """
    return sentence.removesuffix(".").split()[-1]


def copy(sentence):
    """The sentence itself."""
    return sentence


def pair(words):
    """ "owl, hat" -> "owl and hat" """
    return words.replace(", ", " and ")


WORKED_OUT = {
    "negative": negative,
    "question": question,
    "first word": first_word,
    "last word": last_word,
    "copy": copy,
    "pair": pair,
}


def build():
    """Return the records, as dicts, every one different, in a shuffled order."""
    rng = random.Random(SEED)
    grammar = read_grammar(HERE / "words_en.grammar", HERE / "instructions_en.grammar")
    writer = Writer(grammar, rng)
    records = []
    for kind in grammar.stories:
        found = {}  # (instruction, input) -> output; a dict keeps its order, a set would not
        for _ in range(PER_KIND * TRIES):
            if len(found) == PER_KIND:
                break
            instruction, text, *output = writer.parts(kind)
            found[instruction, text] = output[0] if output else WORKED_OUT[kind](text)
        for (instruction, text), output in found.items():
            records.append({"instruction": instruction, "input": text, "output": output})
    rng.shuffle(records)
    return records


def as_lines(records):
    """Records -> JSON Lines."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


if __name__ == "__main__":
    path = HERE / "instructions_en.jsonl"
    path.write_text(as_lines(build()), encoding="utf-8", newline="\n")
    print(f"{path}: {path.stat().st_size:,} bytes")
