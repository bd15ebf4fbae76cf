"""A text grammar for the Chinese data: sentences with choices and words that stay the same to the end.

A template is a sentence with two kinds of marks:

    [好吃|香|[真|很]不错]    one of the parts is chosen, anew each time; parts nest, and may be empty
    {fruit}  {fruit.price}   a field of a record of the table `fruit`; without a field, the first one

The record is drawn when a table is first named and then kept, so everything said about it agrees: who
asks for apples gets apples, at the price of apples. {fruit2} is a second record of the same table, and
differs from the first in its first field.
"""

import re

_INNERMOST = re.compile(r"\[([^\[\]{}]*)\]|\{([a-z_]+)([0-9]?)(?:\.([a-z_]+))?\}")


def read_sections(path):
    """Read a file of sections, each opened by a line "# title" -> {title: its lines}, blank ones left out."""
    sections = {}
    for section in path.read_text(encoding="utf-8").split("\n# ")[1:]:  # what comes before is a comment
        title, *lines = section.splitlines()
        sections[title] = [line for line in lines if line]
    return sections


def read_tables(path):
    """Read a file of tables, each opened by "# name: field field ..." -> {name: its records, as dicts}."""
    tables = {}
    for title, lines in read_sections(path).items():
        name, fields = title.split(": ")
        fields = fields.split()
        for line in lines:
            if len(line.split()) != len(fields):
                raise ValueError(
                    f"{path.name}: the record {line!r} of {name} should have the fields {fields}"
                )
        tables[name] = [dict(zip(fields, line.split())) for line in lines]
    return tables


def _first(record):
    return next(iter(record.values()))


class Expander:
    """Fills in templates; all templates expanded by one Expander share its drawn records."""

    def __init__(self, tables, rng):
        self.tables = tables
        self.rng = rng
        self.drawn = {}  # "fruit2" -> its record

    def expand(self, template):
        """Return the template with every choice made and every word filled in, innermost marks first."""
        while mark := _INNERMOST.search(template):
            choices, name, number, field = mark.groups()
            if name is None:
                filled = self.rng.choice(choices.split("|"))
            else:
                record = self._record(name, number)
                filled = record[field] if field else _first(record)
            template = template[: mark.start()] + filled + template[mark.end() :]
        return template

    def _record(self, name, number):
        key = name + number
        if key not in self.drawn:
            same = [record for other, record in self.drawn.items() if other.rstrip("0123456789") == name]
            taken = {_first(record) for record in same}
            free = [record for record in self.tables[name] if _first(record) not in taken]
            self.drawn[key] = self.rng.choice(free)
        return self.drawn[key]


_DIGITS = "零一二三四五六七八九"


def number(n):
    """0 <= n < 10000 in Chinese numerals: 12 -> 十二, 105 -> 一百零五."""
    if not 0 <= n < 10000:
        raise ValueError(f"{n} is out of range: numbers from 0 below 10000 can be written")
    if n < 10:
        return _DIGITS[n]
    if n < 20:
        return "十" + (_DIGITS[n % 10] if n % 10 else "")
    size, unit = next((size, unit) for size, unit in ((1000, "千"), (100, "百"), (10, "十")) if n >= size)
    said, rest = _DIGITS[n // size] + unit, n % size
    if not rest:
        return said
    gap = "零" if rest < size // 10 else ""  # a place is left out: 一千零五十
    one = "一" if 10 <= rest < 20 else ""  # inside a number ten is 一十
    return said + gap + one + number(rest)


def count(n):
    """A numeral as it stands before a measure word: 2 -> 两, else as number()."""
    return "两" if n == 2 else number(n)


def money(jiao):
    """A price in tenths of a yuan, as it is said: 35 -> 三块五, 40 -> 四块."""
    yuan, rest = divmod(jiao, 10)
    return (f"{count(yuan)}块" if yuan else "") + (_DIGITS[rest] + ("" if yuan else "毛") if rest else "")


def clock(minutes):
    """Minutes since midnight -> the hour as it is said: 510 -> 八点半, 845 -> 两点零五."""
    hour, minute = divmod(minutes, 60)
    hour = hour - 12 if hour > 12 else hour
    said = {0: "", 15: "一刻", 30: "半"}.get(minute)
    if said is None:
        said = ("零" if minute < 10 else "") + number(minute)
    return count(hour) + "点" + said


def part_of_day(minutes):
    """Minutes since midnight -> 早上, 上午, 中午, 下午 or 晚上."""
    for end, name in ((9, "早上"), (12, "上午"), (13, "中午"), (18, "下午")):
        if minutes < end * 60:
            return name
    return "晚上"


def duration(minutes):
    """A span of time as it is said: 20 -> 二十分钟, 90 -> 一个半小时."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return "半个小时" if rest == 30 else number(rest) + "分钟"
    if rest == 30:
        return count(hours) + "个半小时"
    return count(hours) + "个小时" + (f"{number(rest)}分钟" if rest else "")
