"""What a workbook is made of, looked at before and after it is read: bombs, and cells whose formula gave no value.

The reader of workbooks shows a failed formula as an empty cell; empty means "nothing to say", so it must be told apart here.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from subsidy_match.profiles.sheet_reach import regular_area
from subsidy_match.profiles.sheet_scan import Scan, scan_sheet

__all__ = ["Marks", "SheetTooLarge", "formula_marks", "is_bomb", "is_other_workbook"]

Marks: TypeAlias = Mapping[
    str, Mapping[tuple[int, int], str]
]  # sheet -> cell counted from 0 -> what stands for its value

_CHUNK = 1 << 20
_LARGEST_UNPACKED = 512 << 20
_LARGEST_RATIO = 200  # real sheets shrink to a tenth or so
_LARGE = 64 << 20
_LARGEST_AREA = 32 << 20  # cells of all sheets, laid out in full; a file of the greatest size has half of that
_LONGEST_TEXT = 1 << 20  # bytes between two tags; a cell of a spreadsheet holds 32,767 characters

_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_LINK = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


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


def formula_marks(path: Path) -> Marks:
    """The cells of each sheet whose formula failed or was never worked out, with the error or the formula itself.

    An empty map where the file is no zip archive.

    Raises:
        SheetTooLarge: a sheet reaches so far that the reader of workbooks would take all the memory for it.
    """
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        return _sheet_marks(archive)


def is_other_workbook(path: Path) -> bool:
    """Whether a zip archive is a workbook of a format that does not show its errors: ODS, or the binary XLSB."""
    with zipfile.ZipFile(path) as archive:
        names = {name.lower() for name in archive.namelist()}
    return "xl/workbook.xml" not in names and not names.isdisjoint({"content.xml", "xl/workbook.bin"})


def _sheet_marks(archive: zipfile.ZipFile) -> Marks:
    sheets = _sheets(archive)
    areas = {part: _regular_area(archive, part) for part in {part for part, _ in sheets}}
    known = sum(areas[part] or 0 for part, _ in sheets) <= _LARGEST_AREA
    left, marks = _LARGEST_AREA, {}
    for part, name in sheets:
        if areas[part] is None or not known:  # hardly any sheet
            found = _scan(archive, part, name, left)
            left, marks[name] = left - found.area, found.marks
    return marks


def _regular_area(archive: zipfile.ZipFile, part: str) -> int | None:
    with archive.open(part) as sheet:
        return regular_area(sheet)


def _scan(archive: zipfile.ZipFile, part: str, name: str, left: int) -> Scan:
    with archive.open(part) as sheet:
        found = scan_sheet(sheet, left)
    if found.area > left or not found.fits:
        raise SheetTooLarge(name)
    return found


def _sheets(archive: zipfile.ZipFile) -> list[tuple[str, str]]:
    """The entries that hold sheets, each with the name of the sheet; an entry that no workbook names bears its own."""
    entries = {name.lower(): name for name in archive.namelist()}
    named = [(entries[part.lower()], name) for name, part in _parts(archive) if part.lower() in entries]
    others = {entry for key, entry in entries.items() if key.startswith("xl/worksheets/") and key.endswith(".xml")}
    return named + [(entry, entry) for entry in sorted(others - {entry for entry, _ in named})]


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


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    if "xl/workbook.xml" not in archive.namelist():
        return
    links = {a["Id"]: a["Target"] for a in _tags(_LINK, archive.read("xl/_rels/workbook.xml.rels"))}
    for sheet in _tags(_SHEET, archive.read("xl/workbook.xml")):
        target = links.get(next((value for name, value in sheet.items() if name.endswith(":id")), ""), "")
        yield sheet.get("name", ""), posixpath.normpath(posixpath.join("xl", target)).lstrip("/")


def _tags(form: re.Pattern[bytes], text: bytes) -> Iterator[dict[str, str]]:
    for tag in form.findall(text):
        yield {name.decode(): _plain(one or other) for name, one, other in _ATTRIBUTE.findall(tag)}


def _plain(text: bytes) -> str:
    decoded = text.decode("utf-8", "replace")
    for entity, character in _ENTITIES.items():
        decoded = decoded.replace(entity, character)
    return decoded
