"""File of the tax bureau: main figures of 2024 and 2025 under a merged two-level header, in 万元."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from .dirt import Scribe, empty_cell, wan, wan_cell
from .model import City, Firm
from .sheets import Cell, Row, Table, Workbook

__all__ = ["write_tax"]

_FIGURES = ("营业收入", "资产总计", "成本费用总额", "研发费用", "净利润")
_FIELDS = ("revenue", "assets", "cost", "rd", "profit")
_HEADERS = ("纳税人识别号", "纳税人名称", *(f"{f}{y}" for f in _FIGURES for y in ("上年", "本年")))
_FILE = "税务_2025年度主要指标_20260531.xlsx"


@dataclass(slots=True)
class _Entry:
    """A firm's row and the ten figures it shows, in 元."""

    firm: Firm
    row: Row
    figures: list[int | None]


def write_tax(city: City, folder: Path) -> None:
    """Write the figures of about 85% of the firms that keep books."""
    random = city.random("tax")
    filed = [f for f in city.firms if 2025 in f.accounts and (f.guarded or random.random() < 0.85)]
    random.shuffle(filed)
    scribe = Scribe(city, "tax", filed, bad_codes=3)
    entries = [_enter(random, scribe, firm) for firm in filed]
    clean = [e for e in entries if not e.row.marks and not e.firm.guarded and not e.firm.entangled and e.firm.company]
    random.shuffle(clean)
    _science_notation(city, clean)
    rows = [e.row for e in entries] + _conflicts(city, random, clean) + _repeats(city, clean)
    _show_forms(city, clean)
    book = Workbook(city, folder / _FILE)
    above = ("2025年度企业主要指标（合成数据）", "单位:万元")
    book.add(Table("主要指标", _HEADERS, rows, above=above, header=_header, below=(_total(entries),)))
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


def _enter(random: Random, scribe: Scribe, firm: Firm) -> _Entry:
    figures = [_figure(random, firm, field, year) for field in _FIELDS for year in (2024, 2025)]
    cells = [empty_cell(random) if f is None else wan_cell(random, f) for f in figures]
    return _Entry(firm, scribe.sign(Row(["", "", *cells]), firm, name=1, code=0), figures)


def _figure(random: Random, firm: Firm, field: str, year: int) -> int | None:
    value: int | None = getattr(firm.accounts.get(year), field, None)
    return None if not firm.guarded and random.random() < 0.006 else value


def _total(entries: list[_Entry]) -> list[Cell]:
    sums = (sum(f for f in column if f is not None) for column in zip(*(e.figures for e in entries), strict=True))
    return ["合计", None, *(f"{wan(total):,.2f}" for total in sums)]


def _science_notation(city: City, clean: list[_Entry]) -> None:
    """Let the spreadsheet take all-digit codes for numbers, which loses their last digits."""
    for entry in [e for e in clean if e.firm.uscc.isdigit()][: city.share(3)]:
        clean.remove(entry)
        entry.row.cells[0] = float(entry.firm.uscc)
        entry.row.mark("uscc_as_number", uscc=entry.firm.uscc, name=entry.firm.name)


def _conflicts(city: City, random: Random, clean: list[_Entry]) -> list[Row]:
    """Report some firms a second time with another revenue."""
    rows = []
    for entry in [e for e in clean if e.figures[1]][: city.share(3)]:
        clean.remove(entry)
        firm, revenue = entry.firm, entry.figures[1] or 0
        row = Row([*entry.row.cells])
        row.cells[3] = wan_cell(random, revenue + 1_234_500)
        row.mark("tax_conflict", uscc=firm.uscc, fact="revenue_2025", yuan=[revenue, revenue + 1_234_500])
        rows.append(row)
    return rows


def _repeats(city: City, clean: list[_Entry]) -> list[Row]:
    """Report some firms a second time with only part of the figures, which agree."""
    rows = []
    for entry in clean[: city.share(3)]:
        row = Row([entry.row.cells[0], entry.firm.name, *(None,) * 10])
        row.cells[3], row.cells[5] = entry.row.cells[3], entry.row.cells[5]
        row.mark("tax_repeated_in_part", uscc=entry.firm.uscc)
        rows.append(row)
    return rows


def _show_forms(city: City, clean: list[_Entry]) -> None:
    """Record what the figures of some rows mean, losses in brackets first."""
    bracketed = [e for e in clean if any(str(c).startswith("(") for c in e.row.cells)]
    for entry in bracketed[: city.share(20)] + [e for e in clean if e not in bracketed][: city.share(20)]:
        entry.row.mark("tax_figures", uscc=entry.firm.uscc, yuan=dict(zip(_HEADERS[2:], entry.figures, strict=True)))
