"""Files of the finance bureau, the credit office and the disabled persons' federation."""

from __future__ import annotations

from pathlib import Path
from random import Random

from .codes import new_uscc
from .dirt import Scribe, csv_day, sheet_day, yuan_cell
from .model import City, Discredit
from .sheets import Row, Table, Workbook, write_csv

__all__ = ["write_barred", "write_credit", "write_disabled", "write_payments"]

_CREDIT = ("统一社会信用代码", "主体名称", "文书号", "失信类别", "等级", "认定日期", "移出日期", "是否修复")
_PAYMENTS = ("拨付编号", "统一社会信用代码", "单位名称", "奖补事项", "项目编号", "级别", "金额(元)", "拨付日期")
_BARRED = ("文书号", "统一社会信用代码", "单位名称", "取消资格至", "原因")
_DISABLED = ("统一社会信用代码", "单位名称", "年度", "年平均在职职工数", "年平均残疾职工数")


def write_credit(city: City, folder: Path) -> None:
    """Write penalties and discredit lists: some entries twice, some about firms of other cities."""
    random = city.random("credit list")
    entries = [(f, d) for f in city.firms for d in f.discredit]
    scribe = Scribe(city, "credit", [f for f, _ in entries], bad_codes=2)
    rows = [scribe.sign(_entry(random, d), f, name=1, code=0) for f, d in entries]
    clean = [r for r in rows if not r.marks]
    for row in random.sample(clean, min(city.share(4), len(clean))):
        again = Row(list(row.cells))
        again.mark("repeated_row", uscc=row.cells[0], document=row.cells[2])
        rows.append(again)
    for serial in range(city.share(5)):
        code = new_uscc(random, kind="91", office="321302")
        name = f"宿迁虚构{'甲乙丙丁戊己庚辛'[serial % 8]}建材有限公司"
        row = Row([code, name, city.document("宿合成信", 2025), "严重失信", "较大", "2025-03-04", "", "否"])
        row.mark("not_registered_here", written=name, uscc=code)
        rows.append(row)
    random.shuffle(rows)
    write_csv(city, folder / "信用_处罚与失信名单_20260531.csv", Table("credit", _CREDIT, rows), encoding="utf-8-sig")


def write_payments(city: City, folder: Path) -> None:
    """Write what was paid in earlier years, one refund and some repeated rows included."""
    random = city.random("payments")
    entries = [(f, p) for f in city.firms for p in f.paid]
    random.shuffle(entries)
    scribe = Scribe(city, "payments", [f for f, _ in entries], bad_codes=3)
    rows = []
    for firm, paid in entries:
        day = paid.paid if firm.guarded else sheet_day(random, paid.paid)
        row = Row([paid.number, "", "", paid.item, paid.key, paid.level, yuan_cell(random, paid.amount), day])
        rows.append(scribe.sign(row, firm, name=2, code=1))
    rows += _odd_payments(city, random, rows)
    book = Workbook(city, folder / "财政_历年奖补_20260531.xlsx")
    book.add(Table("历年奖补", _PAYMENTS, rows))
    book.close()


def write_barred(city: City, folder: Path) -> None:
    """Write the firms barred from applying."""
    rows = []
    for firm in city.firms:
        for document, until, reason in firm.barred:
            rows.append(Row([document, firm.uscc, firm.name, until.isoformat(), reason]))
    write_csv(city, folder / "财政_取消申报资格名单_20260531.csv", Table("barred", _BARRED, rows), encoding="utf-8")


def write_disabled(city: City, folder: Path) -> None:
    """Write the yearly count of disabled staff; a few averages are not whole."""
    random = city.random("disabled list")
    entries = [(f, y) for f in city.firms for y in sorted(f.disabled)]
    scribe = Scribe(city, "disabled", [f for f, _ in entries], bad_codes=3)
    rows = [scribe.sign(Row(["", "", y, *f.disabled[y]]), f, name=1, code=0) for f, y in entries]
    spare = [(r, f) for r, (f, _) in zip(rows, entries, strict=True) if not r.marks and not f.guarded and r.cells[4]]
    for row, firm in random.sample(spare, min(city.share(3), len(spare))):
        row.cells[4] = f"{row.cells[4]}.5"
        row.mark("fractional_count", uscc=firm.uscc, year=row.cells[2], written=row.cells[4])
    path = folder / "残联_按比例就业年审_20260531.csv"
    write_csv(city, path, Table("disabled", _DISABLED, rows), encoding="gb18030", newline="\r\n")


def _entry(random: Random, d: Discredit) -> Row:
    ended = csv_day(random, d.ended) if d.ended else ""
    return Row(["", "", d.number, d.kind, d.grade, csv_day(random, d.on), ended, "是" if d.repaired else "否"])


def _odd_payments(city: City, random: Random, rows: list[Row]) -> list[Row]:
    odd = []
    clean = [r for r in rows if not r.marks]
    for row in random.sample(clean, min(city.share(5), len(clean))):
        again = Row(list(row.cells))
        again.mark("repeated_row", record=row.cells[0], uscc=row.cells[1])
        odd.append(again)
    for row in random.sample(clean, min(1, len(clean))):
        number = f"HC2026-{city.next_number('payment'):06d}"
        back = Row([number, *row.cells[1:6], "(50,000.00)", "2026-02-11"])
        back.mark("refund", record=number, uscc=row.cells[1], yuan=-50_000)
        odd.append(back)
    return odd
