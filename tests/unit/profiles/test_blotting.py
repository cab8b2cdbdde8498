"""What counts as a number of a person or an account in the name of a thing, and what does not."""

from __future__ import annotations

from datetime import date

import pytest
from profile_files import broken, code

from subsidy_match.profiles.blotting import blotted, identity_free
from subsidy_match.profiles.landing import Landed

KEY = b"a key for tests"
MASK = "******"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("某某320802199003071231_20260531.xlsx", f"某某{MASK}_20260531.xlsx"),
        ("账号6222021234567890123", f"账号{MASK}"),
        ("6222 0212 3456 7890 123-20260531.csv", f"{MASK}-20260531.csv"),
        ("10338001040012345", MASK),
    ],
)
def test_such_a_number_is_blotted_out_once_and_for_all(text, shown):
    assert blotted(text) == shown
    assert blotted(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "税务_20250101-20251231.xlsx",
        "失信_20260531143055123.csv",
        "2025-01-01 2025-12-31 营业收入(万元)",
        code(1),
        broken(1),
        "913208120000000009",
        "9132081200000000091",
        "52320800000000000X",
        "523208000000000001",
        "320812000012345",
    ],
)
def test_days_times_codes_and_registration_numbers_stay(text):
    assert (blotted(text), identity_free(text, KEY)) == (text, text)


def test_two_accounts_stay_two_and_one_written_otherwise_is_one():
    first, spaced, second = (
        identity_free(text, KEY) for text in ("6222021234567890", "6222 0212 3456 7890", "6222021234567891")
    )
    assert first == spaced != second
    assert (blotted(first), blotted(second)) == (MASK, MASK)


def test_a_manifest_of_before_is_read_without_such_numbers():
    node = {"name": "某某320802199003071231.csv", "sha256": "0" * 64, "as_of": "2026-05-31", "department": None}
    assert Landed.from_dict(node) == Landed(date(2026, 5, 31), f"某某{MASK}.csv", "0" * 64)
