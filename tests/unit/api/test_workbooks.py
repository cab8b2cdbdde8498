"""Workbooks of claims, funds and statistics: the numbers of the JSON answers, and a sum that anybody can check."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from api_world import FIRM, FUND, ApiWorld, token_of
from python_calamine import CalamineWorkbook

from subsidy_match.claims.fund import funds
from subsidy_match.store.unit import in_unit

ROOT = Path(__file__).parents[3]
CHECK = (ROOT / "docs/workbooks.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]


def workbook(api: ApiWorld, path: str, by: str = "supervisor") -> bytes:
    answer = api.client.get(path, headers={"Authorization": f"Bearer {token_of(by)}"})
    assert answer.status_code == 200, answer.text
    return answer.content


def sheet(content: bytes, name: str) -> tuple[list[dict[str, Any]], list[Any]]:
    """The rows by their headings, and the line of totals."""
    head, *rows, total = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python()
    return [dict(zip(head, row, strict=True)) for row in rows], total


def origin(content: bytes, name: str = "说明") -> dict[str, str]:
    return dict(CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python())


def checked(folder: Path, content: bytes) -> str:
    """What the script of the handbook says of a workbook."""
    (folder / "check.py").write_text(CHECK, encoding="utf-8")
    (folder / "book.xlsx").write_bytes(content)
    command = [sys.executable, str(folder / "check.py"), str(folder / "book.xlsx")]
    return subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8").stdout


def open_fund(api: ApiWorld, name: str) -> None:
    in_unit(
        api.platform.engine,
        lambda session: funds.open_fund(
            session, "z-fund", name_zh=name, name_en=name, year=2026, allocated=1_234_567_89, at=api.clock[0], actor="a"
        ),
    )


def test_funds_have_the_balances_and_the_outlook_of_the_answers(api: ApiWorld):
    api.walk("IN_REVIEW")
    open_fund(api, "另一资金")
    rows, total = sheet(workbook(api, "/v1/funds.xlsx"), "资金")
    shown = api.get("/v1/funds", "supervisor").json()
    assert [row["资金"] for row in rows] == [fund["id"] for fund in shown]
    for row, fund in zip(rows, shown, strict=True):
        outlook = api.get(f"/v1/funds/{fund['id']}/forecast", "supervisor").json()
        names = {"下达": "allocated", "已付": "paid", "占用": "committed", "预占": "reserved", "可用": "available"}
        assert {zh: round(row[f"{zh}(元)"] * 100) for zh in names} == {zh: fund[en] for zh, en in names.items()}
        later = {"待占": "asked", "缺口": "short", "近期占用": "taken"}
        assert {zh: round(row[f"{zh}(元)"] * 100) for zh in later} == {zh: outlook[en] for zh, en in later.items()}
        assert row["预计用完日"] == (outlook["runs_out_on"] or "")
    assert total[:2] == ["合计(2)", ""]
    assert total[9] == sum(fund["allocated"] for fund in shown) / 100


def test_what_claims_will_ask_of_a_fund_is_a_sheet_of_its_own(api: ApiWorld):
    api.walk("IN_REVIEW")
    rows, _ = sheet(workbook(api, "/v1/funds.xlsx"), "在办预测")
    (part,) = api.get(f"/v1/funds/{FUND}/forecast", "supervisor").json()["pending"]
    assert [(row["资金"], row["件数"], row["候补"]) for row in rows] == [(FUND, part["claims"], part["waiting"])]
    assert [row[f"{zh}(元)"] * 100 for row in rows for zh in ("预计", "已占", "待占")] == [
        part[name] for name in ("expected", "held", "asked")
    ]


def test_statistics_have_the_figures_of_the_answer(api: ApiWorld):
    claim = api.walk("IN_RECHECK")
    api.fire(claim, "return", "rechecker", reason_code="facts_unclear")
    api.wait(30)
    (figures,) = api.get("/v1/statistics", "supervisor").json()
    (row,), total = sheet(workbook(api, "/v1/statistics.xlsx?lang=en"), "Statistics")
    assert list(row.values()) == [
        figures["policy_id"],
        figures["department"],
        *[figures[name] for name in ("accepted", "paid")],
        *["" if figures[name] is None else figures[name] for name in ("days_p50", "days_p90", "days_max")],
        *[figures[name] for name in ("overdue", "returned")],
        figures["return_rate"] / 100,
    ]
    assert (row["return rate (%)"], total[0]) == (100.0, "total(1)")
    empty = workbook(api, "/v1/statistics.xlsx?accepted_from=2026-06-02")
    assert (sheet(empty, "统计")[0], origin(empty)["筛选"]) == ([], "accepted_from=2026-06-02")


def test_the_origin_says_when_who_which_and_how_many(api: ApiWorld):
    api.walk("ACCEPTED")
    told = origin(workbook(api, f"/v1/claims.xlsx?state=ACCEPTED&uscc={FIRM}&lang=en", "clerk"), "About")
    assert told["filters"] == f"state=ACCEPTED;uscc={FIRM}"
    assert (told["as of"], told["exported by"], told["rows Claims"]) == ("2026-06-01T09:00:00+08:00", "clerk", "1")
    assert told["policy set"] == api.platform.policies().hash


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_script_of_the_handbook_finds_the_same_sum_and_tells_what_was_altered(
    api: ApiWorld, tmp_path: Path, lang: str
):
    api.walk("IN_REVIEW")
    open_fund(api, " =1+1\t@资金 ")
    for name, sheets in (("claims", 1), ("funds", 2), ("statistics", 1)):
        content = workbook(api, f"/v1/{name}.xlsx?lang={lang}")
        assert checked(tmp_path, content).count("一致 / same") == sheets
    assert "DIFFERENT" in checked(
        tmp_path, altered(workbook(api, "/v1/funds.xlsx"), b"<v>1234567.89<", b"<v>234567.89<")
    )


def test_text_is_no_formula_and_money_is_written_to_the_fen(api: ApiWorld):
    open_fund(api, '=HYPERLINK("http://example.org","x")')
    content = workbook(api, "/v1/funds.xlsx")
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        first = parts.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in first
    assert b"=HYPERLINK" in first
    assert b"<v>1234567.89</v>" in first


@pytest.mark.parametrize("name", ["funds", "statistics"])
def test_workbooks_of_the_office_are_for_officers(api: ApiWorld, name: str):
    assert api.get(f"/v1/{name}.xlsx", "applicant").status_code == 403
    assert api.get(f"/v1/{name}.xlsx").status_code == 401


def altered(content: bytes, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, part.replace(old, new, 1) if name.endswith("sheet1.xml") else part)
    return out.getvalue()
