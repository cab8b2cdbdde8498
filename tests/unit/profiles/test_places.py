"""A firm is found by its code, by scanning as from memory."""

from __future__ import annotations

import duckdb
import pytest

from subsidy_match.profiles.places import Places

CODES = [f"91320800MA{number:06d}XK" for number in range(500)]


@pytest.fixture
def places() -> Places:
    con = duckdb.connect(":memory:")
    con.execute("CREATE TABLE firm (uscc VARCHAR)")
    con.executemany("INSERT INTO firm VALUES (?)", [[code] for code in reversed(CODES)])
    return Places(con)


def test_every_firm_is_found_whoever_asks_first(places: Places):
    assert [places.candidates(code) for code in CODES] == [[499 - number] for number in range(500)]


def test_a_code_that_nobody_has_is_found_nowhere(places: Places):
    assert [places.candidates("91320800MA999999XK") for _ in range(4)] == [[]] * 4
