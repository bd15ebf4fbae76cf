"""A text grammar for the data: slots with alternatives, and words that stay the same to the end.

A grammar file is plain text. What stands before its first section is a comment. Sections are

    # table toy: name; does            records, one a line, their fields parted by "; "
    # snippet one day                  lines, one of which is taken where the text names it
    # story the lost toy               a cast line, then slots parted by blank lines

A slot is a list of alternatives, one a line (an indented line continues the one above it); "-" is the
alternative that says nothing, and a "/" between spaces, or as a slot of its own, starts a new line of the
story. Inside the text,

    [red|blue|[very|quite] green]      one part is chosen, anew each time; parts nest, and may be empty
    {toy}  {toy.does}  {Toy}           a field of a record of the table `toy`; without one, the first
    <one day>  <One day>               a line of a snippet, filled in; the second capitalised
    {he}  {his}  {him}  {himself}      the pronouns of the character called hero; of others: {friend.he}

A record is drawn when it is first named and then kept: the toy that was lost is the toy that is found.
{toy2} is another record of the same table, and the cast line, "cast: hero = child | animal; friend =
child", names records after their part. No two records of a story share their name or their kind.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

PRONOUNS = {
    "he": {"he": "he", "him": "him", "his": "his", "himself": "himself"},
    "she": {"he": "she", "him": "her", "his": "her", "himself": "herself"},
    "it": {"he": "it", "him": "it", "his": "its", "himself": "itself"},
}
_MARK = re.compile(r"[\[{<]")
_CLOSING = {"[": "]", "{": "}", "<": ">"}
# "a" stands before these vowels: they sound like "you" and "won"
_ARTICLE = re.compile(r"\b([Aa]) (?=(?!one\b|uni|use)[aeiouAEIOU]|hour|honest)")


@dataclass
class Grammar:
    """What the grammar files hold, by name; a story is (cast, slots)."""

    tables: dict = field(default_factory=dict)
    snippets: dict = field(default_factory=dict)
    stories: dict = field(default_factory=dict)


def read_grammar(*paths):
    """Read grammar files, in the form described above, into one Grammar; a title used twice is an error."""
    grammar = Grammar()
    for path in paths:
        for section in path.read_text(encoding="utf-8").split("\n# ")[1:]:
            title, _, body = section.partition("\n")
            sort, _, name = title.partition(" ")
            body = body.strip("\n").replace("\n  ", " ")  # an indented line continues the one above it
            if sort == "table":
                name, _, fields = name.partition(": ")
                kept, value = grammar.tables, _records(fields.split("; "), body.splitlines(), path.name)
            elif sort == "snippet":
                kept, value = grammar.snippets, body.splitlines()
            elif sort == "story":
                kept, value = grammar.stories, _story(body)
            else:
                raise ValueError(f"{path.name}: the section {title!r} is no table, snippet or story")
            if name in kept:
                raise ValueError(f"{path.name}: there are two sections of the name {name!r}")
            kept[name] = value
    return grammar


def _records(fields, lines, file_name):
    """Lines -> dicts; `names` ("Pip he, Clover she") becomes a record each, `he` becomes all pronouns."""
    records = []
    for line in lines:
        values = line.split("; ")
        if len(values) != len(fields):
            raise ValueError(f"{file_name}: the record {line!r} should have the fields {fields}")
        record = dict(zip(fields, values))
        for name in record.pop("names", "").split(", "):
            named = {"name": name.split()[0], "he": name.split()[1]} if name else {}
            records.append(named | record)
    return [record | PRONOUNS[record["he"]] if "he" in record else record for record in records]


def _story(body):
    """The body of a story section -> (cast, slots): {part: its tables}, and a list of lists of lines."""
    slots = [slot.split("\n") for slot in body.split("\n\n")]
    cast = {}
    if slots[0][0].startswith("cast: "):
        for part in slots[0].pop(0).removeprefix("cast: ").split("; "):
            name, _, tables = part.partition(" = ")
            cast[name] = tables.split(" | ")
    return cast, [slot for slot in slots if slot]


class Writer:
    """Writes texts of a grammar, choosing what has been used least, so that all is used evenly.

    Without `evenly` every choice is a roll of the dice, and a bracket's parts are filled in before one is
    chosen: a count needs the parts as they were written, the dice do not.
    """

    def __init__(self, grammar, rng, evenly=True):
        self.grammar = grammar
        self.rng = rng
        self.evenly = evenly
        self._used = Counter()  # (where, option) -> how often it was taken
        self._cast, self._drawn = {}, {}  # part -> its tables; part -> its record in the present story

    def parts(self, title):
        """Write the slots of the story of this title, with new records and new choices -> a list of texts."""
        self._cast, slots = self.grammar.stories[title]
        self._drawn = {}
        chosen = [self._choose(slot, title + slot[0]) for slot in slots]
        return ["" if line == "-" else self.text(line) for line in chosen]

    def story(self, title):
        """Write the story of this title as one text."""
        return " ".join(part for part in self.parts(title) if part).replace(" / ", "\n")

    def text(self, template):
        """Fill in a template, put "an" where it belongs, and close the gaps that empty choices left."""
        text = re.sub(" +", " ", self._expand(template))
        text = re.sub(r" (?=[,.!?])", "", text).strip()
        return _ARTICLE.sub(r"\1n ", text)

    def _expand(self, template):
        done = []
        while mark := _MARK.search(template):
            inside, rest = _split_at_closing(template, mark.start())
            done.append(template[: mark.start()])
            template = rest
            if mark[0] == "[":
                inside = inside if self.evenly else self._expand(inside)
                done.append(self._expand(self._choose(_split_parts(inside), inside)))
            elif mark[0] == "<":
                name = inside.lower()
                said = self._expand(self._choose(self.grammar.snippets[name], name))
                done.append(said if inside == name else said[0].upper() + said[1:])
            else:
                done.append(self._expand(self._look_up(inside)))
        return "".join(done) + template

    def _look_up(self, mark):
        """ "Toy.does" -> the field of the record drawn for "toy", capitalised because the mark is."""
        name, _, wanted = mark.partition(".")
        part = name.lower()
        if part in PRONOUNS["he"]:
            part, wanted = "hero", part
        if part not in self._drawn:
            tables = self._cast.get(part, [part.rstrip("0123456789")])
            records = [record for table in tables for record in self.grammar.tables[table]]
            taken = {value for record in self._drawn.values() for value in _identity(record)}
            free = [i for i, record in enumerate(records) if taken.isdisjoint(_identity(record))]
            self._drawn[part] = records[self._choose(free, f"{part}: {tables}")]
        record = self._drawn[part]
        value = record[wanted] if wanted else _first(record)
        return value[0].upper() + value[1:] if name[0].isupper() else value

    def _choose(self, options, where):
        if not self.evenly:
            return self.rng.choice(options)
        fewest = min(self._used[where, option] for option in options)
        option = self.rng.choice([option for option in options if self._used[where, option] == fewest])
        self._used[where, option] += 1
        return option


def _first(record):
    return next(iter(record.values()))


def _identity(record):
    return {_first(record), record.get("kind", _first(record))}


def _split_at_closing(template, start):
    """The text between the bracket at `start` and the one that closes it, and the text behind that."""
    opening, depth = template[start], 0
    for i in range(start, len(template)):
        depth += (template[i] == opening) - (template[i] == _CLOSING[opening])
        if depth == 0:
            return template[start + 1 : i], template[i + 1 :]
    raise ValueError(f"the bracket {template[start : start + 30]!r} is not closed")


def _split_parts(inside):
    """ "a|[b|c]" -> ["a", "[b|c]"]: split at the bars that stand in no further bracket."""
    parts, depth = [""], 0
    for character in inside:
        depth += (character == "[") - (character == "]")
        if character == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
