"""What a blank end date means is said by the list, and an unreadable one is never filled in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from profile_files import PENALTIES, XLS_ERROR, XlsCell, take_in, write_xls
from small_city import ROOT

from subsidy_match.errors import InputError
from subsidy_match.profiles.importing import import_files
from subsidy_match.profiles.reading import open_snapshot

USCC = "91320812MAB4DM124P"
REGISTER = (
    "统一社会信用代码,企业名称,曾用名,市场主体类型,登记状态,成立日期,注册资本,住所,所在区县,行业代码,经营范围\n"
    f"{USCC},淮安虚构测试有限公司,,有限责任公司,存续,2019-01-02,500万人民币,虚构路1号,清江浦区,C3491,虚构\n"
)


@pytest.mark.parametrize(
    ("ended", "expected"), [("", date(9999, 12, 31)), ("2025-03-01", date(2025, 3, 1)), ("二〇二五年", None)]
)
def test_a_blank_end_means_still_listed_and_an_unreadable_one_is_unknown(
    tmp_path: Path, ended: str, expected: date | None
):
    (tmp_path / "市监_企业登记信息_20260531.csv").write_text(REGISTER, encoding="utf-8")
    (tmp_path / "信用_处罚与失信名单_20260531.csv").write_text(
        "统一社会信用代码,主体名称,文书号,失信类别,等级,认定日期,移出日期,是否修复\n"
        f"{USCC},淮安虚构测试有限公司,测1号,严重失信主体,重大,2024-01-05,{ended},否\n",
        encoding="utf-8",
    )
    files = sorted(tmp_path.glob("*.csv"))
    import_files(files, home=tmp_path / "home", policies=ROOT / "policies", person_key="k" * 32)
    with open_snapshot(tmp_path / "home") as snapshot:
        (row,) = snapshot.enterprise(USCC).collections["penalties"].rows
    assert row["ended_on"] == expected


def test_an_end_that_is_a_failed_formula_of_an_old_workbook_is_unknown(tmp_path: Path):
    register = tmp_path / "市监_企业登记信息_20260531.csv"
    register.write_text(REGISTER, encoding="utf-8")
    rows: list[list[XlsCell]] = [
        [*PENALTIES],
        [USCC, "淮安虚构测试有限公司", "测1号", "严重失信主体", "重大", "2024-01-05", XLS_ERROR, "否"],
    ]
    report = take_in(tmp_path / "home", register, write_xls(tmp_path / "信用_20260531.xls", "失信", rows))
    with open_snapshot(tmp_path / "home") as snapshot:
        (row,) = snapshot.enterprise(USCC).collections["penalties"].rows
    assert row["ended_on"] is None
    assert not report.is_clean


def test_data_of_a_day_still_to_come_is_refused(tmp_path: Path):
    path = tmp_path / "市监_企业登记信息_20991231.csv"
    path.write_text(REGISTER, encoding="utf-8")
    with pytest.raises(InputError, match=r"profiles\.file\.future"):
        import_files([path], home=tmp_path / "home", policies=ROOT / "policies", today=date(2026, 6, 30))


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"profiles\.file\.missing"):
        import_files([tmp_path / "税务_20260531.csv"], home=tmp_path / "home", policies=ROOT / "policies")
