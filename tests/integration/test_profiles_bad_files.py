"""Files that must not be taken in: each is refused by name and place, with exit code 2, and the snapshot in force stays."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from profile_files import POLICIES, code, compound, firm, take_in, write_book, write_csv, write_register, write_tax

from subsidy_match.profiles import open_snapshot
from subsidy_match.profiles.publishing import Shelf

HEAD = "纳税人识别号,营业收入/本年(元)\n"


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    (tmp_path / "old").mkdir()
    take_in(home, write_register(tmp_path / "old", [firm(1)]))
    return home


def cli(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    ours = {"SUBSIDY_HOME": str(home), "SUBSIDY_POLICIES": str(POLICIES), "SUBSIDY_PERSON_KEY": "a key for tests"}
    command = [sys.executable, "-c", PEAK, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, **ours})


PEAK = """
import resource, sys
from subsidy_match.cli import main
try:
    main()
finally:
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10, file=sys.stderr)
"""


def peak(done: subprocess.CompletedProcess[str]) -> int:
    """The most memory that a command held, in MiB."""
    return int(done.stderr.rpartition("peak ")[2])


def cut_off(path: Path) -> None:
    write_book(path, {"表": [["企业名称", "登记状态"]] * 200})
    path.write_bytes(path.read_bytes()[:4000])


def locked(path: Path) -> None:
    path.write_bytes(compound(b"x" * 4096, "EncryptedPackage"))


def bomb(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(100):
            part.write(b"0" * (1 << 20))


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content.encode(encoding)) and None


def mixed(path: Path) -> None:
    path.write_bytes(HEAD.encode("gb18030") + f"{code(1)},1\n淮安合成科技有限公司,2\n".encode())


def two_headers(path: Path) -> None:
    write_csv(path, ["纳税人识别号", "营业收入/本年(元)", "营业收入/本年数(元)"], [[code(1), "1", "2"]])


BAD = {
    "truncated": ("税务2025年_20260601.xlsx", cut_off, "file.damaged", ""),
    "password": ("税务2025年_20260601.xlsx", locked, "file.password", ""),
    "zip-bomb": ("税务2025年_20260601.xlsx", bomb, "file.too_large", ""),
    "nul": ("税务2025年_20260601.csv", text(f"{HEAD}{code(1)},\0\n"), "file.nul", ":2"),
    "mixed-encodings": ("税务2025年_20260601.csv", mixed, "file.encoding", ":3"),
    "utf-16": ("税务2025年_20260601.csv", text(HEAD, "utf-16"), "file.encoding", ""),
    "html-named-xls": ("税务2025年_20260601.xls", text("<html><table></table></html>"), "file.html", ""),
    "two-headers-one-fact": ("税务2025年_20260601.csv", two_headers, "header.twice", ":C1"),
    "nobody-knows-it": ("税务2025年_20260601.csv", text("甲,乙\n1,2\n"), "header.unknown", ""),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_by_name_and_place_and_nothing_is_published(home, tmp_path, kind):
    name, make, reason, place = BAD[kind]
    make(tmp_path / name)
    good = write_tax(tmp_path, [[code(1), "", 1, 2]])
    before = Shelf(home).current(), sorted(path.name for path in home.rglob("*"))
    refused = cli(home, "profiles", "import", good, tmp_path / name)
    assert refused.returncode == 2
    assert f"{name}{place}  profiles.{reason}" in refused.stderr
    assert any("\u4e00" <= c <= "\u9fff" for c in refused.stderr.split(reason)[1]), "said in Chinese too"
    assert (Shelf(home).current(), sorted(path.name for path in home.rglob("*"))) == before
    assert take_in(home, good).published, "the next import is clean"


def one_line(path: Path) -> None:
    with path.open("wb") as file:
        file.write(f"{HEAD}{code(1)},".encode())
        for _ in range(500):
            file.write(b"1" * (1 << 20))


def endless_cell(path: Path) -> None:
    """A cell of 80 MB that does not shrink much, in a workbook that is whole."""
    line = "".join(f"{n * n % 999_983:06d}" for n in range(170_000)).encode()
    archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with archive, archive.open("xl/worksheets/sheet1.xml", "w") as part:
        part.write(b'<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>')
        for _ in range(80):
            part.write(line)
        part.write(b"</t></is></c></row></sheetData></worksheet>")


@pytest.mark.parametrize(
    ("name", "make"), [("税务2025年_20260601.csv", one_line), ("税务2025年_20260601.xlsx", endless_cell)]
)
def test_an_endless_cell_is_refused_without_being_taken_into_memory(home, tmp_path, name, make):
    make(tmp_path / name)
    refused = cli(home, "profiles", "import", tmp_path / name)
    assert refused.returncode == 2
    assert "profiles.file.too_large" in refused.stderr
    assert peak(refused) < peak(cli(home, "profiles", "import", tmp_path / "没有.csv")) + 100


def test_formulas_without_a_value_are_problems_that_name_the_cell(home, tmp_path):
    path = tmp_path / "税务2025年_20260601.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("主要指标")
        sheet.write_row(0, 0, ["纳税人识别号", "营业收入/本年(元)", "资产总计/本年(元)", "净利润/本年(元)"])
        sheet.write_string(1, 0, code(1))
        sheet.write_formula(1, 1, "=1+1", None, 2)
        sheet.write_formula(1, 2, "=B9*2", None, "")
        sheet.write_formula(1, 3, "=A1/0", None, "#DIV/0!")
    report = take_in(home, path)
    found = {(reject.at.cell, reject.code, reject.hint) for reject in report.rejects}
    assert found == {
        ("主要指标!C2", "profiles.cell.formula", "=B9*2"),
        ("主要指标!D2", "profiles.cell.formula_error", "#DIV/0!"),
    }
    with open_snapshot(home) as snapshot:
        values = snapshot.enterprise(code(1)).values
    assert values["revenue_2025"].value == 200
    assert not {"total_assets_2025", "net_profit_2025"} & set(values)
