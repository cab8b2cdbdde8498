"""Reading files: encodings, kinds, and a clear refusal of everything damaged."""

from __future__ import annotations

import struct
import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from profile_files import XLS_ERROR, XlsCell, compound, write_book, write_xls, write_xls_book, xls_formula

from subsidy_match.errors import InputError
from subsidy_match.profiles.readers import open_sheets


def rows(path: Path) -> list[list[str]]:
    with open_sheets(path, path.name) as sheets:
        return [list(row) for row in sheets[0].rows()]


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        rows(path)
    assert caught.value.at is not None
    assert path.name in str(caught.value.at)
    assert caught.value.zh
    return caught.value


@pytest.fixture
def csv(tmp_path):
    def make(content: bytes) -> Path:
        path = tmp_path / "名单_20260531.csv"
        path.write_bytes(content)
        return path

    return make


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_each_encoding_gives_the_same_text(csv, encoding):
    assert rows(csv("企业,数\r\n赫㬎喆,1\r\n".encode(encoding))) == [["企业", "数"], ["赫㬎喆", "1"]]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(csv, delimiter):
    assert rows(csv(f"企业{delimiter}数\n甲{delimiter}1\n".encode())) == [["企业", "数"], ["甲", "1"]]


def test_commas_and_line_breaks_inside_quotes_stay(csv):
    assert rows(csv('企业,范围\n甲,"软件,硬件\n""服务"""\n'.encode()))[1] == ["甲", '软件,硬件\n"服务"']


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        ("企业,数\n甲,1\n".encode("utf-16"), "encoding"),
        ("企业\n甲\n".encode() + b"\xff\xff\xff\n", "encoding"),
        (b"\xef\xbb\xbf\xff\xff", "encoding"),
        ("企业,数\n甲,\0\n".encode(), "nul"),
        ('企业,数\n"甲,1\n'.encode(), "csv"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "html"),
        (b'<?xml version="1.0"?><Workbook/>', "html"),
        (b"\xef\xbb\xbf<html><table></table></html>", "html"),
        (b"\r\n<META charset=gb2312><table></table>", "html"),
        (b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n", "html"),
        (b"a,b\n1," + b"x" * (5 << 20), "too_large"),
    ],
)
def test_what_is_no_readable_csv_is_refused(csv, content, code):
    assert refusal(csv(content)).code == f"profiles.file.{code}"


def test_a_refusal_names_the_line(csv):
    content = "企业,数\n甲,1\n甲,1\n甲,1\n".encode("gb18030") + b"\xff\xff,2\n"
    assert refusal(csv(content)).at.line == 5


@pytest.mark.parametrize(("first", "second"), [("gb18030", "utf-8"), ("utf-8", "gb18030")])
def test_two_encodings_in_one_file_are_refused_with_the_line_that_is_utf_8(csv, first, second):
    content = "企业名称,备注\n淮安甲公司,无\n".encode(first) + "淮安合成科技有限公司,一般纳税人\n".encode(second)
    error = refusal(csv(content))
    assert error.code == "profiles.file.encoding"
    assert error.at.line in ((3,) if first == "gb18030" else (1, 3))


def test_a_huge_cell_is_refused(csv):
    assert refusal(csv(b"a,b\n1," + b"x" * (2 << 20) + b"\n")).code == "profiles.file.csv"


def test_cells_of_a_workbook_are_text(tmp_path):
    book = write_book(
        tmp_path / "a.xlsx", {"表": [["企业", 1234567.125, 42430, True, "  x "], ["", 0.1 + 0.2, 9e17, "", ""]]}
    )
    assert rows(book) == [["企业", "1234567.125", "42430", "是", "  x "], ["", "0.3", "9e+17", "", ""]]


def test_days_of_a_workbook_are_days(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_datetime(0, 0, date(2016, 3, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
    assert rows(tmp_path / "a.xlsx") == [["2016-03-01"]]


def test_merged_ranges_and_hidden_sheets_are_told(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"一": [["标题", ""], ["a", "b"]], "二": [["x"]]}, [(0, 0, 0, 1)])
    with open_sheets(path, path.name) as sheets:
        assert [s.name for s in sheets] == ["一", "二"]
        assert sheets[0].merged == (((0, 0), (0, 1)),)
        assert not sheets[0].hidden


def test_the_old_format_is_read_whatever_its_name_says(tmp_path):
    path = write_xls(
        tmp_path / "a.xlsx", "规上企业", [["标题", "", ""], ["单位", "值", ""], ["甲", 1.5, 2.0]], [(0, 0, 0, 2)]
    )
    with open_sheets(path, path.name) as sheets:
        assert (sheets[0].name, sheets[0].merged) == ("规上企业", (((0, 0), (0, 2)),))
        assert list(sheets[0].rows())[2] == ["甲", "1.5", "2"]


@pytest.mark.parametrize("name", ["a.xls", "a.xlsx"])
def test_a_workbook_with_a_password_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(compound(b"x" * 4096, "EncryptedPackage"))
    assert refusal(tmp_path / name).code == "profiles.file.password"


@pytest.mark.parametrize("kept", [300, 3000])
def test_a_truncated_workbook_is_refused(tmp_path, kept):
    path = write_book(tmp_path / "a.xlsx", {"表": [["企业"]] * 100})
    path.write_bytes(path.read_bytes()[:kept])
    assert refusal(path).code == "profiles.file.damaged"


def test_a_workbook_with_a_damaged_sheet_is_refused(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"表": [["企业"]]})
    broken = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as good, zipfile.ZipFile(broken, "w") as bad:
        for entry in good.infolist():
            text = good.read(entry)
            bad.writestr(entry.filename, text[:200] if "sheet1" in entry.filename else text)
    assert refusal(broken).code == "profiles.file.damaged"


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    path = write_book(tmp_path / "a.xlsx", {"表": [["企业"]] * 1000})
    monkeypatch.setattr("subsidy_match.profiles.archives._LARGEST_UNPACKED", 1000)
    assert refusal(path).code == "profiles.file.too_large"


def test_formulas_show_their_results_and_those_without_one_show_themselves(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("工 业&表")
        for column, (formula, result) in enumerate(
            [("=1+1", 2), ("=A9&B9", ""), ("=#REF!", "#REF!"), ("=NA()", "#N/A"), ("=1<2", "")]
        ):
            sheet.write_formula(0, column, formula, None, result)
        sheet.write_string(1, 0, "文字")
    assert rows(tmp_path / "a.xlsx")[0] == ["2", "=A9&B9", "#REF!", "#N/A", "=1<2"]


def test_a_formula_whose_result_is_an_empty_text_is_empty(tmp_path):
    path = write_book(tmp_path / "a.xlsx", {"表": [["甲"]]})
    changed = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.infolist():
            cell = b'<c r="B1" t="str"><f>IF(1,"","")</f><v></v></c></row>'
            new.writestr(entry.filename, old.read(entry).replace(b"</row>", cell))
    assert rows(changed) == [["甲", ""]]


NO_NUMBER = b"\xff\xff"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (XLS_ERROR, "#REF!"),
        ((0x0205, b"\x01\x00"), "是"),
        (xls_formula(struct.pack("<d", 2.5)), "2.5"),
        (xls_formula(b"\x02\0\x07\0\0\0" + NO_NUMBER), "#DIV/0!"),
        (xls_formula(b"\x03\0\0\0\0\0" + NO_NUMBER), "=?"),
        (xls_formula(b"\0\0\0\0\0\0" + NO_NUMBER), "=?"),
        (xls_formula(struct.pack("<d", 0.0), flags=2), "=?"),
    ],
)
def test_a_failed_formula_of_the_old_format_is_not_a_blank(tmp_path, cell: XlsCell, shown):
    assert rows(write_xls(tmp_path / "a.xls", "表", [["甲", 1.0], ["乙", cell]]))[1] == ["乙", shown]


def test_a_text_that_a_formula_gave_in_the_old_format_is_read(tmp_path):
    path = write_xls(tmp_path / "a.xls", "表", [["甲", xls_formula(b"\0\0\0\0\0\0" + NO_NUMBER)]])
    string = struct.pack("<HHHB", 0x0207, 7, 2, 1) + "通过".encode("utf-16-le")
    mark = struct.pack("<HH", 0x0006, 22)
    content = path.read_bytes()
    at = content.index(mark) + 26
    path.write_bytes(content[:at] + string + content[at : -len(string)])
    assert rows(path) == [["甲", "通过"]]


@pytest.mark.parametrize(
    ("number_format", "shown"),
    [("0%", "5%"), ("0.0%;[Red]-0.0%", "5%"), ('0.00"%"', "0.05"), ("0.00\\%", "0.05"), ("0.00", "0.05")],
)
def test_a_number_shown_as_per_cent_says_so(tmp_path, number_format, shown):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("表")
        sheet.write(0, 0, 0.05, book.add_format({"num_format": number_format}))
        sheet.write(0, 1, 0.05)
        sheet.write(0, 2, "0.05", book.add_format({"num_format": number_format}))
    assert rows(tmp_path / "a.xlsx") == [[shown, "0.05", "0.05"]]
    old = write_xls_book(tmp_path / "a.xls", {"表": [[0.05, "0.05"]]}, number_format=number_format)
    assert rows(old) == [[shown, "0.05"]]


def test_per_cent_in_the_old_format_also_in_cells_side_by_side(tmp_path):
    twelve_and_more = (0x00BD, struct.pack("<iHiH", 12 << 2 | 2, 0, 150 << 2 | 2, 1))
    path = write_xls_book(tmp_path / "a.xls", {"表": [[twelve_and_more]]}, number_format="0%")
    assert rows(path) == [["1200%", "15000%"]]


def rewritten(path: Path, changed: Path, old: bytes, new: bytes) -> Path:
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(changed, "w") as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry).replace(old, new))
    return changed


def test_a_failed_formula_is_found_by_its_turn_where_cells_do_not_say_their_place(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("表").write_formula(0, 0, "=#REF!", None, "#REF!")
    nowhere = rewritten(tmp_path / "a.xlsx", tmp_path / "b.xlsx", b' r="A1"', b"")
    with open_sheets(nowhere, "b.xlsx") as sheets:
        assert [list(row) for row in sheets[0].rows()] == [["#REF!"]]


def test_an_open_document_is_refused(tmp_path):
    table = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{office}" xmlns:table="{table}"><office:body><office:spreadsheet>'
            '<table:table table:name="a"><table:table-row><table:table-cell office:value-type="float" office:value="1"/>'
            "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>",
        )
    error = refusal(tmp_path / "a.ods")
    assert error.code == "profiles.file.kind"
    assert "xlsx" in error.zh
    assert "xlsx" in error.en
