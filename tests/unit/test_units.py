"""Literals: every number with its unit, exactly; what cannot be read says what to write instead."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from subsidy_match.units import (
    NO_UNIT,
    Duration,
    LiteralError,
    Unit,
    parse_date,
    parse_duration,
    parse_quantity,
)

MONEY = Unit.of("元")


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("500万元", 500_000_000, "元"),
        ("0.01元", 1, "元"),
        ("10万亿元", 10**15, "元"),
        ("1,000元", 100_000, "元"),
        ("-5万元", -5_000_000, "元"),
        ("5%", Fraction(1, 20), ""),
        ("-0.5%", Fraction(-1, 200), ""),
        ("30人", 30, "人"),
        ("1500元/人", 150_000, "元/人"),
        ("500元/人/月", 50_000, "元/人/月"),
        ("3个月", 3, "月"),
        ("2百万元", 2 * 10**8, "元"),
        ("60分", 60, "分"),
        ("1万", 10_000, ""),
        (" 7 ", 7, ""),
    ],
)
def test_a_literal_is_read_exactly(text: str, value: Fraction | int, unit: str) -> None:
    quantity = parse_quantity(text)
    assert (quantity.value, quantity.unit) == (value, Unit.of(unit))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "万元",
        "abc",
        "5 00万元",
        "5元元",
        "1e3元",
        "5%元",
        "0x10元",
        "五百万元",
        "5圆",
        "--5元",
        "1.5.2元",
        "NO",
        "12:30:00",
    ],
)
def test_what_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises(LiteralError):
        parse_quantity(text)


def test_a_comma_that_does_not_separate_thousands_is_refused() -> None:
    for text in ("1,5万元", "1,50元", "12,34,567元", "1,,000元"):
        with pytest.raises(LiteralError):
            parse_quantity(text)


def test_a_number_too_long_to_be_meant_is_refused() -> None:
    for text in ("9" * 5000 + "元", "1." + "3" * 5000 + "元", "9" * 40 + "元"):
        with pytest.raises(LiteralError):
            parse_quantity(text)


@pytest.mark.parametrize("text", ["\uff15\uff10\uff10万元", "5\uff05", "500万元\u3000"])
def test_full_width_is_refused_with_the_plain_text_as_hint(text: str) -> None:
    with pytest.raises(LiteralError) as caught:
        parse_quantity(text)
    assert caught.value.hint is not None
    assert caught.value.hint.isprintable()
    assert "全角" in caught.value.zh


def test_units_multiply_and_cancel() -> None:
    assert Unit.of("元/人") * Unit.of("人") == MONEY
    assert MONEY / MONEY == NO_UNIT
    assert str(Unit.of("元/人/月")) == "元/人/月" or str(Unit.of("元/人/月")) == "元/月/人"
    assert MONEY.is_money
    assert not Unit.of("美元").is_money


def test_points_are_not_money() -> None:
    assert parse_quantity("60分").unit != MONEY


@pytest.mark.parametrize("text", ["5年", "18个月", "400天"])
def test_lengths_of_time(text: str) -> None:
    assert str(parse_duration(text)) == text


@pytest.mark.parametrize("text", ["-1年", "1.5年", "3人", "年", "3000年", "99999999999天"])
def test_no_length_of_time(text: str) -> None:
    with pytest.raises(LiteralError):
        parse_duration(text)


def test_years_end_on_the_corresponding_day_or_the_last_of_the_month() -> None:
    assert Duration(years=2).before(date(2028, 2, 29)) == date(2026, 2, 28)
    assert Duration(years=4).before(date(2028, 2, 29)) == date(2024, 2, 29)
    assert Duration(months=1).after(date(2026, 1, 31)) == date(2026, 2, 28)
    assert Duration(months=1).before(date(2026, 1, 15)) == date(2025, 12, 15)
    assert Duration(days=400).before(date(2026, 6, 30)) == date(2025, 5, 26)


@pytest.mark.parametrize("text", ["2026-2-1", "2026-02-30", "20260201", "2026/02/01", "\uff12026-02-01", ""])
def test_no_date(text: str) -> None:
    with pytest.raises(LiteralError):
        parse_date(text)


def test_a_date() -> None:
    assert parse_date("2024-02-29") == date(2024, 2, 29)
