"""Workbooks that are zip archives: bombs, cells whose formula gave no value, and numbers shown as per cent."""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from subsidy_match.profiles.marks import SheetMarks, Unsure, is_percent
from subsidy_match.profiles.sheet_reach import regular_area
from subsidy_match.profiles.sheet_scan import Scan, scan_sheet

__all__ = ["SheetTooLarge", "archive_marks", "is_bomb", "is_other_workbook"]

_CHUNK = 1 << 20
_LARGEST_UNPACKED = 512 << 20
_LARGEST_RATIO = 200  # real sheets shrink to a tenth or so
_LARGE = 64 << 20
_LARGEST_AREA = 32 << 20  # cells of all sheets, laid out in full; a file of the greatest size has half of that
_LONGEST_TEXT = 1 << 20  # bytes between two tags; a cell of a spreadsheet holds 32,767 characters

_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_LINK = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_STYLES = re.compile(rb"<(?:\w+:)?cellXfs[\s>].*?</(?:\w+:)?cellXfs>", re.DOTALL)
_STYLE = re.compile(rb"<(?:\w+:)?xf\s[^>]*>")
_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s[^>]*>")
_LONGEST_MARK = 64


class SheetTooLarge(ValueError):
    """A sheet, named by the message, would be laid out with far too many cells."""


def is_bomb(path: Path) -> bool:
    """Whether a workbook unpacks to far more than a sheet needs, or holds a text that is far longer than a cell can be."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _LARGEST_UNPACKED:
            return True
        large = [entry for entry in entries if entry.file_size > _LARGE]
        return any(e.file_size > _LARGEST_RATIO * e.compress_size or _has_huge_text(archive, e) for e in large)


def archive_marks(path: Path) -> Mapping[str, SheetMarks]:
    """The marks of each sheet by its name.

    Raises:
        Unsure: the archive is put together in an unknown way.
        SheetTooLarge: a sheet reaches so far that the reader of workbooks would take all the memory for it.
    """
    with zipfile.ZipFile(path) as archive:
        try:
            book = _Parts(archive)
            percent, named = _percent_styles(book), list(book.sheets())
        except (KeyError, ValueError, StopIteration) as error:
            raise Unsure(str(error)) from error
        return _sheet_marks(archive, named, percent)


def is_other_workbook(path: Path) -> bool:
    """Whether a zip archive is a workbook of a format that does not show its errors: ODS, or the binary XLSB."""
    with zipfile.ZipFile(path) as archive:
        names = {name.lower() for name in archive.namelist()}
    return "xl/workbook.xml" not in names and not names.isdisjoint({"content.xml", "xl/workbook.bin"})


def _sheet_marks(
    archive: zipfile.ZipFile, named: list[tuple[str, str]], percent: frozenset[str]
) -> dict[str, SheetMarks]:
    sheets = [*named, *_unnamed(archive, {part for _, part in named})]
    areas = {part: _regular_area(archive, part) for part in {part for _, part in sheets}}
    known = sum(areas[part] or 0 for _, part in sheets) <= _LARGEST_AREA
    left, marks = _LARGEST_AREA, {}
    for name, part in sheets:
        marks[name] = SheetMarks()
        if areas[part] is None or not known or _has_percent(archive, part, percent):  # hardly any sheet
            found = _scan(archive, part, name, left, percent)
            left, marks[name] = left - found.area, found.marks
    return marks


def _unnamed(archive: zipfile.ZipFile, known: set[str]) -> list[tuple[str, str]]:
    """The entries that hold sheets which no workbook names; each bears its own name."""
    entries = {name.lower(): name for name in archive.namelist()}
    others = {entry for key, entry in entries.items() if key.startswith("xl/worksheets/") and key.endswith(".xml")}
    return [(entry, entry) for entry in sorted(others - known)]


def _regular_area(archive: zipfile.ZipFile, part: str) -> int | None:
    with archive.open(part) as sheet:
        return regular_area(sheet)


def _scan(archive: zipfile.ZipFile, part: str, name: str, left: int, percent: frozenset[str]) -> Scan:
    with archive.open(part) as sheet:
        found = scan_sheet(sheet, left, percent)
    if found.area > left or not found.fits:
        raise SheetTooLarge(name)
    return found


def _has_percent(archive: zipfile.ZipFile, part: str, percent: frozenset[str]) -> bool:
    """Whether a sheet may have a cell of one of these styles."""
    if not percent:
        return False
    form, left = re.compile(b"|".join(rb"\ss=[\"']%s[\"']" % style.encode() for style in percent)), b""
    with archive.open(part) as sheet:
        while chunk := sheet.read(_CHUNK):
            if form.search(left + chunk):
                return True
            left = chunk[-_LONGEST_MARK:]
    return False


def _has_huge_text(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    run = 0
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            first, last = chunk.find(b"<"), chunk.rfind(b"<")
            run = run + len(chunk) if first < 0 else max(run + first, 0)
            if run > _LONGEST_TEXT:
                return True
            run = len(chunk) - last if first >= 0 else run
    return False


class _Parts:
    """The parts of a workbook, found as its reader finds them: names in any case."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.lower().replace("\\", "/"): name for name in archive.namelist()}
        self._links = list(_tags(_LINK, self.read("xl/_rels/workbook.xml.rels")))

    def read(self, name: str) -> bytes:
        """The content of a part."""
        return self._archive.read(self._names[name.lower()])

    def sheets(self) -> Iterator[tuple[str, str]]:
        """The name of each sheet and of its part."""
        targets = {link["Id"]: link["Target"] for link in self._links}
        for sheet in _tags(_SHEET, self.read("xl/workbook.xml")):
            link = next(value for name, value in sheet.items() if name.endswith(":id"))
            yield sheet["name"], self._names[_whole(targets[link]).lower()]

    def styles(self) -> bytes:
        """The part of the styles; empty where there is none."""
        target = next((link["Target"] for link in self._links if link["Type"].endswith("/styles")), None)
        return self.read(_whole(target)) if target else b""


def _whole(target: str) -> str:
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _percent_styles(book: _Parts) -> frozenset[str]:
    styles = book.styles()
    codes = {int(tag["numFmtId"]): tag["formatCode"] for tag in _tags(_FORMAT, styles)}
    cells = _STYLES.search(styles)
    numbers = [int(tag.get("numFmtId", "0")) for tag in _tags(_STYLE, cells[0])] if cells else []
    return frozenset(str(n) for n, code in enumerate(numbers) if is_percent(code, codes.get(code)))


def _tags(form: re.Pattern[bytes], text: bytes) -> Iterator[dict[str, str]]:
    for tag in form.findall(text):
        yield {name.decode(): _plain(one or other) for name, one, other in _ATTRIBUTE.findall(tag)}


def _plain(text: bytes) -> str:
    return html.unescape(text.decode("utf-8"))
