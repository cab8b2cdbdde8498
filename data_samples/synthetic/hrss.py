"""Files of the human resources and social security bureau: unemployment insurance by name alone, and newly hired persons."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random

from .dirt import Scribe, full_width, sheet_day, yuan_cell
from .model import City, Firm, Hire
from .sheets import Cell, Row, Table, Workbook
from .trades import size_grade

__all__ = ["write_hires", "write_insurance"]

_INSURANCE = (
    "单位编号", "单位名称", "企业划型", "2024年失业保险实缴金额(元)", "2025年失业保险实缴金额(元)", "2024年末参保人数", "2025年末参保人数",
    "2024年月均参保人数", "2025年月均参保人数", "2025年新增领金人数", "足额缴费月数", "2024年期末从业人数", "2025年期末从业人数",
)  # fmt: skip
_HIRES = ("序号", "单位名称", "统一社会信用代码", "证件号码", "人员类别", "合同起始日期", "参保险种", "参保月数")
_SHORT = {"大型": "大", "中型": "中", "小型": "小", "微型": "微"}


def write_insurance(city: City, folder: Path) -> None:
    """Write about 70% of the insured firms; there is no credit code, only the bureau's own number and a name."""
    random = city.random("insurance")
    insured = [f for f in city.firms if f.insurance and (f.guarded or f.entangled or random.random() < 0.69)]
    random.shuffle(insured)
    scribe = Scribe(city, "insurance", insured, typos=9, suffixes=9)
    rows = [scribe.sign(_insured(city, random, firm), firm, name=1) for firm in insured]
    rows += _second_accounts(city, random, insured) + _strangers(city, random)
    book = Workbook(city, folder / "人社_失业保险参保缴费情况_20260531.xlsx")
    book.add(Table("参保缴费", _INSURANCE, rows))
    book.close()


def write_hires(city: City, folder: Path) -> None:
    """Write the newly hired; the code is blank in one row of twenty."""
    random = city.random("new hires")
    hired = [(f, h) for f in city.firms for h in f.hires]
    random.shuffle(hired)
    scribe = Scribe(city, "hires", [f for f, _ in hired], bad_codes=3)
    rows = [scribe.sign(_hired(random, firm, person), firm, name=1, code=2) for firm, person in hired]
    for row, (firm, _) in zip(rows, hired, strict=True):
        _blank_code(random, row, firm)
    rows += _repeats(city, random, rows)
    for number, row in enumerate(rows, start=1):
        row.cells[0] = number
    book = Workbook(city, folder / "人社_新招用人员_20260531.xlsx")
    book.add(Table("新招用人员", _HIRES, rows, above=("新招用人员参保比对名单（合成数据，证件号码均为无效号码）",)))
    book.close()


def _insured(city: City, random: Random, firm: Firm) -> Row:
    insurance = firm.insurance
    assert insurance is not None  # noqa: S101 (the caller chose insured firms)
    number = f"3208{city.next_number('unit') + 26_000:08d}"
    new = firm.founded.year == 2025
    counts: list[Cell] = [*insurance.end, *insurance.average, insurance.drawers, insurance.months, *firm.staff]
    if new:
        counts[0] = counts[2] = counts[6] = random.choice((0, None))
    premiums = [None if new and not insurance.premium[0] else yuan_cell(random, insurance.premium[0])]
    return Row(
        [
            number,
            "",
            _size(random, firm),
            *premiums,
            yuan_cell(random, insurance.premium[1]),
            *_counts(random, firm, counts),
        ]
    )


def _counts(random: Random, firm: Firm, counts: list[Cell]) -> list[Cell]:
    if firm.guarded:
        return counts
    written: list[Cell] = []
    for count in counts:
        dice = random.random()
        if count is None or dice < 0.006:
            written.append(random.choice(("-", "—", "/", None)))
        elif dice < 0.03:
            written.append(full_width(str(count)) if dice < 0.01 else str(count))
        else:
            written.append(count)
    return written


def _size(random: Random, firm: Firm) -> str:
    revenue = firm.accounts[2025].revenue if 2025 in firm.accounts else 0
    grade = size_grade(firm.trade, firm.staff[1], revenue)
    if firm.guarded:
        return grade
    return random.choices((grade, _SHORT[grade], ""), (82, 12, 6))[0]


def _second_accounts(city: City, random: Random, insured: list[Firm]) -> list[Row]:
    """Some firms hold two insurance accounts, so that neither row alone is the firm."""
    plain = [f for f in insured if not f.guarded and f.company and f.active and not f.former]
    rows = []
    for firm in random.sample(plain, min(city.share(4), len(plain))):
        row = _insured(city, random, firm)
        row.cells[1] = firm.name
        row.cells[3:] = [12_345.6, 13_456.7, 14, 15, 14, 15, 0, 24, 16, 17]
        row.mark("two_accounts", uscc=firm.uscc, name=firm.name, unit=row.cells[0])
        rows.append(row)
    return rows


def _strangers(city: City, random: Random) -> list[Row]:
    """Units that no register of the city knows."""
    rows = []
    for serial in range(city.share(6)):
        name = f"宿迁虚构{'甲乙丙丁戊己庚辛'[serial % 8]}{random.choice(('物流', '劳务', '建材'))}有限公司"
        row = Row([f"3213{serial:08d}", name, "小型", 8_000, 8_200, 11, 11, 11, 11, 0, 36, 12, 12])
        row.mark("not_registered_here", written=name)
        rows.append(row)
    return rows


def _hired(random: Random, firm: Firm, person: Hire) -> Row:
    category, kinds = person.category, person.kinds
    row = Row([None, "", "", person.person, category, person.contract, kinds, person.months])
    if firm.guarded:
        return row
    row.cells[5] = sheet_day(random, person.contract)
    if random.random() < 0.02:
        row.cells[4] = full_width(category).replace("-", "—")
    if random.random() < 0.006:
        row.cells[6] = "五险"
        row.mark("insurance_shorthand", uscc=firm.uscc, written="五险")
    return row


def _blank_code(random: Random, row: Row, firm: Firm) -> None:
    if not firm.guarded and random.random() < 0.05:
        row.cells[2] = random.choice((None, "", "-"))
        row.marks = [m for m in row.marks if m[0] not in ("bad_uscc", "uscc_disguised")]
        row.mark("uscc_blank", written=row.cells[1], uscc=firm.uscc)


def _repeats(city: City, random: Random, rows: list[Row]) -> list[Row]:
    clean = [r for r in rows if not r.marks and isinstance(r.cells[5], date)]
    repeats = []
    for row in random.sample(clean, min(city.share(6), len(clean))):
        again = Row(list(row.cells))
        again.mark("repeated_row", person=row.cells[3], uscc=row.cells[2])
        repeats.append(again)
    return repeats
