"""Files as sheets of text: CSV in the encodings departments use, and workbooks old and new.

A reader knows nothing of headers, units or facts. It yields rows of text with the merged ranges of the sheet, and refuses a
file that it cannot read whole: half a file is not a file.
"""

from __future__ import annotations

import codecs
import csv
import errno
import mmap
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import IO, TypeAlias

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from subsidy_match.errors import InputError, Location, SubsidyError
from subsidy_match.profiles.archives import SheetTooLarge, archive_marks, is_bomb, is_other_workbook
from subsidy_match.profiles.biff import book_marks
from subsidy_match.profiles.csv_chunks import Chunk, read_chunks
from subsidy_match.profiles.marks import SheetMarks, Unsure, marked

__all__ = ["Merge", "Row", "Sheet", "open_sheets"]

Row: TypeAlias = Sequence[str]
Merge: TypeAlias = tuple[tuple[int, int], tuple[int, int]]  # first and last cell, counted from 0

_ENCODINGS = ("utf-8", "gb18030")
_CHUNK = 1 << 20
_LARGEST_BOOK = 256 << 20  # of the old kind: 65,536 rows a sheet are less
_LARGEST_CELL = 1 << 20
_LONGEST_LINE = 4 << 20
_ZIP, _OLE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WEB = re.compile(rb"<[!?/a-z]|mime-version:", re.IGNORECASE)  # also the "web archive" of a spreadsheet
_UTF8_WORD = re.compile(
    rb"(?:[\xe4-\xe9][\x80-\xbf]{2}){3}"
)  # three Chinese characters; hardly ever the bytes of GB18030
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOSSLESS = 10**15  # a spreadsheet keeps fifteen digits


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet; a CSV is a file with one sheet without a name."""

    name: str
    path: Path
    merged: tuple[Merge, ...]
    hidden: bool
    _rows: list[list[str]] | _CsvSource

    def rows(self) -> Iterator[Row]:
        """All rows from the first line of the file on, each call anew; blank cells are empty text."""
        return self._rows.rows() if isinstance(self._rows, _CsvSource) else iter(self._rows)

    def chunks(self) -> Iterator[Chunk] | None:
        """The same rows by columns, where that is quicker; ``None`` where it is not."""
        return self._rows.chunks() if isinstance(self._rows, _CsvSource) else None


@dataclass(frozen=True, slots=True)
class _CsvSource:
    path: Path
    title: str
    encoding: str
    delimiter: str

    def rows(self) -> Iterator[Row]:
        csv.field_size_limit(_LARGEST_CELL)
        with self.path.open(encoding=self.encoding, newline="") as file:
            reader = csv.reader(_short_lines(file, self.title), delimiter=self.delimiter, strict=True)
            try:
                yield from reader
            except csv.Error as error:
                raise self._broken(error, reader.line_num) from error

    def chunks(self) -> Iterator[Chunk]:
        bounds = {"largest_cell": _LARGEST_CELL, "longest_line": _LONGEST_LINE}
        return read_chunks(self.path, self.encoding, self.delimiter, self._broken, **bounds)

    def _broken(self, error: csv.Error | None, line: int) -> InputError:
        if error is None:
            return _too_long(self.title, line)
        return _refusal("csv", self.title, f"CSV 结构有误({error})", f"broken CSV: {error}", line=line)


@contextmanager
def open_sheets(path: Path, title: str) -> Iterator[list[Sheet]]:
    """Open a file and give its sheets; what it is, is told by its first bytes, not by the end of its name.

    Args:
        path: the file.
        title: the name it had when it was handed over, for messages.

    Raises:
        InputError: the file is damaged, locked by a password, of another kind, or in an encoding that is neither UTF-8 nor
            GB18030.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if not head.strip():
        raise _refusal("empty", title, "文件是空的", "the file is empty")
    if head.startswith(_ZIP) or head.startswith(_OLE):
        yield from _workbook(path, title)
        return
    if _WEB.match(head.removeprefix(codecs.BOM_UTF8).lstrip()):
        raise _refusal(
            "html", title, "这是网页或 XML,不是表格,请另存为 xlsx", "this is a web page or XML; save it as xlsx"
        )
    yield [_csv(path, title)]


def _csv(path: Path, title: str) -> Sheet:
    state = path.stat()
    encoding = _sniff(path, title, (state.st_ino, state.st_size, state.st_mtime_ns))
    with path.open(encoding=encoding, newline="") as file:
        first = next((line for line in _lines(file) if line.strip()), "")
    delimiter = max(",\t;|", key=first.count)
    return Sheet("", path, (), hidden=False, _rows=_CsvSource(path, title, encoding, delimiter))


def _lines(file: IO[str]) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        yield line


def _short_lines(file: IO[str], title: str) -> Iterator[str]:
    # A line is never taken in whole before it is known to be one: a damaged file may be a single line of any size.
    for number, line in enumerate(_lines(file), 1):
        if len(line) == _LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise _too_long(title, number)
        yield line


def _too_long(title: str, line: int) -> InputError:
    return _refusal("too_large", title, "一行过长,不予读取", "a line is far too long and is not read", line=line)


@lru_cache(maxsize=1024)  # a file is opened when it lands and when it is built in: read it whole only once to know
def _sniff(path: Path, title: str, _state: tuple[int, int, int]) -> str:
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(_UTF16):
        raise _refusal(
            "encoding", title, "编码是 UTF-16,请另存为 UTF-8 的 CSV", "the encoding is UTF-16; save it as CSV in UTF-8"
        )
    if head.startswith(codecs.BOM_UTF8):
        return _checked(path, title, "utf-8-sig")
    failures = []
    for encoding in _ENCODINGS:
        if (line := _first_undecodable_line(path, title, encoding)) is None:
            return encoding if encoding == "utf-8" else _unmixed(path, title, encoding)
        failures.append(line)
    raise _refusal(
        "encoding",
        title,
        "编码既不是 UTF-8 也不是 GB18030",
        "the encoding is neither UTF-8 nor GB18030",
        line=max(failures),
    )


def _unmixed(path: Path, title: str, encoding: str) -> str:
    """Refuse lines of UTF-8 in a file of another encoding: they would decode, to other characters."""
    line = 1
    with path.open("rb") as file:
        while chunk := file.readline(_CHUNK):
            if _UTF8_WORD.search(chunk) and _is_utf8(chunk):
                zh, en = "混用了 UTF-8 与 GB18030 两种编码", "the file mixes UTF-8 and GB18030"
                raise _refusal("encoding", title, zh, en, line=line)
            line += chunk.endswith(b"\n")
    return encoding


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _checked(path: Path, title: str, encoding: str) -> str:
    if (line := _first_undecodable_line(path, title, encoding)) is not None:
        raise _refusal("encoding", title, "文件头标明 UTF-8,内容却不是", "marked as UTF-8, but it is not", line=line)
    return encoding


def _first_undecodable_line(path: Path, title: str, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            if (zero := chunk.find(b"\0")) >= 0:
                line += chunk.count(b"\n", 0, zero)
                raise _refusal(
                    "nul", title, "文件含空字节(NUL),已损坏", "the file has NUL bytes: it is damaged", line=line
                )
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return line + error.object.count(b"\n", 0, error.start)
            if not chunk:
                return None
            line += chunk.count(b"\n")


def _workbook(path: Path, title: str) -> Iterator[list[Sheet]]:
    with _refusing_damage(title):
        sheets = _read_book(path, title)
    yield sheets


def _read_book(path: Path, title: str) -> list[Sheet]:
    _refuse_bombs(path, title)
    # marks of an archive come first: a sheet that reaches too far would take all memory; an old book may be locked
    marks = _marks(path, title) if zipfile.is_zipfile(path) else None
    with path.open("rb") as file, closing(_open_book(file, title)) as book:
        marks = _marks(path, title) if marks is None else marks
        return [_sheet(book, position, path, title, marks) for position in _worksheets(book)]


@contextmanager
def _refusing_damage(title: str) -> Iterator[None]:
    """Whatever the readers of archives, XML and workbooks fail with, the file is what is wrong."""
    try:
        yield
    except (SubsidyError, MemoryError):
        raise
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # a place before the beginning of the file is damage too
            raise
        raise _damaged(title, error) from error
    except Exception as error:
        if isinstance(error, RuntimeError) and "password" in str(error):
            raise _locked(title) from error
        raise _damaged(title, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the workbook reader's, which Python cannot import
            raise
        raise _damaged(title, error) from error


def _open_book(file: IO[bytes], title: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(file)  # by content: the end of a name is often wrong
    except CalamineError as error:
        if isinstance(error, PasswordError) or _is_encrypted(file):
            raise _locked(title) from error
        raise


def _locked(title: str) -> InputError:
    return _refusal("password", title, "工作簿有密码,请解除后再交", "the workbook has a password")


def _damaged(title: str, error: BaseException) -> InputError:
    zh, en = f"工作簿已损坏或不完整({error})", f"the workbook is damaged or cut off: {error}"
    return _refusal("damaged", title, zh, en)


def _is_encrypted(file: IO[bytes]) -> bool:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(_ENCRYPTED) >= 0


def _worksheets(book: CalamineWorkbook) -> list[int]:
    return [n for n, sheet in enumerate(book.sheets_metadata) if sheet.typ == SheetTypeEnum.WorkSheet]


def _sheet(book: CalamineWorkbook, position: int, path: Path, title: str, marks: Mapping[str, SheetMarks]) -> Sheet:
    meta = book.sheets_metadata[position]
    if meta.name not in marks:
        raise _unsure(title)
    try:
        sheet = book.get_sheet_by_index(position)
        rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except CalamineError as error:
        zh, en = f"工作表“{meta.name}”无法读取({error})", f"sheet {meta.name!r} cannot be read: {error}"
        raise _refusal("damaged", title, zh, en) from error
    marked(rows, marks[meta.name])
    merged = tuple(sheet.merged_cell_ranges or ())
    return Sheet(meta.name, path, merged, hidden=meta.visible != SheetVisibleEnum.Visible, _rows=rows)


def _marks(path: Path, title: str) -> Mapping[str, SheetMarks]:
    try:
        return archive_marks(path) if zipfile.is_zipfile(path) else book_marks(path)
    except Unsure as error:
        raise _unsure(title) from error
    except SheetTooLarge as error:
        zh = f"工作表“{error}”范围过大(很远处有内容),请删除多余的行列后再交"
        en = f"sheet {str(error)!r} reaches far too wide: delete what stands far out in it"
        raise _refusal("too_large", title, zh, en) from error


def _unsure(title: str) -> InputError:
    zh = "此格式中出错的公式无法识别(会显示为空白),请用表格软件另存为新的 xlsx"
    en = "failed formulas cannot be found in this format (they look blank): save it as a new xlsx"
    return _refusal("unsure", title, zh, en)


def _text(cell: object) -> str:
    match cell:
        case str():
            return cell
        case bool():
            return "是" if cell else "否"
        case float():
            return _digits(cell)
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def _digits(number: float) -> str:
    # Fifteen digits are what the spreadsheet shows; beyond them the digits are invented, so the exponent stays to be seen.
    shown = f"{number:.15g}"
    return shown if abs(number) >= _LOSSLESS else f"{Decimal(shown):f}"


def _refuse_bombs(path: Path, title: str) -> None:
    packed = zipfile.is_zipfile(path) or _is_archive(path)
    if is_bomb(path) if packed else path.stat().st_size > _LARGEST_BOOK:
        zh, en = (
            "工作簿解压后过大,或有超长单元格,不予读取",
            "the workbook unpacks to far too much, or has an endless cell: not read",
        )
        raise _refusal("too_large", title, zh, en)
    if packed and is_other_workbook(path):
        zh = "这是 ODS 或 XLSB 工作簿,公式错误无法辨认,请另存为 xlsx"
        raise _refusal("kind", title, zh, "this is an ODS or XLSB workbook, which hides errors; save it as xlsx")


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def _refusal(code: str, title: str, zh: str, en: str, *, line: int | None = None) -> InputError:
    return InputError(f"profiles.file.{code}", zh, en, Location(title, line=line))
