"""Numbers, prices and times of the Chinese data are said as people say them, and add up."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "data"))
import words_zh


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "零"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (105, "一百零五"),
        (110, "一百一十"),
        (1008, "一千零八"),
        (2046, "二千零四十六"),
    ],
)
def test_numbers_are_said(n, said):
    assert words_zh.number(n) == said


def test_a_number_too_large_is_an_error():
    with pytest.raises(ValueError, match="10000"):
        words_zh.number(10000)


@pytest.mark.parametrize(("jiao", "said"), [(5, "五毛"), (20, "两块"), (35, "三块五"), (120, "十二块")])
def test_prices_are_said(jiao, said):
    assert words_zh.money(jiao) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (510, "早上八点半"),
        (720, "中午十二点"),
        (845, "下午两点零五"),
        (975, "下午四点一刻"),
        (1200, "晚上八点"),
    ],
)
def test_times_are_said(minutes, said):
    assert words_zh.part_of_day(minutes) + words_zh.clock(minutes) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (20, "二十分钟"),
        (30, "半个小时"),
        (60, "一个小时"),
        (90, "一个半小时"),
        (120, "两个小时"),
        (80, "一个小时二十分钟"),
    ],
)
def test_spans_are_said(minutes, said):
    assert words_zh.duration(minutes) == said


def test_every_bill_adds_up():
    said = {words_zh.money(jiao): jiao for jiao in range(1, 1000)}
    for bill in words_zh.TABLES["fruit"]:
        weight = " 一两三".index(bill["weight"][0])
        assert said[bill["price"]] * weight == said[bill["total"]]
        assert said[bill["total"]] + said[bill["change"]] == said[bill["paid"]]
