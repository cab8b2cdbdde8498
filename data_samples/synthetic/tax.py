"""File of the tax bureau: main figures of 2024 and 2025 under a merged two-level header, in 万元."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from .dirt import Scribe, empty_cell, wan, wan_cell
from .model import Accounts, City, Firm
from .sheets import Cell, Row, Table, Workbook

__all__ = ["write_tax"]

_FIGURES = ("营业收入", "资产总计", "成本费用总额", "研发费用", "净利润")
_FIELDS = ("revenue", "assets", "cost", "rd", "profit")
_HEADERS = ("纳税人识别号", "纳税人名称", *(f"{f}{y}" for f in _FIGURES for y in ("上年", "本年")))
_FILE = "税务_2025年度主要指标_20260531.xlsx"


def write_tax(city: City, folder: Path) -> None:
    """Write the figures of about 85% of the firms that keep books."""
    random = city.random("tax")
    filed = [f for f in city.firms if 2025 in f.accounts and (f.guarded or random.random() < 0.85)]
    random.shuffle(filed)
    scribe = Scribe(city, "tax", filed, bad_codes=3)
    rows = [scribe.sign(_figures(random, firm), firm, name=1, code=0) for firm in filed]
    _science_notation(city, random, filed, rows)
    rows += _doubles(city, random, filed)
    total: list[Cell] = ["合计", None, *(_total(filed, field, year) for field in _FIELDS for year in (2024, 2025))]
    book = Workbook(city, folder / _FILE)
    book.add(
        Table(
            "主要指标",
            _HEADERS,
            rows,
            above=("2025年度企业主要指标（合成数据）", "单位:万元"),
            header=_header,
            below=(total,),
        )
    )
    book.close()


def _header(sheet: Any, bold: Any, top: int) -> int:
    for column, text in enumerate(_HEADERS[:2]):
        sheet.merge_range(top, column, top + 1, column, text, bold)
    for place, figure in enumerate(_FIGURES):
        column = 2 + 2 * place
        sheet.merge_range(top, column, top, column + 1, figure, bold)
        sheet.write_string(top + 1, column, "上年", bold)
        sheet.write_string(top + 1, column + 1, "本年", bold)
    return 2


def _figures(random: Random, firm: Firm) -> Row:
    cells: list[Cell] = ["", ""]
    for field in _FIELDS:
        for year in (2024, 2025):
            cells.append(_figure(random, firm, firm.accounts.get(year), field))
    return Row(cells)


def _figure(random: Random, firm: Firm, accounts: Accounts | None, field: str) -> Cell:
    value = getattr(accounts, field) if accounts else None
    if value is None or (not firm.guarded and random.random() < 0.006):
        return empty_cell(random)
    return wan_cell(random, value)


def _total(filed: list[Firm], field: str, year: int) -> str:
    values = (getattr(f.accounts.get(year), field, None) for f in filed)
    return f"{sum((wan(v) for v in values if v is not None), Decimal()):,.2f}"


def _science_notation(city: City, random: Random, filed: list[Firm], rows: list[Row]) -> None:
    """Let the spreadsheet take all-digit codes for numbers, which loses their last digits."""
    spots = [i for i, f in enumerate(filed) if f.uscc.isdigit() and not f.guarded and rows[i].cells[0] == f.uscc]
    for spot in random.sample(spots, min(city.share(3), len(spots))):
        rows[spot].cells[0] = float(filed[spot].uscc)
        rows[spot].mark("uscc_as_number", uscc=filed[spot].uscc, name=filed[spot].name)


def _doubles(city: City, random: Random, filed: list[Firm]) -> list[Row]:
    rows = []
    plain = [f for f in filed if not f.guarded and f.company]
    for firm in random.sample(plain, min(city.share(3), len(plain))):
        row = _figures(random, firm)
        row.cells[:2] = [firm.uscc, firm.name]
        row.cells[3] = wan_cell(random, firm.accounts[2025].revenue + 1_234_500)
        row.mark(
            "tax_conflict",
            uscc=firm.uscc,
            field="revenue",
            year=2025,
            yuan=[firm.accounts[2025].revenue, firm.accounts[2025].revenue + 1_234_500],
        )
        rows.append(row)
    for firm in random.sample([f for f in plain if f.former == []], min(city.share(3), len(plain))):
        accounts = firm.accounts[2025]
        row = Row([firm.uscc, firm.name] + [None] * 10)
        row.cells[3], row.cells[5] = float(wan(accounts.revenue)), float(wan(accounts.assets))
        row.mark("tax_partial_duplicate", uscc=firm.uscc)
        rows.append(row)
    return rows
