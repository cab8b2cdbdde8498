"""Workbooks that are zip archives: bombs, cells whose formula gave no value, and numbers shown as per cent."""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from subsidy_match.profiles.marks import SheetMarks, Unsure, is_percent

__all__ = ["archive_marks", "is_bomb"]

_CHUNK = 1 << 20
_LARGEST_UNPACKED = 512 << 20
_LARGEST_RATIO = 200  # real sheets shrink to a tenth or so
_LARGE = 64 << 20
_LONGEST_TEXT = 1 << 20  # bytes between two tags; a cell of a spreadsheet holds 32,767 characters

_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_LINK = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_STYLES = re.compile(rb"<(?:\w+:)?cellXfs[\s>].*?</(?:\w+:)?cellXfs>", re.DOTALL)
_STYLE = re.compile(rb"<(?:\w+:)?xf\s[^>]*>")
_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s[^>]*>")
_MARKED = re.compile(rb"<(?:\w+:)?f[\s>/]|\st=[\"']e[\"']")
_LONGEST_MARK = 64
_CELL = re.compile(rb"<(?:\w+:)?c(\s[^>]*[^/])?>(.*?)</(?:\w+:)?c>", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>([^<]*)<)")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]+)<")
_PLACE = re.compile(rb"([A-Z]{1,3})([1-9]\d{0,6})")


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
        Unsure: the archive is damaged or put together in an unknown way.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            book = _Parts(archive)
            percent = _percent_styles(book)
            return {name: _marks(archive, part, percent) for name, part in book.sheets()}
    except (KeyError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Unsure(str(error)) from error


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


def _percent_styles(book: _Parts) -> frozenset[bytes]:
    styles = book.styles()
    codes = {int(tag["numFmtId"]): tag["formatCode"] for tag in _tags(_FORMAT, styles)}
    cells = _STYLES.search(styles)
    numbers = [int(tag.get("numFmtId", "0")) for tag in _tags(_STYLE, cells[0])] if cells else []
    return frozenset(b"%d" % n for n, code in enumerate(numbers) if is_percent(code, codes.get(code)))


def _tags(form: re.Pattern[bytes], text: bytes) -> Iterator[dict[str, str]]:
    for tag in form.findall(text):
        yield {name.decode(): _plain(one or other) for name, one, other in _ATTRIBUTE.findall(tag)}


def _marks(archive: zipfile.ZipFile, part: str, percent: frozenset[bytes]) -> SheetMarks:
    marks = SheetMarks()
    form = re.compile(b"|".join([_MARKED.pattern, *(rb"\ss=[\"']%s[\"']" % style for style in percent)]))
    if not _is_marked(archive, part, form):  # nearly every sheet
        return marks
    for found in _CELL.finditer(archive.read(part)):
        if not form.search(found[0]):
            continue
        attributes = {name: one or other for name, one, other in _ATTRIBUTE.findall(found[1] or b"")}
        value = _VALUE.search(found[2])
        if mark := _failure(attributes.get(b"t", b"n"), found[2], value):
            marks.failed[_place(attributes)] = mark
        elif value and attributes.get(b"s") in percent and attributes.get(b"t", b"n") == b"n":
            marks.percent.add(_place(attributes))
    return marks


def _is_marked(archive: zipfile.ZipFile, part: str, form: re.Pattern[bytes]) -> bool:
    left = b""
    with archive.open(part) as sheet:
        while chunk := sheet.read(_CHUNK):
            if form.search(left + chunk):
                return True
            left = chunk[-_LONGEST_MARK:]
    return False


def _failure(kind: bytes, inside: bytes, value: re.Match[bytes] | None) -> str | None:
    """What stands for the value of a cell that has none."""
    if kind == b"e":
        return _plain(value[1]) if value else "#VALUE!"
    formula = _FORMULA.search(inside)
    if formula is None or value is not None or kind == b"str":  # an empty text is a result
        return None
    return f"={_plain(formula[1] or b'')}"


def _place(attributes: Mapping[bytes, bytes]) -> tuple[int, int]:
    found = _PLACE.fullmatch(attributes.get(b"r", b""))
    if found is None:
        raise Unsure("a cell does not say where it is")
    column = 0
    for letter in found[1]:
        column = column * 26 + letter - 64
    return int(found[2]) - 1, column - 1


def _plain(text: bytes) -> str:
    return html.unescape(text.decode("utf-8"))
