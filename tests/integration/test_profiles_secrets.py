"""Numbers of persons and of bank accounts that stand in the files are nowhere in what is made of them."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from profile_files import POLICIES, REGISTER, broken, code, firm, write_book, write_csv, write_penalties, write_tax
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from subsidy_match.cli.profiles import app
from subsidy_match.profiles.catalogue import fact_columns
from subsidy_match.profiles.decisions import load_decisions
from subsidy_match.profiles.mapping import load_mappings
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.uscc import check_uscc


def person(stem: str) -> str:
    """An invented identity number with its check character (GB 11643)."""
    return stem + "10X98765432"[sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(stem)) % 11]


# one that passes for the code of a firm by chance, and others
PASSING = next(
    number
    for n in range(10**6)
    if check_uscc(number := person(f"320812{19500101 + n // 1000 % 28}{n % 1000:03d}")).is_valid
)
PERSONS = [PASSING, *(person(f"3208121990010{day}{order}") for day in range(1, 8) for order in ("123", "456"))]
OLD_PERSON = "320812900101123"
ACCOUNTS = ["6222021234567890123", "6228480402564890018", "4367421234567890"]
MORE_ACCOUNTS = ["6222600112345678", "6217001234567890128", "6230581234567890123"]
LEDGER = (
    "统一社会信用代码",
    "单位名称",
    "拨付编号",
    "奖补事项",
    "金额(元)",
    "拨付日期",
    "开户银行",
    "银行账号",
    "户名",
)
HIRES = ("单位名称", "证件号码", "人员类别", "合同起始日期", "参保险种", "姓名")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a home, a report and a review workbook, and what the commands printed."""
    folder = tmp_path_factory.mktemp("secrets")
    environment = {"SUBSIDY_HOME": str(folder / "home"), "SUBSIDY_POLICIES": str(POLICIES), "SUBSIDY_PERSON_KEY": "k"}
    runner = CliRunner(env=environment)

    def call(*arguments: object) -> Result:
        return runner.invoke(app, [str(argument) for argument in arguments])

    report, review = folder / "报告.xlsx", folder / "核对.xlsx"
    shown = [call("import", *files(folder), "--report", report, "--json"), call("review", "--json")]
    (item, *_) = re.findall(r'"id": "([0-9a-f]{12})",\s+"kind": "identity"', shown[1].stdout)
    shown += [call("review", "--refuse", item, "--by", "张三"), call("review", "--out", review)]
    shown += [
        call("show", code(1), "--sources"),
        call("show", code(1), "--json"),
        call("quality"),
        call("search", "合成"),
    ]
    (folder / "printed.txt").write_text("\n".join(result.output for result in shown), "utf-8")
    return folder


def files(folder: Path) -> list[Path]:
    p, a, m = PERSONS, ACCOUNTS, MORE_ACCOUNTS
    register = [
        firm(1, 曾用名=f"淮安旧名{p[0]}商行", 注册资本=a[0]),
        [p[1], "清江浦区某某店", "", "个体工商户", "存续", "2016-03-01", "1万元", f"清江浦区 {p[2]}", "F5211"],
        firm(2, f"淮安某某店 {p[3]}"),
        firm(3, f"淮安甲商行账号{m[0]}", 曾用名=f"淮安乙商行{m[1]}", 所在区县=f"清江浦区 卡号{m[2]}"),
    ]
    penalties = [
        [p[4], "某个体户", "1号", "环境保护", "一般", "2025-01-01", "", "否"],
        [p[5], "某个体户", "2号", "环境保护", "一般", "2025-01-01", "", "否"],
        [code(1), "", f"文{p[6]}号", f"见{p[7]}", "一般", f"{p[8]}", "", "否"],
        [broken(1), f"某某 {OLD_PERSON}", "4号", "环境保护", "一般", "2025-01-01", "", "否"],
    ]
    paid = [
        [code(1), "", "P1", f"扶持 {p[9]}、{p[0]}", "5000", "2025-03-01", "某银行", a[1], p[10]],
        [code(1), "", "P2", "稳岗返还", a[2], "2025-03-01", "某银行", f"{a[1][:4]} {a[1][4:]}", "某人"],
        [code(2), "", "P3", f"稳岗返还 账号{a[0]} ID{p[14]}", "5000", "2025-03-01", "", "", ""],
        [
            code(2),
            "",
            "P4",
            f"{p[0][:6]}_{p[0][6:14]}_{p[0][14:]} x{p[13]}9 NO{a[2]}",
            "5000",
            "2025-03-01",
            "",
            "",
            "",
        ],
    ]
    hires = [["淮安合成001科技有限公司", p[11], "毕业年度毕业生", "2026-01-01", "五险", "某人"]]
    return [
        write_csv(folder / "登记_20260531.csv", REGISTER, register, "gb18030"),
        write_penalties(folder, penalties),
        write_csv(folder / "奖补_20260531.csv", LEDGER, paid),
        write_book(folder / "新招用_20260531.xlsx", {"新招用": [list(HIRES), *hires]}),
        write_tax(folder, [[p[12], "某店", 1, p[13]]]),
    ]


def hidden(text: str) -> list[str]:
    """The numbers that can be read in a text, blanks and hyphens aside."""
    digits = re.sub(r"[\s_-]", "", text).upper()
    return [number for number in [*PERSONS, OLD_PERSON, *ACCOUNTS, *MORE_ACCOUNTS] if number in digits]


def test_the_files_do_hold_them(made):
    texts = [path.read_bytes().decode("gb18030", "replace") for path in made.glob("*.csv")]
    assert len(hidden("".join(texts))) >= 12


def test_no_column_of_no_table_of_the_snapshot_holds_one(made):
    shelf = Shelf(made / "home")
    for path in (made / "home" / "profiles" / "snapshots").glob("*.duckdb"):
        assert hidden(path.read_bytes().decode("latin-1")) == []
    with duckdb.connect(str(shelf.file(shelf.find(None))), read_only=True) as con:
        tables = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        assert {"firm", "reject", "review", "alias", "conflict", "link", "old_id"} <= set(tables)
        for table in tables:
            rows = con.execute(f"SELECT COLUMNS(*)::VARCHAR FROM {table}").fetchall()
            assert hidden("\n".join(cell for row in rows for cell in row if cell)) == [], table


def test_no_report_workbook_manifest_decision_or_output_holds_one(made):
    for name in ("报告.xlsx", "核对.xlsx"):
        book = CalamineWorkbook.from_path(str(made / name))
        cells = [
            str(cell) for sheet in book.sheet_names for row in book.get_sheet_by_name(sheet).to_python() for cell in row
        ]
        assert cells
        assert hidden("\n".join(cells)) == []
    assert hidden((made / "printed.txt").read_text("utf-8")) == []
    kept = [path for path in (made / "home").rglob("*") if path.suffix in (".json", ".yml", ".log", ".txt")]
    assert kept
    assert {path.name: hidden(path.read_text("utf-8")) for path in kept} == {path.name: [] for path in kept}


def test_two_persons_in_the_column_of_codes_stay_two_identities(made):
    (decision,) = load_decisions(Shelf(made / "home").decisions).taken
    with duckdb.connect(str(Shelf(made / "home").file(Shelf(made / "home").find(None))), read_only=True) as con:
        given = {
            row[0] for row in con.execute("SELECT uscc_given FROM review WHERE uscc_given LIKE '******%'").fetchall()
        }
    assert len(given | {decision.uscc_given}) >= 2


def test_no_mapping_reads_a_column_of_accounts():
    mappings = load_mappings(fact_columns(POLICIES))
    headers = [header for spec in mappings.lists.values() for column in spec.columns for header in column.header]
    assert headers
    assert [header for header in headers if re.search("账号|账户|卡号|开户|户名|姓名", header)] == []
