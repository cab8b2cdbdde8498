"""Rows of a name that several firms bear: what the district tells, what a decision covers, and what a move leaves open."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from profile_files import REGISTER, code, firm, take_in, write_csv

from subsidy_match.profiles import decide, open_snapshot

PROJECTS = ("企业名称", "统一社会信用代码", "县区", "备案证号", "设备发票金额(不含税)(万元)")
MOVES = (*REGISTER, "迁入日期", "迁出地", "迁出日期", "迁往地")
SHOP = "淮安云朵便民超市"


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def shops(folder: Path, *moves: str) -> Path:
    """Two firms of one name; the moves are of the first."""
    first = [*firm(1, SHOP, 所在区县="淮阴区"), *(moves or [""] * 4)]
    return write_csv(folder / "登记_20260531.csv", MOVES, [first, [*firm(2, SHOP), *[""] * 4]])


def projects(folder: Path, *places: str, day: str = "20260531") -> Path:
    rows = [[SHOP, "", place, f"P{n}", "10"] for n, place in enumerate(places, start=1)]
    return write_csv(folder / f"项目_{day}.csv", PROJECTS, rows)


def placed(home: Path) -> list[list[str]]:
    """The projects of each firm."""
    with open_snapshot(home) as snapshot:
        documents = [snapshot.enterprise(code(number)).collections["projects"] for number in (1, 2)]
    return [[row["filing_no"] for row in document.rows] for document in documents]


def waiting(home: Path) -> list[tuple[str, int]]:
    with open_snapshot(home) as snapshot:
        return [(item.id, item.rows) for item in snapshot.reviews()]


@pytest.mark.parametrize(("decided", "after"), [(code(1), ["P1", "P3"]), (None, ["P1"])])
def test_a_decision_about_a_name_leaves_the_rows_that_the_district_placed(home, tmp_path, decided, after):
    take_in(home, shops(tmp_path), projects(tmp_path, "淮阴区", "清江浦区", ""))
    ((item, rows),) = waiting(home)
    assert (placed(home), rows) == ([["P1"], ["P2"]], 1)
    decide(home, [(item, decided)], by="某人", on=date(2026, 6, 1))
    take_in(home)
    assert (placed(home), waiting(home)) == ([after, ["P2"]], [])


@pytest.mark.parametrize(
    "moves",
    [
        ("2026-04-01", "清江浦区", "", ""),
        ("2026-04-01", "江苏省淮安市清江浦区长西街道", "", ""),
        ("", "", "2026-04-01", "清江浦区"),
    ],
)
def test_a_district_that_another_bearer_came_from_or_left_for_tells_nothing(home, tmp_path, moves):
    take_in(home, shops(tmp_path, *moves), projects(tmp_path, "清江浦区", "淮阴区", day="20260131"))
    assert placed(home) == [["P2"], []]
    assert [rows for _, rows in waiting(home)] == [1]


def test_a_move_from_elsewhere_leaves_the_district_telling(home, tmp_path):
    take_in(home, shops(tmp_path, "2026-04-01", "涟水县", "", ""), projects(tmp_path, "清江浦区", "涟水县"))
    assert placed(home) == [[], ["P1"]]
