"""What a workbook is made of, looked at before and after it is read: bombs, and cells whose formula gave no value.

The reader of workbooks shows a failed formula as an empty cell; empty means "nothing to say", so it must be told apart here.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

__all__ = ["Marks", "formula_marks", "is_bomb"]

Marks: TypeAlias = Mapping[
    str, Mapping[tuple[int, int], str]
]  # sheet -> cell counted from 0 -> what stands for its value

_CHUNK = 1 << 20
_LARGEST_UNPACKED = 512 << 20
_LARGEST_RATIO = 200  # real sheets shrink to a tenth or so
_LARGE = 64 << 20
_LONGEST_TEXT = 1 << 20  # bytes between two tags; a cell of a spreadsheet holds 32,767 characters

_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_LINK = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_MARKED = re.compile(rb"<(?:\w+:)?f[\s>/]|\st=[\"']e[\"']")
_LONGEST_MARK = 64
_CELL = re.compile(rb"<(?:\w+:)?c(\s[^>]*[^/])?>(.*?)</(?:\w+:)?c>", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>([^<]*)<)")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]+)<")
_PLACE = re.compile(rb"([A-Z]{1,3})([1-9]\d{0,6})")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


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

    An empty map where the file is no zip archive or is put together in an unknown way.
    """
    if not zipfile.is_zipfile(path):
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: marks for name, part in _parts(archive) if (marks := dict(_marks(archive, part)))}
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError):
        return {}


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


def _marks(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[tuple[int, int], str]]:
    if part not in archive.namelist() or not _is_marked(archive, part):  # nearly every sheet
        return
    for found in _CELL.finditer(archive.read(part)):
        place, mark = _place(found[1] or b""), _mark(found[1] or b"", found[2])
        if place and mark:
            yield place, mark


def _is_marked(archive: zipfile.ZipFile, part: str) -> bool:
    left = b""
    with archive.open(part) as sheet:
        while chunk := sheet.read(_CHUNK):
            if _MARKED.search(left + chunk):
                return True
            left = chunk[-_LONGEST_MARK:]
    return False


def _mark(attributes: bytes, inside: bytes) -> str | None:
    kind = next((one or other for name, one, other in _ATTRIBUTE.findall(attributes) if name == b"t"), b"")
    value = _VALUE.search(inside)
    if kind == b"e":
        return _plain(value[1]) if value else "#VALUE!"
    formula = _FORMULA.search(inside)
    if formula is None or value is not None or kind == b"str":  # an empty text is a result
        return None
    return f"={_plain(formula[1] or b'')}"


def _place(attributes: bytes) -> tuple[int, int] | None:
    named = next((one or other for name, one, other in _ATTRIBUTE.findall(attributes) if name == b"r"), b"")
    found = _PLACE.fullmatch(named)
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + letter - 64
    return int(found[2]) - 1, column - 1


def _plain(text: bytes) -> str:
    decoded = text.decode("utf-8", "replace")
    for entity, character in _ENTITIES.items():
        decoded = decoded.replace(entity, character)
    return decoded
