"""Two rows of one item: they complete each other, but a cell that cannot be read is not replaced by its twin's."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from profile_files import code, firm, take_in, write_penalties, write_register

from subsidy_match.profiles import open_snapshot

READ = [code(1), "", "1号", "环境保护", "重大", "2023-08-31", "2024-01-01", "否"]


def unread(grade: str, end: str) -> list[str]:
    return [*READ[:4], grade, READ[5], end, READ[7]]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def penalty(home: Path) -> tuple[object, object]:
    with open_snapshot(home) as snapshot:
        (row,) = snapshot.enterprise(code(1)).collections["penalties"].rows
    return row["grade"], row["ended_on"]


@pytest.mark.parametrize("turned", [False, True])
def test_a_cell_that_cannot_be_read_makes_the_field_unknown_and_is_told(home, tmp_path, turned):
    rows = [READ, unread("??", "坏")]
    report = take_in(
        home, write_register(tmp_path, [firm(1)]), write_penalties(tmp_path, rows[::-1] if turned else rows)
    )
    assert penalty(home) == (None, None)
    assert len([finding for finding in report.rejects if finding.hint in ("??", "坏")]) == 2
    with open_snapshot(home) as snapshot:
        kept = {(a.target, a.value, a.outcome) for a in snapshot.alternatives(code(1))}
    assert {("penalties.grade", "major", "tie"), ("penalties.ended_on", "2024-01-01", "tie")} <= kept


def test_a_blank_cell_is_still_completed_by_its_twin(home, tmp_path):
    take_in(home, write_register(tmp_path, [firm(1)]), write_penalties(tmp_path, [READ, unread("", "2024-01-01")]))
    assert penalty(home) == ("major", date(2024, 1, 1))


def test_a_newer_file_that_can_be_read_counts_and_an_older_one_does_not(home, tmp_path):
    register = write_register(tmp_path, [firm(1)])
    take_in(
        home, register, write_penalties(tmp_path, [unread("??", "坏")]), write_penalties(tmp_path, [READ], "20260630")
    )
    assert penalty(home) == ("major", date(2024, 1, 1))
    take_in(home, write_penalties(tmp_path, [unread("??", "坏")], "20260731"))
    assert penalty(home) == (None, None)
