"""The text grammar of the Chinese data: choices nest, records are kept, numbers are said as people do."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "data"))
import grammar_zh

FRUIT = {"fruit": [{"name": "苹果", "price": "六块"}, {"name": "梨", "price": "四块"}]}


def expand_often(template, tables=FRUIT):
    return {grammar_zh.Expander(tables, random.Random(seed)).expand(template) for seed in range(200)}


def test_every_part_of_a_nested_choice_is_taken_and_nothing_else():
    assert expand_often("[a|b[c|]|]") == {"a", "bc", "b", ""}


def test_a_record_stays_the_same_to_the_end():
    assert expand_often("{fruit}{fruit.price}，[|]{fruit}") == {"苹果六块，苹果", "梨四块，梨"}


def test_a_second_record_differs_from_the_first():
    assert expand_often("{fruit}{fruit2}") == {"苹果梨", "梨苹果"}


def test_second_records_of_one_name_are_not_taken_for_different():
    tables = {"fruit": [*FRUIT["fruit"], {"name": "苹果", "price": "七块"}]}
    assert expand_often("{fruit}{fruit2}", tables) == {"苹果梨", "梨苹果"}


def test_texts_of_one_expander_share_their_records():
    expander = grammar_zh.Expander(FRUIT, random.Random(0))
    assert expander.expand("{fruit}") == expander.expand("{fruit}")


def test_tables_are_read_with_their_fields_and_the_heading_is_left_out(tmp_path):
    path = tmp_path / "words.grammar"
    path.write_text("About this file.\n\n# fruit: name price\n苹果 六块\n\n梨 四块\n", encoding="utf-8")
    assert grammar_zh.read_tables(path) == FRUIT


def test_a_record_with_a_field_too_few_is_named(tmp_path):
    path = tmp_path / "words.grammar"
    path.write_text("About this file.\n\n# fruit: name price\n苹果\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"words\.grammar.*苹果"):
        grammar_zh.read_tables(path)


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
    assert grammar_zh.number(n) == said


def test_a_number_too_large_is_an_error():
    with pytest.raises(ValueError, match="10000"):
        grammar_zh.number(10000)


@pytest.mark.parametrize(("jiao", "said"), [(5, "五毛"), (20, "两块"), (35, "三块五"), (120, "十二块")])
def test_prices_are_said(jiao, said):
    assert grammar_zh.money(jiao) == said


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
    assert grammar_zh.part_of_day(minutes) + grammar_zh.clock(minutes) == said


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
    assert grammar_zh.duration(minutes) == said
