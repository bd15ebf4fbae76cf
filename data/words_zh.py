"""The words of the Chinese conversations: the tables of words_zh.grammar, and those worked out here.

Prices, sums and times are computed, so that no conversation can add up wrongly.
"""

from pathlib import Path

from grammar_zh import clock, count, duration, money, number, part_of_day, read_tables

TABLES = read_tables(Path(__file__).parent / "words_zh.grammar")

# goods by weight: all prices in tenths of a yuan
_FRUIT = {
    "苹果": 60,
    "香蕉": 45,
    "橘子": 50,
    "葡萄": 120,
    "草莓": 150,
    "西瓜": 25,
    "桃子": 70,
    "梨": 40,
    "樱桃": 200,
}
_GREENS = {"西红柿": 40, "黄瓜": 35, "土豆": 20, "白菜": 15, "胡萝卜": 25, "茄子": 45, "青椒": 50, "豆角": 60}


def _bills(prices, weights):
    for name, price in prices.items():
        for weight in weights:
            total = price * weight
            paid = next(note for note in (100, 200, 500, 1000) if note > total)
            yield {
                "name": name,
                "price": money(price),
                "weight": count(weight) + "斤",
                "total": money(total),
                "paid": money(paid),
                "change": money(paid - total),
            }


TABLES["fruit"] = list(_bills(_FRUIT, (1, 2, 3, 4)))
TABLES["greens"] = list(_bills(_GREENS, (1, 2, 3)))
TABLES["stationery"] = [
    {
        "name": name,
        "measure": measure,
        "price": money(price),
        "many": count(many) + measure,
        "total": money(price * many),
    }
    for name, measure, price in (
        ("铅笔", "支", 15),
        ("本子", "本", 30),
        ("橡皮", "块", 10),
        ("尺子", "把", 20),
        ("钢笔", "支", 120),
        ("彩笔", "盒", 180),
        ("书包", "个", 850),
        ("胶水", "瓶", 25),
    )
    for many in (2, 3, 4)
]

# finding the way
TABLES["road"] = [
    {"turn": turn, "side": side, "crossing": crossing, "walk": number(walk) + "分钟"}
    for turn, side in (("左", "右"), ("右", "左"), ("左", "左"), ("右", "右"))
    for crossing, walk in (
        ("第一个路口", 5),
        ("第二个路口", 8),
        ("第三个路口", 15),
        ("红绿灯", 6),
        ("前面的路口", 10),
    )
]
TABLES["bus"] = [
    {"line": number(line) + "路", "stops": count(stops) + "站", "ride": duration(stops * 5)}
    for line in (2, 5, 8, 11, 16, 20, 23, 36)
    for stops in (3, 4, 6, 8)
]
TABLES["subway"] = [
    {"line": number(line) + "号线", "other": number(other) + "号线", "stops": count(stops) + "站"}
    for line, other in ((1, 2), (2, 4), (4, 1), (3, 5), (5, 2), (1, 3))
    for stops in (2, 3, 5, 6)
]

# times that agree
TABLES["trip"] = [
    {
        "leave": part_of_day(leave) + clock(leave),
        "takes": duration(takes),
        "arrive": part_of_day(leave + takes) + clock(leave + takes),
        "price": number(takes // 30 * 30 + 20) + "块",
    }
    for leave in (450, 480, 510, 555, 600, 660, 780, 840, 870, 930)
    for takes in (60, 90, 120, 150, 180, 240)
]


def _shows(starts):
    for start in starts:
        for left in (10, 15, 20, 30, 45, 60):
            yield {
                "start": part_of_day(start) + clock(start),
                "time": clock(start),
                "now": clock(start - left),
                "left": duration(left),
            }


TABLES["show"] = list(_shows((540, 600, 840, 870, 900, 1110, 1140, 1170, 1200)))
TABLES["evening_show"] = list(_shows((1110, 1140, 1170, 1200)))
TABLES["meet"] = [
    {"early": part_of_day(hour) + clock(hour), "late": clock(hour + 60), "half": clock(hour + 30)}
    for hour in (510, 540, 570, 600, 780, 840, 870, 900)
]


def _sums():
    names = ("小明", "小红", "妈妈", "爷爷", "老师", "小兔子")
    things = (("苹果", "个"), ("糖", "块"), ("铅笔", "支"), ("书", "本"), ("鸡蛋", "个"), ("胡萝卜", "根"))
    for i, (a, b) in enumerate((a, b) for a in range(2, 10) for b in range(1, 9)):
        name, (thing, measure) = names[i % 6], things[(i + i // 6) % 6]
        start = f"{name}有{count(a)}{measure}{thing}，"
        yield {
            "story": f"{start}又买了{count(b)}{measure}，现在有几{measure}？",
            "answer": f"{number(a)}加{number(b)}等于{number(a + b)}，现在有{count(a + b)}{measure}{thing}。",
        }
        if b < a:
            left = f"还剩{count(a - b)}{measure}{thing}"
            yield {
                "story": f"{start}送给别人{count(b)}{measure}，还剩几{measure}？",
                "answer": f"{number(a)}减{number(b)}等于{number(a - b)}，{left}。",
            }


TABLES["sum"] = list(_sums())
