"""Workbooks of a few KB that would take all memory or time, or that are damaged in any place: each is refused by name."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_files import write_book, write_xls

from subsidy_match.errors import InputError
from subsidy_match.profiles.readers import open_sheets
from subsidy_match.profiles.sheet_reach import regular_area
from subsidy_match.profiles.sheet_scan import scan_sheet

SHEET = "xl/worksheets/sheet1.xml"


def rows(path: Path) -> list[list[str]]:
    with open_sheets(path, path.name) as sheets:
        return [list(row) for sheet in sheets for row in sheet.rows()]


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        rows(path)
    assert path.name in str(caught.value.at)
    return caught.value


def with_sheet(path: Path, rows_xml: str, change: Callable[[str], str] = str) -> Path:
    """A workbook with such rows below a first one."""
    plain = write_book(path.with_name("plain.xlsx"), {"名 单": [["企业", "数"]]})
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            text = old.read(entry).decode()
            new.writestr(entry, change(text.replace("</sheetData>", f"{rows_xml}</sheetData>")))
    return path


@pytest.mark.parametrize("place", ["XFD1048576", "XFD3001", "A9999999", "XFD99999999999999"])
@pytest.mark.parametrize("inside", ["<v>1</v>", "<is><t> </t></is>", "<f>1</f>"])
def test_a_cell_in_the_far_corner_is_refused_by_the_name_of_its_sheet(tmp_path, place, inside):
    path = with_sheet(tmp_path / "a.xlsx", f'<row><c r="{place}" t="inlineStr">{inside}</c></row>')
    error = refusal(path)
    assert error.code == "profiles.file.too_large"
    assert "名 单" in error.zh
    assert "名 单" in error.en


def test_a_far_row_without_places_of_cells_is_refused(tmp_path):
    cells = "<c><v>1</v></c>" * 100
    assert refusal(with_sheet(tmp_path / "a.xlsx", f'<row r="999999">{cells}</row>')).code == "profiles.file.too_large"


def test_many_wide_sheets_are_as_bad_as_one(tmp_path):
    blank = [[""]] * 29_999 + [[""] * 499 + ["x"]]
    path = write_book(tmp_path / "a.xlsx", {name: [["企业"], *blank] for name in ("一", "二", "三")})
    assert refusal(path).code == "profiles.file.too_large"


def test_a_row_of_blank_cells_with_a_format_is_no_wide_sheet(tmp_path):
    path = with_sheet(tmp_path / "a.xlsx", '<row r="3001"><c r="A3001"><v>7</v></c><c r="XFD3001" s="0"/></row>')
    found = rows(path)
    assert len(found) == 3001
    assert found[3000] == ["7", ""]


def test_cells_without_an_end_are_damage(tmp_path):
    path = with_sheet(tmp_path / "a.xlsx", '<row r="3"><f>1</f>' + '<c r="A3">' * 20_000 + "</row>")
    assert refusal(path).code == "profiles.file.damaged"


def test_what_stands_in_a_comment_is_no_cell(tmp_path):
    comment = '<!--<row r="7"><c r="XFD9999999" t="e"><v>#N/A</v></c></row>-->'
    assert rows(with_sheet(tmp_path / "a.xlsx", comment)) == [["企业", "数"]]


def test_entities_are_not_unfolded(tmp_path):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    path = with_sheet(
        tmp_path / "a.xlsx", "<row><c><f>&b;</f></c></row>", lambda t: t.replace("<worksheet", f"{bomb}<worksheet")
    )
    assert refusal(path).code == "profiles.file.damaged"


@pytest.mark.parametrize("folder", ["/xl/worksheets/", "Worksheets/"])
def test_marks_are_found_however_the_workbook_names_its_sheets(tmp_path, folder):
    def change(text: str) -> str:
        return text.replace('Target="worksheets/', f'Target="{folder}')

    path = with_sheet(tmp_path / "a.xlsx", '<row r="2"><c r="A2" t = "e"><v>#N/A</v></c><c><f>B9</f></c></row>', change)
    assert rows(path)[1] == ["#N/A", "=B9"]


def patched(path: Path, marks: dict[bytes, int], change: Callable[[int], int]) -> Path:
    """A workbook with 16 bits changed in each header of that kind."""
    content = bytearray(write_book(path, {"表": [["企业"]]}).read_bytes())
    for mark, offset in marks.items():
        at = content.find(mark)
        while at >= 0:
            (value,) = struct.unpack_from("<H", content, at + offset)
            struct.pack_into("<H", content, at + offset, change(value))
            at = content.find(mark, at + 4)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("marks", "change", "code"),
    [
        ({b"PK\1\2": 0}, lambda _: 0, "damaged"),
        ({b"PK\1\2": 6}, lambda _: 99, "damaged"),
        ({b"PK\1\2": 10, b"PK\3\4": 8}, lambda _: 77, "damaged"),
        ({b"PK\1\2": 8, b"PK\3\4": 6}, lambda flags: flags | 1, "password"),
        ({b"PK\1\2": 8, b"PK\3\4": 6}, lambda flags: flags | 0x40, "damaged"),
    ],
    ids=["directory", "version", "compression", "locked", "strong-encryption"],
)
def test_a_damaged_archive_is_refused(tmp_path, marks, change, code):
    assert refusal(patched(tmp_path / "a.xlsx", marks, change)).code == f"profiles.file.{code}"


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_damage_anywhere_is_a_refusal_and_never_another_error(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    whole = (
        write_book(path, {"表": [["企业", 1.5]] * 9}) if kind == "xlsx" else write_xls(path, "表", [["企业", 1.5]] * 9)
    ).read_bytes()
    dice, read = random.Random(7), 0
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            content[dice.randrange(8, len(content))] = dice.randrange(256)
        path.write_bytes(content)
        with suppress(InputError):
            rows(path)
            read += 1
    assert 0 < read < 300, "some damage is harmless, some is told, and anything else would have been raised"


@pytest.mark.parametrize("entry", ["content.xml", "xl/workbook.bin"])
def test_workbooks_that_hide_their_errors_are_to_be_saved_as_xlsx(tmp_path, entry):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(entry, "<office/>")
    error = refusal(tmp_path / "a.xlsx")
    assert error.code == "profiles.file.kind"
    assert "xlsx" in error.zh


places = st.builds("{}{}".format, st.sampled_from(["A", "B", "Z", "AA", "XFD"]), st.integers(1, 1 << 20))
cells = st.one_of(
    places.map(lambda place: f'<c r="{place}"><v>1</v></c>'),
    places.map(lambda place: f'<c r="{place}" s="1"/>'),
    places.map(lambda place: f'<c s="1" r="{place}"><v>1</v></c>'),
    st.sampled_from(["<c><v>2</v></c>", "<x:c><x:v>2</x:v></x:c>", '<c t="e"><v>#N/A</v></c>', "<!--<c r='B2'/>-->"]),
)
lines = st.builds('<row r="{}">{}</row>'.format, st.integers(1, 9), st.lists(cells, max_size=4).map("".join))


@settings(max_examples=200, deadline=None)
@given(body=st.lists(lines, max_size=4).map("".join))
def test_the_reach_told_in_bulk_is_never_less_than_the_parsed_one(body):
    text = f"<worksheet><cols><col min='1'/></cols><sheetData>{body}</sheetData></worksheet>".encode()
    told = regular_area(io.BytesIO(text))
    assert told is None or told >= scan_sheet(io.BytesIO(text), 1 << 60).area


def test_a_sheet_as_spreadsheets_write_it_is_regular(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"表": [["企业", 1.5, "x"]] * 40})
    with zipfile.ZipFile(path) as archive, archive.open(SHEET) as sheet:
        assert regular_area(sheet) == 120
