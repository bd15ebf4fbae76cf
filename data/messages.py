"""Short messages, each labelled spam or ham (a message that somebody wanted): messages_en, messages_zh.

A line is the label, a tab and the message; there is no header and no quoting. Half of the messages are spam,
and counting words does not tell the two apart. All banks, firms and people are invented; the links of the
Chinese ones end in .example, a domain that nobody can own (RFC 2606), and no telephone number occurs in them.
"""

import random
from itertools import chain
from pathlib import Path

from grammar import Writer, read_grammar
from texts import capitalized

HERE = Path(__file__).parent


def messages_en():
    """1,500 messages of each label, in turn of each kind that the grammar has."""
    rng = random.Random(5)
    grammar = read_grammar(HERE / "messages_en.grammar")
    writer = Writer(grammar, rng)

    def written(label, others=()):
        titles = [title for title in grammar.stories if title.startswith(label)]
        messages = {}  # a dict keeps its order, a set would not
        while len(messages) < 1500:
            message = capitalized(writer.story(titles[len(messages) % len(titles)]))
            if message not in others:
                messages[message] = None
        return messages

    ham = written("ham")
    return in_rows({"ham": ham, "spam": written("spam", ham)}, rng)


def messages_zh():
    """1,200 messages of each label, from all lines that the grammar has, round after round."""
    rng = random.Random(21)
    grammar = read_grammar(HERE / "messages_zh.grammar")
    grammar.tables |= made_up()

    def written(label, others=()):
        kinds = [slot for title, (_, (slot,)) in grammar.stories.items() if title.startswith(label)]
        messages = {}
        while len(messages) < 1200:
            for line in chain(*kinds):
                message = Writer(grammar, rng, evenly=False).text(line)
                if message not in others:
                    messages[message] = None
        return list(messages)[:1200]

    ham = written("ham")
    return in_rows({"ham": ham, "spam": written("spam", ham)}, rng)


def in_rows(messages, rng):
    """{label: its messages} -> the file's content, in a shuffled order."""
    rows = [f"{label}\t{message}\n" for label in messages for message in messages[label]]
    rng.shuffle(rows)
    return "".join(rows)


def made_up():
    """Tables of numbers, account names and links of the Chinese messages; none is anybody's."""

    def codes(n, seed, characters="0123456789"):
        rng = random.Random(seed)
        return ["".join(rng.choice(characters) for _ in range(n)) for _ in range(60)]

    letters = "abcdefghkmnpqstwxyz"
    accounts = [name + digits for name, digits in zip(codes(3, 1, letters), codes(4, 2))]
    links = [f"{name}.example/{digits}" for name, digits in zip(codes(4, 3, letters), codes(2, 4))]
    columns = {
        "account": accounts,
        "link": links,
        "tail": codes(4, 5),
        "code": codes(6, 6),
        "pick": [f"{digits[0]}-{digits[1:]}" for digits in codes(4, 7)],
    }
    return {name: [{"value": value} for value in values] for name, values in columns.items()}
