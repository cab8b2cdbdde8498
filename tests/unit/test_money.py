"""Money: exact, one rounding, 元 only for people."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from subsidy_match.money import Rounding, fen_from_yuan, round_to, yuan_text


@pytest.mark.parametrize(
    ("value", "mode", "rounded"),
    [
        (Fraction(250, 2), Rounding.HALF_UP, 100),
        (150, Rounding.HALF_UP, 200),
        (Fraction(14999, 100), Rounding.HALF_UP, 100),
        (-150, Rounding.HALF_UP, -200),
        (199, Rounding.DOWN, 100),
        (-199, Rounding.DOWN, -100),
        (101, Rounding.UP, 200),
        (-101, Rounding.UP, -200),
        (300, Rounding.UP, 300),
        (0, Rounding.UP, 0),
    ],
)
def test_rounding_to_a_step_of_100(value: Fraction | int, mode: Rounding, rounded: int) -> None:
    assert round_to(value, 100, mode) == rounded


def test_halves_go_away_from_zero_and_never_to_even() -> None:
    assert [round_to(Fraction(n, 2), 1, Rounding.HALF_UP) for n in (1, 3, 5, -1, -3)] == [1, 2, 3, -1, -2]


def test_huge_money_stays_exact() -> None:
    fen = 10**13 * 100 + 1
    assert round_to(fen, 1, Rounding.HALF_UP) == fen
    assert yuan_text(fen) == "10,000,000,000,000.01元"


@pytest.mark.parametrize(
    ("fen", "zh", "en"),
    [
        (12_400_000, "12.4万元", "124,000 yuan"),
        (20_000_000_000, "2亿元", "200,000,000 yuan"),
        (123_456, "1,234.56元", "1,234.56 yuan"),
        (99_999_999, "999,999.99元", "999,999.99 yuan"),
        (0, "0元", "0 yuan"),
        (-500_000_000, "-500万元", "-5,000,000 yuan"),
        (1, "0.01元", "0.01 yuan"),
        (None, "—", "—"),
    ],
)
def test_money_for_people_never_loses_a_fen(fen: int | None, zh: str, en: str) -> None:
    assert (yuan_text(fen), yuan_text(fen, lang="en")) == (zh, en)


def test_a_part_of_a_fen_is_shown_half_up() -> None:
    assert yuan_text(Fraction(25, 2)) == "0.13元"


def test_yuan_becomes_fen_exactly() -> None:
    assert fen_from_yuan("1234.56") == 123_456
    assert fen_from_yuan(Decimal("-0.01")) == -1
    with pytest.raises(ValueError, match="digits"):
        fen_from_yuan("123." + "0" * 30 + "1")
    with pytest.raises(ValueError, match="whole number"):
        fen_from_yuan("0.001")
