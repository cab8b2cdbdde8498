"""Readings as people write them, and back: nothing is taken for another value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_files import POLICIES

from subsidy_match.profiles.shown_readings import load_forms

FORMS = load_forms(POLICIES)


@pytest.mark.parametrize(
    ("target", "reading", "shown"),
    [
        ("revenue_2025", "2000000", "2万元"),
        ("revenue_2025", "123456", "1,234.56元"),
        ("market_share_national", "125000", "12.5%"),
        ("market_share_national", "1000000", "100%"),
        ("reg_status", "moved_out", "迁出"),
        ("district_code", "320812", "清江浦区"),
        ("penalties.grade", "minor", "一般"),
        ("penalties.repaired", "true", "是"),
        ("penalties.date", "2025-01-01", "2025-01-01"),
        ("hires.insured_kinds", "[pension, injury]", "养老、工伤"),
        ("name", "淮安某某店", "淮安某某店"),
        ("gone_since", "7", "7"),
    ],
)
def test_readings_are_shown_in_units_and_words_and_are_found_again(target, reading, shown):
    assert FORMS.shown(target, reading) == shown
    assert FORMS.meant(target, shown, [reading, "0"]) == reading


@pytest.mark.parametrize(
    ("target", "written", "readings"),
    [
        ("revenue_2025", "20000", ["20000", "2000000"]),  # 分 or 元?
        ("market_share_national", "0.5", ["5000", "500000"]),  # 0.5 % or one half?
        ("revenue_2025", "3万元", ["2000000"]),
    ],
)
def test_a_number_without_its_unit_means_nothing(target, written, readings):
    assert FORMS.meant(target, written, readings) is None


@given(st.lists(st.integers(-(10**15), 10**15), min_size=2, max_size=4, unique=True))
def test_no_two_amounts_look_alike(amounts):
    readings = [str(amount) for amount in amounts]
    for target in ("revenue_2025", "market_share_national"):
        assert [FORMS.meant(target, FORMS.shown(target, reading), readings) for reading in readings] == readings


@pytest.mark.parametrize("written", ["12", "12人", "12.0", " 12 人"])
def test_what_a_spreadsheet_adds_to_a_count_is_no_other_value(written):
    assert FORMS.meant("staff_avg_2025", written, ["12", "120"]) == "12"
