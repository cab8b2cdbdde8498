"""Industry codes (GB/T 4754-2017) in one form: the digits, without the letter of the section.

Spreadsheets eat the zero of 01 to 09, so ``111`` is 0111 (rice) or 111 (a group of coal mining). The letter decides, or the
name that a file writes beside the code, or the full table, where only one of the two readings exists; else the cell is
refused rather than guessed.
"""

from __future__ import annotations

import re

from subsidy_match.profiles.cells import plain
from subsidy_match.profiles.industries import Industries, shipped_industries
from subsidy_match.profiles.problems import CellProblem
from subsidy_match.rules.codes import industry_prefixes

__all__ = ["parse_industry", "with_name"]

_CODE = re.compile(r"([A-T]?)(\d{1,4})(?:\.0+)?(?:[-:、/]?([^\d.].*))?")
_BREAK = "\n"


def with_name(code: str, name: str) -> str:
    """A code and the name of another column of the row, as one text for :func:`parse_industry`."""
    return f"{code}{_BREAK}{name}"


def parse_industry(text: str, table: Industries | None = None) -> str:
    """Read ``C3963``, ``3963``, ``C39``, ``39`` or ``3963 智能无人飞行器制造``; a leading zero that was lost is put back.

    Args:
        text: the cell, or a cell and a name (:func:`with_name`).
        table: the table of industries; the shipped one where none is given.

    Returns:
        Two, three or four digits: division, group or class.

    Raises:
        CellProblem: no code, one that does not exist, one with two readings, or one that its name contradicts.
    """
    table = table or shipped_industries()
    cell, _, beside = text.partition(_BREAK)
    found = _CODE.fullmatch(plain(cell).upper())
    if found is None or (found[3] and not table.called(found[3])):
        raise CellProblem("cell.industry", "不是行业代码", "not an industry code")
    readings = [code for code in _readings(found[2]) if _fits(found[1], code) and table.has(code)]
    if not readings:
        raise CellProblem("cell.industry", "行业代码不存在", "no such industry code")
    named = table.called(found[3] or beside)
    return _only([code for code in readings if not named or _agrees(code, named)])


def _only(readings: list[str]) -> str:
    if len(readings) == 1:
        return readings[0]
    if readings:
        zh, en = "首位 0 可能丢失,有两种读法", "a leading zero may be lost: there are two readings"
        raise CellProblem("cell.industry_zero", zh, en)
    raise CellProblem("cell.industry_name", "行业代码与行业名称不一致", "the code is not that of the industry named")


def _agrees(code: str, named: frozenset[str]) -> bool:
    # A code may be coarser or finer than its name: 39 and 3963 are both of 计算机、通信和其他电子设备制造业.
    return any(code.startswith(industry_prefixes(other)) or other.startswith(code) for other in named)


def _readings(digits: str) -> list[str]:
    # Two digits are a division: groups of three digits are not used for the main industry without their zero.
    padded = f"0{digits}"
    return {1: [padded], 2: [digits], 3: [digits, padded], 4: [digits]}[len(digits)]


def _fits(section: str, digits: str) -> bool:
    return digits.startswith(industry_prefixes(section)) if section else True
