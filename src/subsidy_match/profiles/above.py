"""What stands above a header and in the names of sheet and file: the unit of money, the year of 本年, days for all rows.

Nothing here is guessed: two units, two years or two days that differ are told, and so are words about a unit that say none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from subsidy_match.profiles.headers import normal
from subsidy_match.profiles.readers import Row, Sheet

__all__ = ["Head", "dates_above", "unit_mention", "units_above", "years_named"]

_HAN = "[一二三四五六七八九十]{1,2}"
_MONTHS = rf"度?(?:\d{{1,2}}|{_HAN})\D?(?:\d{{1,2}}|{_HAN})?月"  # the day of a report, or a part of a year
_YEAR = re.compile(rf"(?<!\d)(20\d{{2}})年(?!{_MONTHS})")
_DATE = r"20\d{2}[-年/.]\d+[-月/.]\d+日?"

_SCALED = r"(?:[百千十]万|[百千十万亿])元"
_FOREIGN = r"(?:[百千]万|[百千万亿])?[美欧港日英澳加]元|英镑"
_UNIT = re.compile(rf"{_SCALED}|{_FOREIGN}|元")
_BODY = (
    "填报|申报|报送|上报|报告|填表|制表|编制|汇总|审核|主管|牵头|责任|负责|提供|发布|调查|统计"  # 填报单位: an office
)
_UNIT_WORD = re.compile(rf"(?<!{_BODY})单位(?!\([盖公签])")
_AMOUNT = r"(?<![\d.百千十万亿一二两三五几数])"  # 2000万元以上 is a threshold, not a unit
_SPEAKS = re.compile(
    rf"(?:计量|金额|货币|数量)单位|{_UNIT_WORD.pattern}[:(]|^单位$|{_AMOUNT}{_SCALED}|{_FOREIGN}|(?:^|[(:,;、/])元(?:$|[),;、/])"
)
_BETWEEN = re.compile(r"[:(),;、/]|人民币|金额|[及和]")
_COUNTS = frozenset({"", "人", "件", "个", "名", "项", "台", "家", "户", "月", "个月", "%", "‰"})
_LONGEST_COUNT = 4


@dataclass(frozen=True, slots=True)
class Head:
    """A sheet down to the last row of a header that it may have; ``title`` is the name of the file."""

    sheet: Sheet
    title: str
    row: int
    rows: Sequence[Row]

    @property
    def cells(self) -> Iterator[tuple[int, int, str]]:
        """Row, column and text of each cell above the header: titles and units."""
        for number, row in enumerate(self.rows[: self.row]):
            yield from ((number, column, normal(text)) for column, text in enumerate(row) if text.strip())

    @property
    def above(self) -> list[str]:
        """What stands above the header."""
        return [text for _, _, text in self.cells]

    @property
    def around(self) -> list[str]:
        """Whatever names the sheet: what stands above its header, its own name and that of its file."""
        return [*self.above, normal(self.sheet.name), normal(self.title)]


def units_above(head: Head) -> list[str]:
    """The different units of money that stand above a header, such as ``单位:家、万元`` or ``(万元)``."""
    return sorted({unit for text in head.above for unit in _units_of(text)})


def unit_mention(head: Head) -> str | None:
    """A text that speaks of a unit of money, whether or not it can be told which."""
    return next((text for text in head.around if _SPEAKS.search(text)), None)


def years_named(head: Head) -> list[str]:
    """The different years that a sheet is named after; a year with a month is a day or a part of a year, not a year."""
    return sorted({year for text in head.around for year in _YEAR.findall(text)})


def dates_above(head: Head, words: Iterable[str]) -> list[tuple[int, int, str]]:
    """Row, column and text of each date that stands above a header after one of ``words``."""
    form = re.compile(rf"(?:{'|'.join(map(re.escape, words))})[:为]?({_DATE})")
    return [(row, column, date) for row, column, text in head.cells for date in form.findall(text)]


def _units_of(text: str) -> Iterator[str]:
    parts = _BETWEEN.split(text)
    if all(part in _COUNTS or _UNIT.fullmatch(part) for part in parts):
        yield from filter(_UNIT.fullmatch, parts)
        return
    for tail in _UNIT_WORD.split(text)[1:]:
        yield from _leading_units(_BETWEEN.split(tail))


def _leading_units(parts: Iterable[str]) -> Iterator[str]:
    """Units as long as the parts are units; what follows them is another text, such as the day of the report."""
    for part in parts:
        found = _UNIT.match(part)
        if found:
            yield found[0]
        if part != found[0] if found else len(part) > _LONGEST_COUNT:
            return
