"""Numbers of persons and of accounts inside texts: what stands in for them, and what stays."""

from __future__ import annotations

import pytest
from profile_files import code

from subsidy_match.profiles.persons import number_free, person_free

PERSON = "32081219900101123"
PERSON += "10X98765432"[sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(PERSON)) % 11]
ACCOUNT = "6222021234567890123"


@pytest.mark.parametrize("before", ["", "ID", "x", "7", "2025"])
@pytest.mark.parametrize("after", ["", "号", "a", "8", "20250301"])
def test_an_identity_number_is_found_wherever_it_is_glued(before, after):
    free = person_free(f"{before}{PERSON}{after}", b"k")
    assert PERSON not in free
    assert free == f"{before}{person_free(PERSON, b'k')}{after}"


@pytest.mark.parametrize(
    "written", [ACCOUNT, f"账号{ACCOUNT}", f"NO{ACCOUNT}", "6222 0212 3456 7890 123", "622202-1234567890123"]
)
def test_an_account_has_a_stand_in_of_its_own(written):
    free = number_free(f"稳岗返还 {written}", b"k")
    assert free.startswith("稳岗返还")
    assert "7890" not in free
    assert free != number_free(f"稳岗返还 {written}", b"other")


@pytest.mark.parametrize(
    "written", [code(1), f"代码{code(1)}", "2405-320812-89-01-123456", "淮财〔2025〕1号", "5000.00"]
)
def test_codes_of_firms_and_of_projects_stay(written):
    assert number_free(f"项目 {written} 补助资金", b"k") == f"项目 {written} 补助资金"
