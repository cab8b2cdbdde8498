"""Header texts: found in a sheet, also on two levels, compared without width, blanks and units, and the units they state."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from subsidy_match.profiles.cells import MONEY_UNITS
from subsidy_match.profiles.readers import Merge, Row

__all__ = [
    "HEAD_ROWS",
    "YEAR",
    "Patterns",
    "find_headers",
    "normal",
    "patterns_of",
    "stated_unit",
    "without_units",
]

_BRACKETS = re.compile(r"\(([^()]*)\)")
_PARTS = re.compile(r"[,;、/]|单位:")
YEAR = "{year}"
HEAD_ROWS = 30  # the header of a sheet is among them
_COUNT_UNITS = frozenset({"人", "件", "个", "名", "项", "台", "月", "个月"})
_FOREIGN_UNITS = frozenset({"美元", "万美元", "欧元", "万欧元", "港元", "万港元", "日元"})


def find_headers(head: Sequence[Row], merged: Sequence[Merge]) -> Iterable[tuple[int, Mapping[int, str]]]:
    """All rows that could be the header, alone or together with the row below.

    Returns:
        ``(row, headers)``: the last row of the header, counted from 0, and its texts by column, two levels as ``营业收入/本年``.
    """
    filled = _fill_merged(head, merged)
    for number, row in enumerate(filled):
        texts = {i: normal(text) for i, text in enumerate(row) if text.strip()}
        if len(texts) < 2 or len(set(texts.values())) < 2:
            continue
        yield number, texts
        if number + 1 < len(filled):
            yield number + 1, _two_levels(row, filled[number + 1])


@dataclass(frozen=True, slots=True)
class Patterns:
    """The headers that one column goes by: plain ones, and those with a year in them."""

    plain: frozenset[str]
    yearly: tuple[re.Pattern[str], ...]

    def match(self, header: str) -> tuple[bool, str | None]:
        """Whether a header is one of them, units aside, and the year that it states."""
        bare = without_units(header)
        if bare in self.plain:
            return True, None
        found = next((found for pattern in self.yearly if (found := pattern.fullmatch(bare))), None)
        return found is not None, found["year"] if found else None


@lru_cache(maxsize=4096)
def patterns_of(headers: tuple[str, ...]) -> Patterns:
    """The patterns of a mapping; ``{year}`` in one stands for a year."""
    bare = [without_units(normal(header)) for header in headers]
    yearly = (re.escape(text).replace(r"\{year\}", r"(?P<year>20\d{2})", 1) for text in bare if YEAR in text)
    return Patterns(frozenset(text for text in bare if YEAR not in text), tuple(map(re.compile, yearly)))


def normal(text: str) -> str:
    """A text as headers are compared: half-width, without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split()).strip("*:")


@lru_cache(maxsize=65_536)  # each text is compared with every column of every list
def without_units(header: str) -> str:
    """A header without the units in its brackets: ``金额(不含税,万元)`` becomes ``金额(不含税)``."""
    return _BRACKETS.sub(lambda found: _brackets_without_units(found[1]), header)


def stated_unit(header: str) -> str | None:
    """The unit that a header states in brackets."""
    return next(
        (p for inside in _BRACKETS.findall(header) for p in _PARTS.split(inside) if _is_unit(p) and p != "人民币"), None
    )


def _two_levels(above: Row, below: Row) -> dict[int, str]:
    headers, group = {}, ""
    for i in range(max(len(above), len(below))):
        upper, lower = (normal(row[i]) if i < len(row) else "" for row in (above, below))
        group = upper or (group if lower else "")
        parts = [group, lower] if lower and lower != group else [group]
        if text := "/".join(part for part in parts if part):
            headers[i] = text
    return headers


def _fill_merged(head: Sequence[Row], merged: Sequence[Merge]) -> list[list[str]]:
    rows = [list(row) for row in head]
    for (top, left), (bottom, right) in merged:
        for r in range(top, min(bottom + 1, len(rows))):
            for c in range(left, min(right + 1, len(rows[r]))):
                rows[r][c] = head[top][left] if left < len(head[top]) else ""
    return rows


def _brackets_without_units(inside: str) -> str:
    kept = [part for part in _PARTS.split(inside) if not _is_unit(part)]
    return f"({','.join(kept)})" if kept else ""


def _is_unit(part: str) -> bool:
    return part in MONEY_UNITS or part in _COUNT_UNITS or part in _FOREIGN_UNITS or part in ("%", "‰", "人民币")
