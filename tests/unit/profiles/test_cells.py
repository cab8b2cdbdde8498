# ruff: noqa: RUF001 - full-width characters are what is tested
"""Cells: exact values in every form that departments write, and a reason for everything else."""

from __future__ import annotations

from datetime import date

import pytest

from subsidy_match.profiles.cells import (
    MONEY_UNITS,
    RATIO_UNITS,
    check_formula,
    is_empty,
    parse_bool,
    parse_date,
    parse_number,
    parse_word,
    parse_words,
)
from subsidy_match.profiles.problems import CellProblem


def fen(text: str, unit: str = "元") -> int:
    return parse_number(text, MONEY_UNITS[unit], MONEY_UNITS, money=True)


def reason(parse, *args) -> str:
    with pytest.raises(CellProblem) as caught:
        parse(*args)
    return caught.value.problem.code


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1234.56", "元", 123456),
        ("1,234.5", "万元", 1_234_500_000),
        ("(1,878.39)", "万元", -1_878_390_000),
        ("（12）", "元", -1200),
        ("-0.01", "元", -1),
        ("１０４５．００", "万元", 1_045_000_000),
        ("0.000001", "万元", 1),
        ("3.5", "千元", 350_000),
        ("500万人民币", "万元", 500_000_000),
        ("500万元人民币", "元", 500_000_000),
        ("人民币500万元", "元", 500_000_000),
        ("500.000000", "万元", 500_000_000),
        ("500.000000（万）", "元", 500_000_000),
        ("¥12", "元", 1200),
        ("2亿", "元", 20_000_000_000),
        ("0", "万元", 0),
        ("−5", "元", -500),
        (" 1 234 567.5 \n", "元", 123_456_750),
        ("1\u00a0234", "元", 123_400),
        ("¥ 12", "元", 1200),
        ("500 万元", "元", 500_000_000),
    ],
)
def test_money_is_exact(text, unit, expected):
    assert fen(text, unit) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("50万美元", "cell.currency"),
        ("$50", "cell.currency"),
        ("0.001", "cell.precision"),
        ("0.0000000000000000000000000000000001", "cell.precision"),
        ("12,34", "cell.number"),
        ("1.2.3", "cell.number"),
        ("约500", "cell.number"),
        ("9.1E+17", "cell.scientific"),
        ("1" * 50, "cell.number"),
        ("12\n34", "cell.number"),
        ("1 2", "cell.number"),
        ("1\n234", "cell.number"),
        ("1  234", "cell.number"),
        ("1 2345", "cell.number"),
        ("1234 567", "cell.number"),
        ("1 234 56", "cell.number"),
        ("1 234,567", "cell.number"),
        ("1, 234", "cell.number"),
        ("12. 5", "cell.number"),
        ("0.5 123", "cell.number"),
        ("１ ２万元", "cell.number"),
    ],
)
def test_money_that_is_not_exact_has_a_reason(text, code):
    assert reason(fen, text) == code


def test_a_count_is_whole():
    assert parse_number("12.0", 1, {"人": 1}) == 12
    assert parse_number("12人", 1, {"人": 1}) == 12
    assert reason(parse_number, "1.5", 1, {}) == "cell.precision"


@pytest.mark.parametrize(
    "text",
    [
        "2016/3/1",
        "20160301",
        "2016年3月1日",
        "2016-03-01",
        "2016.03.01",
        "2016-03-01 00:00:00",
        "42430",
        "２０１６年３月１日",
        "2016 年 3 月 1 日",
        "2016. 3. 1",
        " 2016-03-01\n",
    ],
)
def test_a_day_in_any_form(text):
    assert parse_date(text) == date(2016, 3, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2015/2/30",
        "2016年3月",
        "16/3/1",
        "20161301",
        "长期",
        "123",
        "1799-01-01",
        "2016-3-1 2",
        "2016-03-0\n1",
        "2016 0301",
        "42 430",
    ],
)
def test_what_is_no_day_is_refused(text):
    assert reason(parse_date, text) == "cell.date"


@pytest.mark.parametrize(
    ("text", "unit", "millionths"),
    [("5%", None, 50_000), ("5", "%", 50_000), ("0.05", "1", 50_000), ("5‰", "%", 5_000), ("５％", "1", 50_000)],
)
def test_a_ratio_is_read_by_its_own_unit_or_the_declared_one(text, unit, millionths):
    assert parse_number(text, RATIO_UNITS.get(unit or ""), RATIO_UNITS) == millionths


@pytest.mark.parametrize("text", ["5", "0.05"])
def test_a_bare_ratio_without_a_declared_unit_is_not_guessed(text):
    assert reason(parse_number, text, None, RATIO_UNITS) == "cell.no_unit"


@pytest.mark.parametrize(
    ("text", "code"), [("#REF!", "cell.formula_error"), ("#N/A", "cell.formula_error"), ("=A1+B1", "cell.formula")]
)
def test_what_a_formula_left_is_no_value(text, code):
    assert reason(check_formula, text) == code


@pytest.mark.parametrize("text", ["", "  ", "-", "—", "——", "———", "－", "−", "/", "无", "N/A", "　"])
def test_dashes_and_blanks_say_nothing(text):
    assert is_empty(text)


@pytest.mark.parametrize("text", ["0", "0.00", "否", "无锡"])
def test_zero_and_no_say_something(text):
    assert not is_empty(text)


def test_yes_and_no():
    assert parse_bool(" 是 ")
    assert not parse_bool("否")
    assert reason(parse_bool, "可能") == "cell.bool"


def test_words_of_a_code_list():
    codes = {"存续": "active", "有限责任公司*": "limited_company", "五险": "pension unemployment", "工伤": "injury"}
    assert parse_word("存 续", codes) == "active"
    assert parse_word("有限责任公司（自然人独资）", codes) == "limited_company"
    assert parse_words("五险、工伤", codes) == ["injury", "pension", "unemployment"]
    assert reason(parse_word, "团体标准", codes) == "cell.word"
