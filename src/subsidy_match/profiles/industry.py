"""Industry codes (GB/T 4754-2017) in one form: the digits, without the letter of the section.

Spreadsheets eat the zero of 01 to 09, so ``111`` is 0111 (rice) or 111 (a group of coal mining). The letter, where a file
writes it, decides; without it the cell is refused rather than guessed.
"""

from __future__ import annotations

import re

from subsidy_match.profiles.cells import plain
from subsidy_match.profiles.problems import CellProblem
from subsidy_match.rules.codes import industry_prefixes

__all__ = ["parse_industry"]

_DIVISIONS = 97  # GB/T 4754-2017
_CODE = re.compile(r"([A-T]?)(\d{1,4})(?:\.0+)?")


def parse_industry(text: str) -> str:
    """Read ``C3963``, ``3963``, ``C39`` or ``39``; with a letter a lost leading zero is put back.

    Returns:
        Two, three or four digits: division, group or class.
    """
    found = _CODE.fullmatch(plain(text).upper())
    if found is None:
        raise CellProblem("cell.industry", "不是行业代码", "not an industry code")
    section, digits = found[1], found[2]
    readings = [digits for digits in _readings(digits) if _fits(section, digits)]
    if len(readings) == 1:
        return readings[0]
    if readings:
        zh, en = "首位 0 可能丢失,有两种读法", "a leading zero may be lost: there are two readings"
        raise CellProblem("cell.industry_zero", zh, en)
    raise CellProblem("cell.industry", "行业代码不存在", "no such industry code")


def _readings(digits: str) -> list[str]:
    # Two digits are a division: groups of three digits are not used for the main industry without their zero.
    padded = f"0{digits}"
    return {1: [padded], 2: [digits], 3: [digits, padded], 4: [digits]}[len(digits)]


def _fits(section: str, digits: str) -> bool:
    if section:
        return digits.startswith(industry_prefixes(section))
    return 1 <= int(digits[:2]) <= _DIVISIONS
