"""The words of the Chinese conversations: the tables of words_zh.grammar, and those worked out here.

Prices and times are computed, so that no conversation can add up wrongly.
"""

from pathlib import Path

from grammar_zh import clock, count, duration, money, number, part_of_day, read_tables

TABLES = read_tables(Path(__file__).parent / "words_zh.grammar")

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
