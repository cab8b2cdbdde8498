"""What each department gave stays beside the value that counts, for policies that trust one department alone."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from profile_files import POLICIES, code, firm, take_in, write_book, write_csv, write_register
from typer.testing import CliRunner

from subsidy_match.cli.profiles import app
from subsidy_match.profiles import open_snapshot
from subsidy_match.rules.enterprise import Known

TOLD = "rd_expense_2025@science"


def tax(folder: Path, *rows: tuple[int, int | str]) -> Path:
    """R&D of 2025 in 万元 by the tax bureau."""
    head = [["2025年度企业主要指标"], ["纳税人识别号", "营业收入/本年(万元)", "研发费用/本年(万元)"]]
    return write_book(folder / "税务_20260531.xlsx", {"主要指标": [*head, *([code(n), 1, rd] for n, rd in rows)]})


def science(folder: Path, *rows: tuple[int, int | str], day: str = "20260531") -> Path:
    """The same by the science bureau, by name."""
    head = ("企业名称", "2025年科技人员数", "2025年研发费用(万元)")
    body = [[f"淮安合成{n:03d}科技有限公司", "10", str(rd)] for n, rd in rows]
    return write_csv(folder / f"科技人员_{day}.csv", head, body)


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    register = write_register(tmp_path, [firm(n, 所在区县="" if n == 2 else "清江浦区") for n in range(1, 7)])
    old = science(tmp_path, (1, 7), (4, 8), day="20250531")
    new = science(tmp_path, (1, 20), (2, 30), (3, "约9"), (5, 5), (5, 6), (6, 40))
    take_in(home, register, old, new, tax(tmp_path, (1, 10), (2, 30), (3, 9), (4, 4), (5, 4)))
    return home


def told(home: Path, number: int) -> Known | None:
    with open_snapshot(home) as snapshot:
        return snapshot.enterprise(code(number)).values.get(TOLD)


@pytest.mark.parametrize(
    ("number", "amount"),
    [(1, 20), (2, 30), (3, None), (4, 8), (5, None), (6, None)],
    ids=["newest", "the same", "unreadable", "only an old one", "two that differ", "it counts itself"],
)
def test_the_newest_reading_of_the_other_department_is_kept(home, number, amount):
    found = told(home, number)
    assert (found and found.value) == (amount and amount * 10_000 * 100)


def test_it_has_its_own_source_and_the_value_that_counts_is_untouched(home):
    with open_snapshot(home) as snapshot:
        values = snapshot.enterprise(code(1)).values
    source = values[TOLD].source
    assert source is not None
    assert (source.department, source.as_of) == ("science", date(2026, 5, 31))
    counting = values["rd_expense_2025"]
    assert (counting.value, counting.source and counting.source.department) == (10 * 10_000 * 100, "tax")


def test_streamed_documents_are_the_same(home):
    with open_snapshot(home) as snapshot:
        streamed = {firm.uscc: firm for firm in snapshot.enterprises()}
        assert streamed == {uscc: snapshot.enterprise(uscc) for uscc in streamed}
    assert sum(TOLD in firm.values for firm in streamed.values()) == 3


def test_show_has_both(home, monkeypatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(home))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    shown = CliRunner().invoke(app, ["show", code(1)]).stdout
    assert TOLD in shown
    assert "20万元" in shown
    node = json.loads(CliRunner().invoke(app, ["show", code(1), "--json"]).stdout)
    assert node["values"][TOLD]["department"] == "science"
