"""Interval arithmetic: sound at every corner, with no bound as well."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from subsidy_match.money import Rounding
from subsidy_match.rules.span import ANYTHING, INFINITY, Span, greatest, hull, least, ratio

UP = Span(0, INFINITY)
HUGE = 10**400


def test_known_numbers_stay_known() -> None:
    assert Span.exactly(3) + Span.exactly(4) == Span(7, 7)
    assert Span.exactly(3) * Span.exactly(Fraction(1, 3)) == Span(1, 1)
    assert ratio(Span.exactly(1), Span.exactly(3)) == Span(Fraction(1, 3), Fraction(1, 3))


def test_no_bound_less_no_bound_is_anything_and_never_nan() -> None:
    assert UP - UP == ANYTHING
    for found in (UP + UP, UP - UP, ANYTHING * ANYTHING, UP * ANYTHING, -UP, ANYTHING + UP):
        assert not math.isnan(found.lo)
        assert not math.isnan(found.hi)


def test_nothing_times_no_bound_is_nothing() -> None:
    assert Span.exactly(0) * ANYTHING == Span(0, 0)
    assert UP * Span(0, 1) == UP


def test_a_product_takes_its_corners_with_their_signs() -> None:
    assert Span(-2, 3) * Span(-5, 7) == Span(-15, 21)
    assert Span(-2, INFINITY) * Span(-1, 4) == ANYTHING


@pytest.mark.parametrize("bottom", [Span(0, 0), Span(-1, -1), Span(0, 5), Span(-3, 5), ANYTHING])
def test_a_ratio_to_what_may_be_nothing_or_less_is_anything(bottom: Span) -> None:
    assert ratio(Span.exactly(1), bottom) == ANYTHING


def test_a_ratio_to_no_bound_may_come_near_nothing() -> None:
    assert ratio(Span.exactly(6), Span(2, INFINITY)) == Span(0, 3)
    assert ratio(Span(-6, 6), Span(2, INFINITY)) == Span(-3, 3)
    assert ratio(UP, Span(2, INFINITY)) == UP


def test_numbers_beyond_every_float_meet_no_bound() -> None:
    big = Span.exactly(HUGE)
    assert big + UP == Span(HUGE, INFINITY)
    assert big * Span(1, INFINITY) == Span(HUGE, INFINITY)
    assert Span.exactly(Fraction(HUGE, 3)) - UP == Span(-INFINITY, Fraction(HUGE, 3))
    assert ratio(big, Span(1, INFINITY)).hi == HUGE


def test_rounding_keeps_order_and_leaves_no_bound_alone() -> None:
    assert Span(149, INFINITY).rounded(100, Rounding.HALF_UP) == Span(100, INFINITY)
    assert Span(-150, 150).rounded(100, Rounding.HALF_UP) == Span(-200, 200)
    assert ANYTHING.rounded(1, Rounding.DOWN) == ANYTHING


def test_an_unknown_cap_is_never_lost() -> None:
    assert least([Span.exactly(10), UP]) == Span(0, 10)
    assert greatest([Span.exactly(10), UP]) == Span(10, INFINITY)
    assert hull([Span(1, 2), Span(5, 6)]) == Span(1, 6)


def test_money_beyond_the_exact_floats_is_not_rounded_to_one() -> None:
    odd = 10**13 * 100 + 1
    assert (Span.exactly(odd) + Span(0, INFINITY)).lo == odd
    assert Span(1, 2).contains(2)
    assert not Span(1, 2).contains(3)
