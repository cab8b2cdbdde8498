"""Lists as workbooks: money as numbers that add up, text that no spreadsheet takes for a formula, and a sheet of origins.

That sheet says of when the rows are, who asked, for what, how many there are, and the SHA-256 of each sheet as a text: the
headings and then the rows, cells parted by a tab, each line ended by a line feed, UTF-8; money and rates with two decimals,
days as ``YYYY-MM-DD``, nothing where a cell is empty; the line of totals is left out. ``docs/workbooks.md`` checks it.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from starlette.responses import StreamingResponse

from subsidy_match.errors import InputError

__all__ = ["WORKBOOK", "Book", "Column", "Origin", "Value", "send"]

WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "工作簿 / a workbook",
        "content": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {}},
    }
}
"""How a route documents such an answer."""
Value = str | int | date | None
_XLSX = next(iter(WORKBOOK[200]["content"]))
_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}  # text stays text
_CHUNK = 64 * 1024
_CHINA = timezone(timedelta(hours=8))
_MOST_ROWS = 1_000_000  # a sheet has 1,048,576
_MOST_TEXT = 32_767  # characters of a cell
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_WORDS = {
    "about": ("说明", "About"),
    "filters": ("筛选", "filters"),
    "none": ("无", "none"),
    "at": ("数据截至", "as of"),
    "by": ("导出人", "exported by"),
    "rows": ("行数", "rows"),
    "digest": ("SHA-256", "SHA-256"),
    "total": ("合计", "total"),
    "money": ("金额", "amounts"),
    "yuan": ("人民币元;合计为表内各行之和", "in yuan; a total is of the rows shown"),
    "check": ("核对", "to check"),
    "how": (
        "SHA-256 取自表头及各行(不含合计):制表符分隔,换行结尾,UTF-8,金额与比率两位小数;见 docs/workbooks.md",
        "SHA-256 of headings and rows without totals: tab between cells, line feed at the end, UTF-8, two decimals "
        "for money and rates; see docs/workbooks.md",
    ),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A heading in both languages; values of ``hundredths`` are 分, or rates per ten thousand."""

    zh: str
    en: str
    width: int
    hundredths: bool = False
    is_summed: bool = False

    def heading(self, lang: str) -> str:
        """The heading in a language."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a workbook is for, and which rows were asked for."""

    at: datetime
    by: str
    filters: Sequence[tuple[str, object]] = ()
    notes: Sequence[tuple[str, str]] = ()
    lang: str = "zh"


class Book:
    """The sheets of a workbook that is being written; rows go to disk as they come."""

    def __init__(self, book: Any, origin: Origin) -> None:
        self._book, self._origin = book, origin
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._decimals = book.add_format({"num_format": "#,##0.00"})
        self._facts: list[tuple[str, str]] = []

    def add(self, zh: str, en: str, columns: Sequence[Column], rows: Iterable[Sequence[Value]]) -> None:
        """Write a sheet: headings, rows, and below them totals where a column has one.

        Raises:
            InputError: ``workbook_full``, more rows than a sheet can hold.
        """
        lang = self._origin.lang
        name = zh if lang == "zh" else en
        sheet, digest = self._book.add_worksheet(name), hashlib.sha256()
        sheet.freeze_panes(1, 1)
        headings = [column.heading(lang) for column in columns]
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, headings[place], self._head)
        digest.update(_line(headings))
        number, totals = 0, [0] * len(columns)
        for number, row in enumerate(rows, start=1):
            _check_room(number)
            digest.update(_line(self._write(sheet, number, columns, row)))
            for place, value in enumerate(row):
                totals[place] += value if columns[place].is_summed and isinstance(value, int) else 0
        sheet.autofilter(0, 0, number, len(columns) - 1)
        self._write_totals(sheet, number, columns, totals)
        self._facts += [(f"{self._say('rows')} {name}", str(number)), (f"SHA-256 {name}", digest.hexdigest())]

    def tell_origin(self) -> None:
        """Write the sheet of origins."""
        origin, say = self._origin, self._say
        filters = ";".join(f"{name}={value}" for name, value in origin.filters if value is not None)
        at = origin.at.astimezone(_CHINA).isoformat(timespec="seconds")
        lines = [(say("filters"), filters or say("none")), (say("at"), at), (say("by"), origin.by), *origin.notes]
        lines += [*self._facts, (say("check"), say("how")), (say("money"), say("yuan"))]
        sheet = self._book.add_worksheet(say("about"))
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 80)
        for number, pair in enumerate(lines):
            for place, text in enumerate(pair):
                sheet.write_string(number, place, _clean(text))

    def _write(self, sheet: Any, number: int, columns: Sequence[Column], row: Sequence[Value]) -> list[str]:
        """Write a row, and say it as texts."""
        texts = []
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            if isinstance(value, int):
                shown = Decimal(value).scaleb(-2) if column.hundredths else Decimal(value)
                text = f"{shown:f}"
                sheet.write_number(number, place, shown, self._decimals if column.hundredths else None)
            elif text := "" if value is None else _clean(str(value)):
                sheet.write_string(number, place, text)
            texts.append(text)
        return texts

    def _write_totals(self, sheet: Any, rows: int, columns: Sequence[Column], totals: Sequence[int]) -> None:
        if not any(column.is_summed for column in columns):
            return
        how_many = f"{self._say('total')}({rows})"
        sheet.write_string(rows + 1, 0, how_many, self._head)
        for place, column in enumerate(columns):
            if column.is_summed:
                shown = Decimal(totals[place]).scaleb(-2 if column.hundredths else 0)
                sheet.write_number(rows + 1, place, shown, self._decimals if column.hundredths else None)

    def _say(self, word: str) -> str:
        zh, en = _WORDS[word]
        return zh if self._origin.lang == "zh" else en


def send(name: str, origin: Origin, write: Callable[[Book], None]) -> StreamingResponse:
    """Let a workbook be written to a file of its own, which is gone when it has been sent."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it has been sent
    try:
        with (
            tempfile.TemporaryDirectory(prefix="subsidy-workbook-") as scratch,
            xlsxwriter.Workbook(file, {**_OPTIONS, "tmpdir": scratch}) as book,
        ):
            sheets = Book(book, origin)
            write(sheets)
            sheets.tell_origin()
    except BaseException:
        file.close()
        raise
    day = origin.at.astimezone(_CHINA).date().isoformat()
    headers = {"Content-Disposition": f'attachment; filename="{name}-{day}.xlsx"'}
    return StreamingResponse(_chunks(file), media_type=_XLSX, headers=headers)


def _check_room(number: int) -> None:
    if number > _MOST_ROWS:
        zh, en = f"超过{_MOST_ROWS}行,请加筛选条件", f"more than {_MOST_ROWS} rows: ask for fewer of them"
        raise InputError("workbook_full", zh, en)


def _clean(text: str) -> str:
    """Text as a cell holds it: a tab or a line feed would part cells or lines of the text that is hashed."""
    return _UNWRITABLE.sub(" ", text)[:_MOST_TEXT].strip()


def _line(texts: Iterable[str]) -> bytes:
    return ("\t".join(texts) + "\n").encode()


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk
