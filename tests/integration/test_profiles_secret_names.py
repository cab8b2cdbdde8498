"""Accounts and identity numbers in names: of firms, in the column of codes, of files, sheets and headers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from profile_files import PENALTIES, POLICIES, code, firm, write_book, write_csv, write_penalties, write_register
from typer.testing import CliRunner, Result

from subsidy_match.cli.profiles import app
from subsidy_match.profiles.publishing import Shelf

PERSON, ACCOUNT, OTHER = "320802199003071231", "6222021234567890123", "6222021234567890124"
DIGITS_LOST = "913208120000000009"  # a firm's code with a slip: to be looked for, not hidden
NAMED = f"某某{PERSON}_20260531.xlsx"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SUBSIDY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    monkeypatch.setenv("SUBSIDY_PERSON_KEY", "a key for tests")
    return tmp_path / "home"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def cells(home: Path) -> Iterator[tuple[str, str]]:
    """Every filled cell of every table of the snapshot in force."""
    with duckdb.connect(str(Shelf(home).file(Shelf(home).find(None))), read_only=True) as con:
        for (table,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            for row in con.execute(f"SELECT COLUMNS(*)::VARCHAR FROM {table}").fetchall():
                yield from ((table, cell) for cell in row if cell)


def shown_in(text: str) -> list[str]:
    return [number for number in (PERSON, ACCOUNT, OTHER) if number in text.replace(" ", "")]


def told(result: Result) -> str:
    return f"{result.output}{result.exception or ''}"


def test_accounts_in_the_columns_of_codes_and_names_are_masked_and_stay_two(home, tmp_path):
    rows = [
        [given, name, f"{n}号", "环境保护", "一般", "2025-01-01", "", "否"]
        for n, (given, name) in enumerate(
            [
                (ACCOUNT, "某户"),
                (f"{OTHER[:4]} {OTHER[4:]}", "某户"),
                ("", f"开户行{ACCOUNT}"),
                (PERSON, "某户"),
                (DIGITS_LOST, ""),
            ]
        )
    ]
    done = call("import", write_register(tmp_path, [firm(1)]), write_penalties(tmp_path, rows))
    printed = told(done) + told(call("review")) + told(call("review", "--json"))
    assert [(table, cell) for table, cell in cells(home) if shown_in(cell)] == []
    assert shown_in(printed) == []
    assert DIGITS_LOST in printed
    with duckdb.connect(str(Shelf(home).file(Shelf(home).find(None))), read_only=True) as con:
        (number,) = con.execute("SELECT count(DISTINCT uscc_given) FROM review WHERE name = '某户'").fetchall()
    assert number == (3,)


def book(folder: Path, *, known: bool = True, name: str = NAMED) -> Path:
    head = ["统一社会信用代码" if known else "甲", "权利人", "发明专利", PERSON, f"账号{ACCOUNT}"]
    return write_book(
        folder / name, {f"表{PERSON}": [head, [code(1), "", 5, "x", "y"]], f"其他{OTHER}": [["乙"], ["丙"]]}
    )


def test_headers_sheets_and_files_are_named_without_such_numbers(home, tmp_path):
    done = call("import", write_register(tmp_path, [firm(1)]), book(tmp_path), "--report", tmp_path / "报告.xlsx")
    assert ("某某******_20260531.xlsx" in done.output, "表******" in done.output) == (True, True)
    assert shown_in(told(done) + told(call("show", code(1), "--sources"))) == []
    assert [(table, cell) for table, cell in cells(home) if shown_in(cell)] == []
    manifests = [path.read_text("utf-8") for path in home.rglob("*.json")]
    assert manifests
    assert [shown_in(text) for text in manifests] == [[] for _ in manifests]
    again = call("import", write_penalties(tmp_path, []))
    assert again.exit_code == done.exit_code, again.exception  # the landed copy is found
    gone = call("withdraw", NAMED, "--by", "某人", "--reason", "试")
    assert gone.exit_code == 0, gone.exception
    assert shown_in(told(gone)) == []


@pytest.mark.parametrize("name", [NAMED, f"某某{PERSON}.xlsx", f"{ACCOUNT}_20990101.xlsx"])
def test_errors_name_no_such_number_either(home, tmp_path, name):
    refused = call("import", book(tmp_path, known=False, name=name))
    assert refused.exit_code != 0
    assert shown_in(told(refused)) == []
    assert "******" in told(refused)


@pytest.mark.parametrize("name", ["失信_20250101-20260531.csv", "失信_20260531143055123_2026-05-31.csv"])
def test_days_and_times_in_a_file_name_stay(home, tmp_path, name):
    done = call("import", write_register(tmp_path, [firm(1)]), write_csv(tmp_path / name, PENALTIES, []))
    assert name in done.output
