"""Conversations as people begin them with a chat: chat_en, chat_zh.

A grammar's "stories" are exchanges of one topic. A conversation is one to four of them, and every topic
begins as many conversations as any other. People write loosely: half of the time "I am" becomes "I'm", and of
four lines one has no capital and no mark at its end, or a mark of the other language's keyboard.

The openings in benchmarks/openings_*.txt are what a chat is tried with, so none of them is among the lines,
neither as it stands nor in short or long forms.
"""

import random
import re
from pathlib import Path

from grammar import Writer, read_grammar
from texts import capitalized, in_blocks

HERE = Path(__file__).parent
CONTRACTED = {
    **{"I am": "I'm", "You are": "You're", "you are": "you're", "It is": "It's", "it is": "it's"},
    **{"What is": "What's", "what is": "what's", "How is": "How's", "how is": "how's", "That is": "That's"},
    **{"Who is": "Who's", "do not": "don't", "does not": "doesn't", "did not": "didn't", "cannot": "can't"},
    **{"could not": "couldn't", "Let us": "Let's", "let us": "let's"},
}
LONG_FORM = re.compile(rf"\b({'|'.join(CONTRACTED)})(?= \w)")
SHORT_FORM = re.compile("|".join(CONTRACTED.values()), re.IGNORECASE)
LONG = {short.lower(): long.lower() for long, short in CONTRACTED.items()}
HALF_WIDTH = str.maketrans("，！？", ",!?")


def chat_en():
    """Every topic 25 times at the beginning, less what is held back."""
    grammar, rng = read_grammar(HERE / "chat_en.grammar"), random.Random(31)
    return in_blocks(conversations(grammar, rng, loosely_en, openings("en")), rng)


def chat_zh():
    """Every topic 25 times at the beginning, less what is held back."""
    grammar, rng = read_grammar(HERE / "chat_zh.grammar"), random.Random(32)
    return in_blocks(conversations(grammar, rng, loosely_zh, openings("zh")), rng)


def conversations(grammar, rng, loosely, held_back):
    """The texts of conversations; loosely(line, rng) -> the line as a person writes it."""
    writer = Writer(grammar, rng)
    later = [title for title in grammar.stories if not title.startswith("first: ")]
    for title in [*grammar.stories] * 25:
        titles = [title]
        while len(titles) < 4 and not titles[-1].startswith("last: ") and rng.random() < 0.5:
            titles.append(rng.choice(later))
        lines = "\n".join(capitalized(writer.story(title)) for title in titles).split("\n")
        lines[::2] = [loosely(line, rng) for line in lines[::2]]
        if held_back.isdisjoint(map(letters, lines)):
            yield "\n".join(lines)


def loosely_en(line, rng):
    """A line, half of the time in short forms, a quarter of the time without care for capitals and marks."""
    if rng.random() < 0.5:
        line = LONG_FORM.sub(lambda found: CONTRACTED[found[0]], line)
    if rng.random() < 0.25:
        line = line[0].lower() + line[1:].rstrip(".!?")
    return line


def loosely_zh(line, rng):
    """A line, a quarter of the time without its last mark, or with those of an English keyboard."""
    if rng.random() < 0.25:
        line = rng.choice([line.rstrip("。！？"), line.translate(HALF_WIDTH)])
    return line


def openings(language):
    """The openings of a language as letters(line)."""
    path = HERE.parent / "benchmarks" / f"openings_{language}.txt"
    return {letters(line) for line in path.read_text(encoding="utf-8").split("\n") if line}


def letters(line):
    """What is left of a line without short forms, capitals, marks and blanks: the words alone."""
    line = SHORT_FORM.sub(lambda found: LONG[found[0].lower()], line)
    return re.sub(r"\W", "", line.casefold())
