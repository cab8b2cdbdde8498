"""Numbers in words: what is stored in hundredths is said in whole units, in products and quotients as well."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import Period
from subsidy_match.rules.tree import Kind, Type
from subsidy_match.rules.wording import Wording
from subsidy_match.units import Unit, parse_quantity

POLICIES = load_policies(Path(__file__).parents[3] / "policies")
YEAR = Period("2026", date(2026, 1, 1), date(2026, 12, 31), 2025)


@pytest.mark.parametrize(
    ("literal", "zh", "en"),
    [
        ("4500万美元", "45,000,000美元", "45,000,000 US dollars"),
        ("0.01美元", "0.01美元", "0.01 US dollars"),
        ("0.2元/美元", "0.2元/美元", "0.2 yuan/US dollars"),
        ("400元/月", "400元/月", "400 yuan/months"),
        ("2万元/个", "20,000元/个", "20,000 yuan/个"),
        ("500万元", "500万元", "5,000,000 yuan"),
        ("30人", "30人", "30 persons"),
        ("5.5%", "5.5%", "5.5%"),
    ],
)
def test_a_number_is_said_as_it_was_written(literal: str, zh: str, en: str):
    quantity = parse_quantity(literal)
    type_ = Type(Kind.NUMBER, quantity.unit)
    assert Wording(POLICIES, "zh", YEAR).number(quantity.value, type_) == zh
    assert Wording(POLICIES, "en", YEAR).number(quantity.value, type_) == en


def test_a_unit_without_money_is_not_scaled():
    assert Wording(POLICIES, "zh", YEAR).number(Fraction(1, 2), Type(Kind.NUMBER, Unit.of("件/人"))) == "0.5件/人"
