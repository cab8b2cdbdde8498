"""Importing small files: which value counts, what becomes unknown, what makes a list complete, what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from profile_files import broken, code, firm, take_in, write_book, write_csv, write_penalties, write_register, write_tax

from subsidy_match.errors import InputError, NotFound
from subsidy_match.profiles import decide, import_files, open_snapshot
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.rules.enterprise import Enterprise

DAY = date(2026, 6, 1)
PENALTY = ["", "", "淮合成信〔2025〕1号", "环境保护", "一般", "2025-01-01", "", "否"]
HIGH_TECH = ["企业名称", "证书编号", "认定类型", "发证日期", "有效期至"]


def penalty(number: int, name: str = "", **changes: str) -> list[str]:
    row = dict(zip(("uscc", "name", "document", "kind", "grade", "date", "ended", "repaired"), PENALTY, strict=True))
    return list((row | {"uscc": code(number), "name": name} | changes).values())


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "files"
    made.mkdir()
    return made


def enterprise(home: Path, number: int = 1) -> Enterprise:
    with open_snapshot(home) as snapshot:
        return snapshot.enterprise(code(number))


def value(home: Path, fact: str, number: int = 1) -> object:
    known = enterprise(home, number).values.get(fact)
    return known.value if known else None


def test_a_document_has_values_with_department_day_and_sheet(home, folder):
    take_in(home, write_register(folder, [firm(1)]), write_tax(folder, [[code(1), "", "1,000", "(12.5)"]]))
    known = enterprise(home).values["revenue_2024"]
    assert known.value == 1_000_000_000
    assert known.source is not None
    assert (known.source.department, known.source.as_of) == ("tax", date(2026, 5, 31))
    assert known.source.batch == "税务_20260531.xlsx!主要指标"


def test_files_may_come_in_any_order_even_before_the_register(home, folder):
    first = take_in(home, write_tax(folder, [[code(1), "", 1, 2]]))
    assert first.firms == 0
    assert [line.quarantined for line in first.lines] == [1]
    take_in(home, write_register(folder, [firm(1)]))
    assert value(home, "revenue_2025") == 2_000_000


def test_the_newest_day_counts_and_the_old_value_is_kept(home, folder):
    take_in(home, write_register(folder, [firm(1)]), write_tax(folder, [[code(1), "", 1, 2]]))
    take_in(home, write_tax(folder, [[code(1), "", 1, 3]], day="20260630"))
    assert value(home, "revenue_2025") == 3_000_000
    with open_snapshot(home) as snapshot:
        (loser,) = snapshot.alternatives(code(1))
    assert (loser.target, loser.value, loser.outcome) == ("revenue_2025", "2000000", "outranked")


def test_a_firm_that_is_not_in_the_newer_file_keeps_its_value(home, folder):
    take_in(home, write_register(folder, [firm(1), firm(2)]), write_tax(folder, [[code(1), "", 1, 2]]))
    take_in(home, write_tax(folder, [[code(2), "", 1, 3]], day="20260630"))
    assert value(home, "revenue_2025") == 2_000_000


def test_two_values_of_one_day_make_the_fact_unknown_and_a_review_item(home, folder):
    rows = [[code(1), "", 1, 2], [code(1), "", 1, 3]]
    report = take_in(home, write_register(folder, [firm(1)]), write_tax(folder, rows))
    assert value(home, "revenue_2025") is None
    assert value(home, "revenue_2024") == 1_000_000
    assert report.ties == 1
    with open_snapshot(home) as snapshot:
        (item,) = snapshot.reviews()
    assert (item.kind, item.uscc, item.target, item.values) == (
        "value",
        code(1),
        "revenue_2025",
        ("2000000", "3000000"),
    )


def test_equal_rows_are_merged(home, folder):
    rows = [[code(1), "", 1, 2], [code(1), "", 1.0, "2.00"], [code(1), "", "", 2]]
    report = take_in(home, write_register(folder, [firm(1)]), write_tax(folder, rows))
    tax = next(line for line in report.lines if line.list_id == "tax-accounts")
    assert (tax.accepted, tax.merged) == (1, 2)
    assert value(home, "revenue_2025") == 2_000_000


def test_a_cell_that_cannot_be_read_is_not_replaced_by_an_older_value(home, folder):
    take_in(home, write_register(folder, [firm(1)]), write_tax(folder, [[code(1), "", 1, 2]]))
    report = take_in(home, write_tax(folder, [[code(1), "", 1, "约3"]], day="20260630"))
    assert value(home, "revenue_2025") is None
    assert [str(f.at) for f in report.rejects] == ["税务_20260630.xlsx:主要指标!D5"]


def test_an_empty_cell_says_nothing_against_an_older_value(home, folder):
    take_in(home, write_register(folder, [firm(1)]), write_tax(folder, [[code(1), "", 1, 2]]))
    take_in(home, write_tax(folder, [[code(1), "", 1, "-"]], day="20260630"))
    assert value(home, "revenue_2025") == 2_000_000


def test_no_row_means_none_only_when_the_list_is_loaded(home, folder):
    take_in(home, write_register(folder, [firm(1)]))
    assert enterprise(home).collections["penalties"].loaded == {}
    take_in(home, write_penalties(folder, []))
    penalties = enterprise(home).collections["penalties"]
    assert (penalties.rows, penalties.loaded) == ((), {"credit": date(2026, 5, 31)})


def test_a_workbook_without_one_of_its_sheets_leaves_the_list_incomplete(home, folder):
    book = write_book(
        folder / "科技_20260531.xlsx",
        {"高企": [HIGH_TECH, ["淮安合成001科技有限公司", "GR1", "首次", "2025-01-01", "长期"]]},
    )
    take_in(home, write_register(folder, [firm(1)]), book)
    honors = enterprise(home).collections["honors"]
    assert honors.loaded == {}
    assert [(r["kind"], r["valid_to"]) for r in honors.rows] == [("high_tech_enterprise", date(9999, 12, 31))]


def test_an_open_candidate_is_disputed_for_that_list_only(home, folder):
    row = penalty(9, "淮安合成001科技有限责任公司", uscc=broken(1))
    report = take_in(
        home, write_register(folder, [firm(1), firm(2, "淮安松彧食品有限公司")]), write_penalties(folder, [row])
    )
    assert report.open_reviews == 1
    found = enterprise(home).collections
    assert (found["penalties"].disputed, found["projects"].disputed) == (True, False)
    assert not enterprise(home, 2).collections["penalties"].disputed


def test_a_row_that_falls_leaves_its_firm_disputed(home, folder):
    report = take_in(home, write_register(folder, [firm(1)]), write_penalties(folder, [penalty(1, document="")]))
    assert enterprise(home).collections["penalties"].disputed
    assert [line.quarantined for line in report.lines if line.list_id == "credit-penalties"] == [1]


def test_rows_of_one_document_complete_each_other_and_disagreement_is_unknown(home, folder):
    rows = [penalty(1, grade="", ended="2025-06-01"), penalty(1, grade="重大", ended="2025-07-01")]
    report = take_in(home, write_register(folder, [firm(1)]), write_penalties(folder, rows))
    (row,) = enterprise(home).collections["penalties"].rows
    assert (row["grade"], row["ended_on"]) == ("major", None)
    assert report.ties == 1


def test_a_newer_list_replaces_its_rows(home, folder):
    take_in(home, write_register(folder, [firm(1)]), write_penalties(folder, [penalty(1), penalty(1, document="2号")]))
    take_in(home, write_penalties(folder, [penalty(1, ended="2026-06-15", repaired="是")], day="20260630"))
    rows = enterprise(home).collections["penalties"].rows
    assert [(r["document_no"], r["repaired"]) for r in rows] == [("2号", False), ("淮合成信〔2025〕1号", True)]


def test_firms_outside_the_register_are_quarantined_with_their_reason(home, folder):
    report = take_in(home, write_register(folder, [firm(1)]), write_tax(folder, [[code(5), "外地公司", 1, 2]]))
    assert [f.code for f in report.rejects] == ["profiles.identity.not_registered"]
    with pytest.raises(NotFound):
        enterprise(home, 5)


def test_a_decision_is_remembered_and_places_the_row(home, folder):
    take_in(home, write_register(folder, [firm(1)]), write_penalties(folder, [penalty(9, "某公司", uscc=broken(1))]))
    with open_snapshot(home) as snapshot:
        (item,) = snapshot.reviews()
    decide(home, [(item.id, code(1))], by="张三", on=DAY)
    report = take_in(home)
    assert report.open_reviews == 0
    penalties = enterprise(home).collections["penalties"]
    assert (len(penalties.rows), penalties.disputed) == (1, False)


def test_a_refused_row_disputes_nobody_and_can_be_decided_again(home, folder):
    take_in(home, write_register(folder, [firm(1)]), write_penalties(folder, [penalty(9, "某公司", uscc=broken(1))]))
    with open_snapshot(home) as snapshot:
        (item,) = snapshot.reviews()
    decide(home, [(item.id, None)], by="张三", on=DAY)
    take_in(home)
    assert not enterprise(home).collections["penalties"].disputed
    decide(home, [(item.id, code(1))], by="李四", on=DAY)
    take_in(home)
    assert len(enterprise(home).collections["penalties"].rows) == 1


def test_an_accepted_code_is_a_firm(home, folder):
    row = firm(1, "特例有限公司")
    row[0] = broken(1)
    take_in(home, write_register(folder, [row]))
    decide(home, [], by="张三", on=DAY, accept_codes=[broken(1)])
    assert take_in(home).firms == 1


def test_importing_again_changes_nothing(home, folder):
    files = [write_register(folder, [firm(1)]), write_tax(folder, [[code(1), "", 1, 2]])]
    first, again = take_in(home, *files), take_in(home, *files)
    assert (again.snapshot_id, again.unchanged) == (first.snapshot_id, True)


def test_a_dry_run_keeps_and_publishes_nothing(home, folder):
    report = take_in(home, write_register(folder, [firm(1)]), dry_run=True)
    assert (report.firms, report.published) == (1, False)
    assert not home.exists()


def test_a_dry_run_counts_what_is_in_force_too(home, folder):
    take_in(home, write_register(folder, [firm(1)]))
    report = take_in(home, write_tax(folder, [[code(1), "", 1, 2]]), dry_run=True)
    assert [line.new for line in report.lines] == [False, True]
    assert value(home, "revenue_2025") is None


def test_unknown_columns_and_sheets_are_reported(home, folder):
    path = write_csv(
        folder / "登记_20260531.csv",
        ["统一社会信用代码", "企业名称", "登记状态", "吉祥物"],
        [[code(1), "甲", "存续", "熊"]],
    )
    book = write_book(
        folder / "科技_20260531.xlsx", {"科技人员": [["企业名称", "2025年科技人员数"]], "封面": [["说明"]]}
    )
    report = take_in(home, path, book)
    assert {note.code for note in report.notes} == {"profiles.column.unknown", "profiles.sheet.unknown"}
    assert not report.is_clean


def test_a_clean_import_is_clean(home, folder):
    assert take_in(home, write_register(folder, [firm(1)])).is_clean


def test_all_bad_files_are_named_at_once_and_the_old_snapshot_stays(home, folder):
    old = take_in(home, write_register(folder, [firm(1)]))
    bad = [
        write_csv(folder / "无名_20260531.csv", ["甲", "乙"], [["1", "2"]]),
        write_csv(folder / "没有日期.csv", ["甲", "乙"], []),
        folder / "坏_20260531.xlsx",
    ]
    bad[2].write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InputError) as caught:
        take_in(home, write_tax(folder, [[code(1), "", 1, 2]]), *bad)
    assert {finding.code.removeprefix("profiles.") for finding in caught.value.findings} == {
        "header.unknown",
        "file.no_as_of",
        "file.damaged",
    }
    assert Shelf(home).current() == old.snapshot_id
    assert len(list(Shelf(home).landed.iterdir())) == 1, "refused files are not kept"


def test_the_day_can_be_given(home, folder):
    path = write_register(folder, [firm(1)]).rename(folder / "登记.csv")
    take_in(home, path, as_of=date(2026, 1, 2))
    assert enterprise(home).values["reg_status"].source.as_of == date(2026, 1, 2)


def test_the_department_can_be_given_in_chinese_and_must_exist(home, folder):
    path = write_register(folder, [firm(1)])
    assert take_in(home, path, department="市场监督").firms == 1
    with pytest.raises(InputError, match="department"):
        take_in(home, path, department="气象局")


def test_a_folder_is_taken_whole_or_not_at_all(home, folder):
    write_register(folder, [firm(1)])
    assert take_in(home, folder).firms == 1
    (folder / "函.docx").write_bytes(b"x")
    with pytest.raises(InputError, match="no table"):
        take_in(home, folder)


def test_a_lost_original_is_told(home, folder):
    take_in(home, write_register(folder, [firm(1)]))
    for copy in Shelf(home).landed.iterdir():
        copy.unlink()
    with pytest.raises(InputError, match="landed copy"):
        take_in(home, write_tax(folder, []))


def test_nothing_to_import_is_told(home):
    with pytest.raises(InputError, match="no files"):
        take_in(home)


def test_progress_is_told_stage_by_stage(home, folder):
    seen: list[str] = []
    take_in(home, write_register(folder, [firm(1)]), progress=lambda stage, _done, _total: seen.append(stage))
    assert list(dict.fromkeys(seen)) == ["land", "read", "resolve", "publish"]


def test_a_wrong_policy_folder_is_told(home, folder):
    from subsidy_match.errors import AuthorError

    with pytest.raises(AuthorError):
        import_files([write_register(folder, [firm(1)])], home=home, policies=folder)


def test_search_finds_present_and_former_names_and_codes(home, folder):
    rows = [firm(1, "淮安云璟装备有限公司", 曾用名="淮安旧名装备有限公司"), firm(2, "淮安云璟食品有限公司"), firm(3)]
    take_in(home, write_register(folder, rows))
    with open_snapshot(home) as snapshot:
        assert [uscc for uscc, _ in snapshot.search("云璟")] == [code(1), code(2)]
        assert snapshot.search("淮安旧名装备有限公司") == [(code(1), "淮安云璟装备有限公司")]
        assert snapshot.search(code(3)[:14])
        assert snapshot.search("没有") == snapshot.search("  ") == []
        assert len(snapshot.search("淮安", limit=2)) == 2
        assert snapshot.former_names(code(1)) == ["淮安旧名装备有限公司"]


def test_an_old_snapshot_can_be_read_and_an_unknown_one_cannot(home, folder):
    old = take_in(home, write_register(folder, [firm(1)]))
    take_in(home, write_register(folder, [firm(2)], part="补"))
    with open_snapshot(home, old.snapshot_id) as snapshot:
        assert snapshot.count() == 1
    for wanted in ("nothing", "../current"):
        with pytest.raises(NotFound):
            open_snapshot(home, wanted)


def test_a_snapshot_of_another_version_is_refused(home, folder):
    import duckdb

    report = take_in(home, write_register(folder, [firm(1)]))
    with duckdb.connect(str(Shelf(home).file(report.snapshot_id))) as con:
        con.execute("UPDATE meta SET value = '0' WHERE key = 'schema_version'")
    with pytest.raises(InputError, match="version"):
        open_snapshot(home)


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_a_damaged_snapshot_is_told(home, folder, content):
    report = take_in(home, write_register(folder, [firm(1)]))
    path = Shelf(home).file(report.snapshot_id)
    path.write_bytes(path.read_bytes()[:5000] if content is None else content)
    with pytest.raises(InputError, match="cannot be opened"):
        open_snapshot(home)
