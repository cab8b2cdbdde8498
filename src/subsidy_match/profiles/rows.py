"""Which rows below a header are records: blanks, totals, notes and repeated headers are told apart and counted, not dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from subsidy_match.profiles.cells import plain
from subsidy_match.profiles.layout import Bound, Layout
from subsidy_match.profiles.readers import Row, Sheet

__all__ = ["Block", "no_record", "read_blocks"]

_BLOCK = 50_000
_TOTAL = re.compile(r"(?:本页|全部)?[合总小共累]计(?:\(.*\))?:?")
_NOTE = re.compile(
    r"(?:注|备注|附注|说明|填表说明|填报人|填表人|制表人?|审核人|复核人|负责人|联系人|联系电话|数据来源|填表日期)\d*:.*",
    re.DOTALL,
)


@dataclass(slots=True)
class Block:
    """A run of records, by column of the sheet as Arrow text; ``rows`` are their places, counted from 0.

    ``ignored`` holds the rows that are no records with the reason, ``ragged`` the positions of records with more cells than
    there are headers, ``spread`` the cells that a vertical merge repeats.
    """

    rows: list[int] = field(default_factory=list)
    columns: dict[int, pa.StringArray] = field(default_factory=dict)
    ignored: list[tuple[int, str]] = field(default_factory=list)
    ragged: set[int] = field(default_factory=set)
    spread: set[tuple[int, int]] = field(default_factory=set)
    seen: int = 0


def read_blocks(sheet: Sheet, layout: Layout) -> Iterator[Block]:
    """Read the rows below the header in blocks, so that memory does not grow with the file.

    Every row that is not blank is either a record of a block or in its ``ignored``; ``seen`` counts both independently.
    """
    merges = _body_merges(sheet, layout)
    width = max(layout.headers) + 1
    block = _Open.of(layout)
    for number, row in enumerate(sheet.rows()):
        if number < layout.first_row or not any(text.strip() for text in row):
            continue
        block.seen += 1
        if reason := no_record(row, layout):
            block.ignored.append((number, reason))
            continue
        block.take(number, row, merges, width)
        if len(block.rows) == _BLOCK:
            yield block.closed()
            block = _Open.of(layout)
    yield block.closed()


@dataclass(slots=True)
class _Open:
    """A block that rows are added to."""

    columns: dict[int, list[str]]
    rows: list[int] = field(default_factory=list)
    ignored: list[tuple[int, str]] = field(default_factory=list)
    ragged: set[int] = field(default_factory=set)
    spread: set[tuple[int, int]] = field(default_factory=set)
    seen: int = 0

    @classmethod
    def of(cls, layout: Layout) -> _Open:
        return cls({bound.index: [] for bound in layout.bound})

    def take(self, number: int, row: Row, merges: Mapping[tuple[int, int], str], width: int) -> None:
        if any(text.strip() for text in row[width:]):
            self.ragged.add(len(self.rows))
        for index, texts in self.columns.items():
            text = row[index] if index < len(row) else ""
            if (repeated := merges.get((number, index))) is not None:
                self.spread.add((len(self.rows), index))
                text = text or repeated
            texts.append(text)
        self.rows.append(number)

    def closed(self) -> Block:
        columns = {index: pa.array(texts, pa.string()) for index, texts in self.columns.items()}
        return Block(self.rows, columns, self.ignored, self.ragged, self.spread, self.seen)


def _body_merges(sheet: Sheet, layout: Layout) -> dict[tuple[int, int], str]:
    wanted = {bound.index for bound in layout.bound}
    tops = {
        top: None
        for (top, left), (bottom, _) in sheet.merged
        if top >= layout.first_row and left in wanted and bottom > top
    }
    if not tops:
        return {}
    texts = {number: row for number, row in enumerate(sheet.rows()) if number in tops}
    return {
        (number, left): texts[top][left] if left < len(texts[top]) else ""
        for (top, left), (bottom, _) in sheet.merged
        if top in tops and left in wanted
        for number in range(top, bottom + 1)
    }


def no_record(row: Row, layout: Layout) -> str | None:
    """Why a row that is not blank is no record: ``total``, ``note``, ``header`` or ``not_ours``; ``None`` where it is one."""
    first = plain(next(text for text in row if text.strip()))
    name, code = (_text(row, layout.role(role)) for role in ("name", "uscc"))
    if _TOTAL.fullmatch(first) or _TOTAL.fullmatch(name):
        return "total" if not code or code in (first, name) else None
    if _NOTE.fullmatch(first) and name in ("", first) and code in ("", first):
        return "note"
    if all(_text(row, bound) == plain(layout.headers[bound.index]).split("/")[-1] for bound in layout.bound):
        return "header"
    return "not_ours" if any(_text(row, bound) in bound.column.ignore_rows for bound in layout.values) else None


def _text(row: Row, bound: Bound | None) -> str:
    return plain(row[bound.index]) if bound is not None and bound.index < len(row) else ""
