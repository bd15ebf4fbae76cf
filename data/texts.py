"""The texts to pretrain on, and the conversations: tales_en, stories_en, dialogues_en, dialogues_zh.

A text is a block of lines, and a blank line parts the blocks. A tale follows one of the plots of
tales_en.grammar, and a story, which is longer and has more words, one of the files stories_*_en.grammar.
The speakers of a conversation take turns line by line; what is spoken ends with a mark (.?! 。？！), and a
line of the verse that stands between the Chinese conversations without one.
"""

import random
from pathlib import Path

from grammar import Writer, read_grammar
from words_zh import read_with_words

HERE = Path(__file__).parent


def tales_en():
    """Every plot told 66 times, each time with other characters and other sentences."""
    rng = random.Random(7)
    grammar = read_grammar(HERE / "tales_en.grammar")
    writer = Writer(grammar, rng)
    return in_blocks([writer.story(title) for _ in range(66) for title in grammar.stories], rng)


def stories_en():
    """Every plot told 30 times, each time with other words."""
    rng = random.Random(7)
    grammar = read_grammar(HERE / "words_en.grammar", *sorted(HERE.glob("stories_*_en.grammar")))
    writer = Writer(grammar, rng)
    return in_blocks([writer.story(title) for _ in range(30) for title in grammar.stories], rng)


def dialogues_en():
    """Every conversation held 18 times, each time with other words."""
    rng = random.Random(22)
    grammar = read_grammar(HERE / "dialogues_en.grammar")
    writer = Writer(grammar, rng)
    return in_blocks([capitalized(writer.story(title)) for _ in range(18) for title in grammar.stories], rng)


def dialogues_zh():
    """Every conversation held 56 times, each time with other words, and 240 stanzas."""
    rng = random.Random(20)
    dialogues = read_with_words(HERE / "dialogues_zh.grammar")
    verse = read_with_words(HERE / "verse_zh.grammar")
    speaker, poet = Writer(dialogues, rng, evenly=False), Writer(verse, rng, evenly=False)
    blocks = [speaker.story(title) for _ in range(56) for title in dialogues.stories]
    blocks += [poet.story(rng.choice(list(verse.stories))) for _ in range(240)]
    return in_blocks(blocks, rng)


def in_blocks(texts, rng):
    """Texts -> the file's content: each of them once, in a shuffled order, a blank line between two."""
    blocks = list(dict.fromkeys(texts))  # a dict keeps its order, a set would not
    rng.shuffle(blocks)
    return "\n\n".join(blocks) + "\n"


def capitalized(text):
    """A sentence may begin with a word of a table: its first letter becomes a capital one."""
    lines = [line[0].upper() + line[1:] for line in text.split("\n")]
    for mark in ".?!":
        parts = [line.split(f"{mark} ") for line in lines]
        lines = [f"{mark} ".join(part[0].upper() + part[1:] for part in line) for line in parts]
    return "\n".join(lines)
