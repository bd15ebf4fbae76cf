"""The words of the Chinese conversations: the tables of words_zh.grammar, and those worked out here.

Prices and times are computed, so that no conversation can add up wrongly, and said as people say them.
"""

from pathlib import Path

from grammar import read_grammar


def read_with_words(path):
    """Read a grammar file together with all the words of the Chinese conversations -> Grammar."""
    grammar = read_grammar(Path(__file__).parent / "words_zh.grammar", path)
    grammar.tables |= TABLES
    return grammar


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


TABLES = {}

# buying fruit; all prices in tenths of a yuan
PRICES = {"苹果": 60, "香蕉": 45, "橘子": 50, "葡萄": 120, "草莓": 150, "西瓜": 25, "桃子": 70, "梨": 40}


def _bills():
    for name, price in PRICES.items():
        for weight in (1, 2, 3):
            total = price * weight
            paid = next(note for note in (100, 200, 500) if note > total)
            yield {
                "name": name,
                "price": money(price),
                "weight": count(weight) + "斤",
                "total": money(total),
                "paid": money(paid),
                "change": money(paid - total),
            }


TABLES["fruit"] = list(_bills())

# finding the way
TABLES["road"] = [
    {"turn": turn, "side": side, "crossing": crossing, "walk": number(walk) + "分钟"}
    for turn, side in (("左", "右"), ("右", "左"), ("左", "左"), ("右", "右"))
    for crossing, walk in (("第一个路口", 5), ("第二个路口", 8), ("第三个路口", 15), ("前面的路口", 10))
]
TABLES["bus"] = [
    {"line": number(line) + "路", "stops": count(stops) + "站", "ride": duration(stops * 5)}
    for line in (2, 5, 8, 11, 16, 20)
    for stops in (3, 4, 6)
]

# times that agree
TABLES["show"] = [
    {"time": clock(start), "now": clock(start - left), "left": duration(left)}
    for start in (540, 600, 840, 900, 1140)
    for left in (10, 15, 20, 30)
]
TABLES["meet"] = [{"time": part_of_day(time) + clock(time)} for time in (480, 540, 570, 600, 840, 870, 900)]
