# ruff: noqa: RUF001 - full-width characters are what is tested
"""Landed files: known by content, private, and dated by their name."""

from __future__ import annotations

from datetime import date

import pytest

from subsidy_match.errors import InputError
from subsidy_match.profiles.landing import Landed, as_of_name, landed_path, merge_landed, store_file

DAY = date(2026, 5, 31)


@pytest.mark.parametrize(
    "name",
    [
        "税务_2025年度主要指标_20260531.xlsx",
        "名单 2026-05-31.csv",
        "名单2026年5月31日.csv",
        "名单_2026.05.31.csv",
        "名单＿２０２６０５３１.csv",
    ],
)
def test_the_day_is_in_the_name(name):
    assert as_of_name(name) == DAY


@pytest.mark.parametrize("name", ["名单.csv", "名单_20261331.csv", "名单_2025年度.csv", "名单_120260531.csv"])
def test_a_name_without_a_day_is_refused_in_two_languages(name):
    with pytest.raises(InputError) as caught:
        as_of_name(name)
    assert "数据日期" in caught.value.zh
    assert "--as-of" in caught.value.en


def test_the_same_bytes_are_stored_once_and_privately(tmp_path):
    (tmp_path / "a.csv").write_text("甲")
    stored = [
        store_file(tmp_path / "a.csv", tmp_path / "landed", name=n, as_of=DAY, department=None)
        for n in ("a.csv", "b.csv")
    ]
    (copy,) = (tmp_path / "landed").iterdir()
    assert copy == landed_path(tmp_path / "landed", stored[0])
    assert copy.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "landed").stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_not_there_is_an_input_error(tmp_path):
    with pytest.raises(InputError):
        store_file(tmp_path / "none.csv", tmp_path / "landed", name="none.csv", as_of=DAY, department=None)
    assert list((tmp_path / "landed").iterdir()) == []


def test_files_in_force_do_not_depend_on_the_order():
    files = [Landed(DAY, "b", "1"), Landed(DAY, "a", "1"), Landed(date(2026, 4, 30), "c", "1"), Landed(DAY, "d", "2")]
    assert merge_landed(files[:2], files[2:]) == merge_landed([], reversed(files))
    assert [f.name for f in merge_landed([], files)] == ["c", "a", "d"]


def test_an_entry_survives_the_manifest():
    landed = Landed(DAY, "a.csv", "1", "tax")
    assert Landed.from_dict(landed.to_dict()) == landed
