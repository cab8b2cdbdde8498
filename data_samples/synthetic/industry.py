"""Files of the industry bureau and the commerce bureau: projects, green lists, energy checks, export insurance."""

from __future__ import annotations

from pathlib import Path
from random import Random

from .dirt import Scribe, csv_day, full_width, sheet_day, wan_cell, yuan_cell
from .model import City, Firm, Project
from .sheets import Cell, Row, Table, Workbook, write_csv

__all__ = ["write_energy", "write_exports", "write_green", "write_projects"]

_PROJECTS = (
    "县区", "企业名称", "统一社会信用代码", "备案证号", "项目名称", "项目类别", "竣工日期", "总投资(万元)", "设备发票金额(不含税,万元)",
    "软件投资(万元)",
)  # fmt: skip
_GREEN = ("序号", "县区", "企业名称", "统一社会信用代码", "名单类别", "级别", "认定日期")
_ENERGY = ("统一社会信用代码", "企业名称", "重点领域", "是否达到能效基准水平", "核查日期")
_EXPORTS = ("统一社会信用代码", "企业名称", "保单号", "市场类别", "已缴保费(元)", "缴费日期")
_UNDONE = (None, "在建", "-")


def write_projects(city: City, folder: Path) -> None:
    """Write the projects by county, the county in merged cells; money in 万元."""
    random = city.random("project list")
    entries = [(f, p) for f in city.firms for p in f.projects]
    entries.sort(key=lambda e: (e[0].district, e[1].number))
    scribe = Scribe(city, "projects", [f for f, _ in entries], bad_codes=3)
    rows = [scribe.sign(_project(random, f, p), f, name=1, code=2) for f, p in entries]
    _wrong_codes(city, random, entries, rows)
    book = Workbook(city, folder / "工信_投资项目_20260531.xlsx")
    above = ("工业企业技术改造投资项目台账（合成数据）", "填报单位：各县区工信局")
    book.add(Table("投资项目", _PROJECTS, rows, above=above, merge=0))
    book.close()


def write_green(city: City, folder: Path) -> None:
    """Write the green factories and products."""
    random = city.random("green list")
    entries = [(f, a) for f in city.firms for a in f.green]
    entries.sort(key=lambda e: (e[1].kind, e[0].district, e[1].on, e[0].uscc))
    scribe = Scribe(city, "green", [f for f, _ in entries], bad_codes=1)
    rows = []
    for number, (firm, award) in enumerate(entries, start=1):
        day = award.on if firm.guarded else sheet_day(random, award.on)
        row = Row([number, firm.district, "", "", award.kind, award.level, day])
        rows.append(scribe.sign(row, firm, name=2, code=3))
    book = Workbook(city, folder / "工信_绿色制造名单_20260531.xlsx")
    book.add(Table("绿色制造名单", _GREEN, rows, above=("绿色制造名单（合成数据）",), merge=1))
    book.close()


def write_energy(city: City, folder: Path) -> None:
    """Write which energy-intensive firms reach the baseline."""
    random = city.random("energy list")
    entries = [(f, e) for f in city.firms for e in f.energy]
    scribe = Scribe(city, "energy", [f for f, _ in entries])
    rows = []
    for firm, (field, met, day) in entries:
        row = Row(["", "", field, "是" if met else "否", csv_day(random, day)])
        rows.append(scribe.sign(row, firm, name=1, code=0))
    write_csv(city, folder / "工信_高耗能能效核查_20260531.csv", Table("energy", _ENERGY, rows), encoding="utf-8")


def write_exports(city: City, folder: Path) -> None:
    """Write the policies of export credit insurance with the premiums paid."""
    random = city.random("export list")
    entries = [(f, e) for f in city.firms for e in f.exports]
    random.shuffle(entries)
    scribe = Scribe(city, "exports", [f for f, _ in entries], bad_codes=2)
    rows = []
    for firm, policy in entries:
        day = policy.paid if firm.guarded else sheet_day(random, policy.paid)
        row = Row(["", "", policy.number, policy.market, yuan_cell(random, policy.premium), day])
        rows.append(scribe.sign(row, firm, name=1, code=0))
    book = Workbook(city, folder / "商务_出口信保_20260531.xlsx")
    book.add(Table("出口信保", _EXPORTS, rows))
    book.close()


def _project(random: Random, firm: Firm, p: Project) -> Row:
    if firm.guarded:
        day: Cell = p.completed
        number = p.number
    else:
        day = sheet_day(random, p.completed) if p.completed else random.choice(_UNDONE)
        number = full_width(p.number) if random.random() < 0.02 else p.number
    sums = [wan_cell(random, n) for n in (p.total, p.equipment, p.software)]
    row = Row([firm.district, "", "", number, p.title, p.kind, day, *sums])
    if not firm.guarded and random.random() < 0.008:
        row.cells[5] = "其他"
        row.mark("project_kind_unknown", uscc=firm.uscc, written="其他", project=p.number)
    return row


def _wrong_codes(city: City, random: Random, entries: list[tuple[Firm, Project]], rows: list[Row]) -> None:
    """Give a few rows the valid code of another firm: code and name then disagree."""
    clean = [i for i, (f, _) in enumerate(entries) if not rows[i].marks and not f.guarded]
    for spot in random.sample(clean, min(city.share(2), len(clean) // 4)):
        other = random.choice([f for f, _ in entries if f.uscc != entries[spot][0].uscc and not f.guarded])
        rows[spot].cells[2] = other.uscc
        rows[spot].mark(
            "code_and_name_disagree",
            written=[rows[spot].cells[1], other.uscc],
            by_name=entries[spot][0].uscc,
            by_code=other.uscc,
        )
