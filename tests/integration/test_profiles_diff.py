"""What differs between two snapshots: firms, values with both sources, rows of lists, lists that were loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from profile_files import POLICIES, code, firm, take_in, write_penalties, write_register, write_tax
from typer.testing import CliRunner, Result

from subsidy_match.cli.profiles import app
from subsidy_match.errors import Conflict, NotFound
from subsidy_match.profiles.comparison import compare
from subsidy_match.profiles.differences import FactCount, ListCount, OwnerCount


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    return tmp_path / "home"


def penalty(number: int, document: str) -> list[str]:
    return [code(number), "", document, "环境保护", "一般", "2025-01-01", "", "否"]


@pytest.fixture
def two(home, tmp_path) -> tuple[str, str]:
    """Two snapshots: the second has a firm more, a value changed, one found and one lost, and a row more."""
    first = take_in(
        home,
        write_register(tmp_path, [firm(1), firm(2)]),
        write_tax(tmp_path, [[code(1), "", 1, 2], [code(2), "", "", 5]]),
        write_penalties(tmp_path, [penalty(1, "1号")]),
    )
    second = take_in(
        home,
        write_register(tmp_path, [firm(3)], part="新"),
        write_tax(tmp_path, [[code(1), "", 1, 3], [code(2), "", 4, "约5"], [code(3), "", 1, 1]], day="20260630"),
        write_penalties(tmp_path, [penalty(1, "1号"), penalty(1, "2号")], day="20260630"),
    )
    return first.snapshot_id, second.snapshot_id


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_values_are_told_with_both_sources(home, two):
    with compare(home, *two) as comparison:
        changes = {(c.uscc, c.fact): c for c in comparison.values()}
    assert {key: (c.old, c.new) for key, c in changes.items()} == {
        (code(1), "revenue_2025"): (2_000_000, 3_000_000),
        (code(2), "revenue_2024"): (None, 4_000_000),
        (code(2), "revenue_2025"): (5_000_000, None),
    }
    changed = changes[code(1), "revenue_2025"]
    assert changed.old_source is not None
    assert changed.new_source is not None
    assert (changed.old_source.batch, changed.new_source.batch) == (
        "税务_20260531.xlsx!主要指标",
        "税务_20260630.xlsx!主要指标",
    )
    assert changes[code(2), "revenue_2025"].new_source is None


def test_the_same_value_from_a_newer_file_is_no_change(home, two):
    with compare(home, *two) as comparison:
        assert ("revenue_2024", code(1)) not in {(c.fact, c.uscc) for c in comparison.values()}


def test_firms_rows_and_days_are_told(home, two):
    with compare(home, *two) as comparison:
        assert comparison.came() == [(code(3), "淮安合成003科技有限公司")]
        assert comparison.went() == []
        (row,) = comparison.rows()
        assert (row.uscc, row.collection, row.added, row.row["document_no"]) == (code(1), "penalties", True, "2号")
        (loading,) = comparison.loadings()
        assert (loading.collection, str(loading.old), str(loading.new)) == ("penalties", "2026-05-31", "2026-06-30")


def test_counts_by_fact_list_and_department(home, two):
    with compare(home, *two) as comparison:
        counts = comparison.counts()
    assert counts.by_fact == (FactCount("revenue_2024", 1, 0, 0), FactCount("revenue_2025", 0, 1, 1))
    assert counts.by_list == (ListCount("penalties", 1, 0),)
    assert counts.by_department == (OwnerCount("credit", 0, 1, 0), OwnerCount("tax", 3, 0, 0))
    assert (counts.values, counts.rows_added, counts.rows_removed, counts.firms_came) == (3, 1, 0, 1)


def test_looking_back_is_looking_forward_the_other_way(home, two):
    with compare(home, *two) as there, compare(home, *reversed(two)) as back:
        assert [(c.uscc, c.fact, c.old, c.new) for c in there.values()] == [
            (c.uscc, c.fact, c.new, c.old) for c in back.values()
        ]
        assert [(r.row, r.added) for r in there.rows()] == [(r.row, not r.added) for r in back.rows()]
        assert there.came() == back.went()


def test_a_column_that_only_one_side_has_is_unknown_on_the_other(home, tmp_path):
    first = take_in(home, write_register(tmp_path, [firm(1)])).snapshot_id
    second = take_in(home, write_tax(tmp_path, [[code(1), "", 1, 2]])).snapshot_id
    with compare(home, first, second) as comparison:
        assert [(c.fact, c.old, c.new) for c in comparison.values()] == [
            ("revenue_2024", None, 1_000_000),
            ("revenue_2025", None, 2_000_000),
        ]


def test_nothing_differs_and_one_snapshot_are_told_apart(home, tmp_path):
    first = take_in(home, write_register(tmp_path, [firm(1)])).snapshot_id
    second = take_in(home, write_register(tmp_path, [firm(1), firm(1)], part="又")).snapshot_id
    with compare(home, first, second) as comparison:
        assert comparison.counts().is_nothing
    with pytest.raises(Conflict):
        compare(home, first, first)
    with pytest.raises(NotFound):
        compare(home, first, "a" * 16)


def test_the_command_compares_the_one_before_with_the_one_in_force(home, two):
    result = call("diff")
    assert result.exit_code == 1
    for expected in (
        f"{two[0]} → {two[1]}",
        "2万元",
        "3万元",
        "未知 / unknown",
        "document_no=2号",
        "+1 -0",
        "2026-06-30",
    ):
        assert expected in result.stdout
    assert call("diff", *two).stdout == result.stdout


def test_json_has_everything_and_the_text_a_part(home, tmp_path):
    many = range(1, 31)
    take_in(
        home,
        write_register(tmp_path, [firm(n) for n in many]),
        write_tax(tmp_path, [[code(n), "", 1, 2] for n in many]),
    )
    take_in(home, write_tax(tmp_path, [[code(n), "", 1, 3] for n in many], day="20260630"))
    told = json.loads(call("diff", "--json").stdout)
    assert len(told["values"]) == told["counts"]["values"] == 30
    assert told["values"][0]["new"] == {
        "value": 3_000_000,
        "department": "tax",
        "as_of": "2026-06-30",
        "batch": "税务_20260630.xlsx!主要指标",
        "quality": "department",
    }
    text = call("diff").stdout
    assert text.count("税务_20260630") == 20
    assert "--json" in text


def test_without_an_earlier_snapshot_there_is_nothing_to_compare(home, tmp_path):
    take_in(home, write_register(tmp_path, [firm(1)]))
    assert isinstance(call("diff").exception, NotFound)


def test_a_folder_with_a_quote_in_its_name(tmp_path):
    home = tmp_path / "it's"
    first = take_in(home, write_register(tmp_path, [firm(1)])).snapshot_id
    second = take_in(home, write_register(tmp_path, [firm(2)], part="新")).snapshot_id
    with compare(home, first, second) as comparison:
        assert comparison.counts().firms_came == 1


def test_both_snapshots_stay_as_they_are(home, two):
    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in Path(home / "profiles" / "snapshots").iterdir()}

    before = files()
    with compare(home, *two) as comparison:
        comparison.counts()
    assert files() == before
