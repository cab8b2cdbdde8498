"""The sample department files as a whole: every row balances, and every planted piece of dirt ends where it should."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subsidy_match.errors import Finding
from subsidy_match.profiles import ImportReport, ReviewItem, Snapshot, import_files, open_snapshot
from subsidy_match.profiles.names import display_name
from subsidy_match.profiles.persons import person_code
from subsidy_match.profiles.uscc import normalise_uscc

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data_samples"
KEY = "a key for tests"
TRUTH: dict[str, Any] = json.loads((SAMPLES / "truth.json").read_text("utf-8"))
NOISE = TRUTH["noise"]
LIST_OF = {
    "信用_处罚与失信名单": "penalties",
    "财政_历年奖补": "subsidy_history",
    "财政_取消申报资格名单": "barrings",
    "工信_投资项目": "projects",
    "工信_绿色制造名单": "honors",
    "工信_高耗能能效核查": "energy_checks",
    "人社_新招用人员": "hires",
    "商务_出口信保": "export_insurance",
    "市监_主导标准": "standards_led",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def report(home: Path) -> ImportReport:
    made = import_files([SAMPLES / "files"], home=home, policies=ROOT / "policies", person_key=KEY)
    return made


@pytest.fixture(scope="module")
def snapshot(home: Path, report: ImportReport) -> Iterator[Snapshot]:
    with open_snapshot(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def rejected(report: ImportReport) -> dict[tuple[str, str], list[Finding]]:
    """Rejects by file and ``sheet!row``."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.rejects:
        assert finding.at is not None
        assert finding.at.cell is not None
        sheet, _, cell = finding.at.cell.rpartition("!")
        found.setdefault((finding.at.path, f"{sheet}!{cell.lstrip('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}"), []).append(finding)
    return found


@pytest.fixture(scope="module")
def reviews(snapshot: Snapshot) -> list[ReviewItem]:
    return snapshot.reviews()


def at(planted: dict[str, Any]) -> tuple[str, str]:
    return planted["file"], f"{planted.get('sheet', '')}!{planted['row']}"


def codes(rejected: dict[tuple[str, str], list[Finding]], planted: dict[str, Any]) -> set[str]:
    return {finding.code for finding in rejected.get(at(planted), [])}


def has_code_column(planted: dict[str, Any]) -> bool:
    return not planted["file"].startswith(("科技_", "人社_失业"))


def collection_of(planted: dict[str, Any]) -> str | None:
    return LIST_OF.get(planted["file"].removesuffix(".csv").removesuffix(".xlsx").removesuffix("_20260531"))


# Firms whose entry in the register has a broken code, and rows that carry a broken code besides other dirt.
UNREGISTERED = {p["uscc"] for p in NOISE["bad_uscc"] if p["file"].startswith("市监_企业登记")}
TWICE = {p["uscc"] for p in [*NOISE["duplicate_registration"], *NOISE["one_code_two_names"]]}
BROKEN_ROWS = {at(p) for case in ("bad_uscc", "uscc_as_number", "code_and_name_disagree") for p in NOISE[case]}
SHARED = {p["name"] for case in ("former_name_taken", "same_name") for p in NOISE[case]}


def test_all_files_are_read_and_every_row_balances(report):
    assert len({line.file for line in report.lines}) == 15
    assert all(line.balances for line in report.lines)


def test_no_record_is_lost_or_made_up(report):
    for line in report.lines:
        name = f"{line.file}#{line.sheet}" if line.sheet else line.file
        notes = line.file.endswith(".xlsx") + (line.list_id == "tax-accounts")
        assert line.rows_in == TRUTH["rows"][name] + notes, name


def test_the_register_makes_the_firms(snapshot, report):
    assert report.firms == snapshot.count() == TRUTH["registered"] - len(UNREGISTERED)


def test_documents_say_what_is_true(snapshot):
    regions = {district.zh: district.code for district in snapshot.districts()}
    for uscc, truth in TRUTH["expected"].items():
        firm = snapshot.enterprise(uscc)
        values = {name: known.value for name, known in firm.values.items()}
        assert firm.name == truth["name"]
        assert values["district_code"] == regions[truth["district"]]
        assert str(values["founded_on"]) == truth["founded_on"]
        for name, yuan in truth.items():
            if name.endswith("_2025"):
                assert values[name] == yuan * (1 if "staff" in name else 100), (uscc, name)


def test_collections_say_what_is_true(snapshot):
    for uscc, truth in TRUTH["expected"].items():
        lists = snapshot.enterprise(uscc).collections
        projects = sorted(
            (r["filing_no"], str(r["completed_on"]), r["equipment_invoiced"]) for r in lists["projects"].rows
        )
        assert projects == sorted((number, day, yuan * 100) for number, _, day, yuan in truth["projects"])
        hires = sorted((r["person"], str(r["contract_from"]), r["months_insured"]) for r in lists["hires"].rows)
        assert hires == sorted((person_code(p, KEY.encode()), day, months) for p, _, day, months in truth["hires"])
        high_tech = [r for r in lists["honors"].rows if r["kind"] == "high_tech_enterprise"]
        assert sorted(str(r["valid_to"]) for r in high_tech) == sorted(until for *_, until in truth["high_tech"])


def test_intellectual_property_and_insurance_say_what_is_true(snapshot):
    kinds = ("invention", "utility", "design", "software", "plant_variety", "ic_layout")
    for uscc, truth in TRUTH["expected"].items():
        values = {name: known.value for name, known in snapshot.enterprise(uscc).values.items()}
        assert [values.get(f"ip_{kind}") for kind in kinds] == truth["ip"]
        paid = [values.get(f"unemployment_premium_paid_{year}") for year in (2024, 2025)]
        assert paid == [yuan * 100 for yuan in truth["insurance"]["premium"]]
        for year, pair in truth["disabled"].items():
            assert [values.get(f"staff_avg_{year}"), values.get(f"staff_disabled_avg_{year}")] == pair


def test_tax_figures_are_exact_to_the_fen(snapshot):
    names = {
        "营业收入": "revenue",
        "资产总计": "total_assets",
        "成本费用总额": "cost_expense",
        "研发费用": "rd_expense",
        "净利润": "net_profit",
    }
    for planted in NOISE["tax_figures"]:
        values = {name: known.value for name, known in snapshot.enterprise(planted["uscc"]).values.items()}
        for header, yuan in planted["yuan"].items():
            fact = f"{names[header[:-2]]}_{2025 if header.endswith('本年') else 2024}"
            assert values.get(fact) == (None if yuan is None else yuan * 100), (planted, fact)


def test_broken_codes_are_quarantined_with_their_place(rejected):
    for planted in [*NOISE["bad_uscc"], *NOISE["uscc_as_number"]]:
        assert any(code.startswith("profiles.uscc.") for code in codes(rejected, planted)), planted


def test_the_firm_behind_a_broken_code_is_a_candidate_and_disputed(snapshot, reviews):
    by_code = {item.uscc_given: {uscc for uscc, _, _ in item.candidates} for item in reviews}
    for planted in NOISE["bad_uscc"]:
        if planted["uscc"] in UNREGISTERED:
            continue
        assert planted["uscc"] in by_code[normalise_uscc(planted["written"])], planted
        if collection := collection_of(planted):
            assert snapshot.enterprise(planted["uscc"]).collections[collection].disputed


def test_typos_and_suffixes_wait_for_a_person_unless_the_code_is_there(rejected, reviews):
    candidates: dict[str, set[str]] = {}
    for item in reviews:
        candidates.setdefault(item.name or "", set()).update(uscc for uscc, _, _ in item.candidates)
    for planted in [*NOISE["name_typo"], *NOISE["suffix_variant"]]:
        if at(planted) in BROKEN_ROWS or planted["uscc"] in UNREGISTERED:
            continue
        if not has_code_column(planted):
            assert codes(rejected, planted) == {"profiles.identity.unknown_name"}, planted
        if codes(rejected, planted) & {"profiles.identity.unknown_name"}:
            assert planted["uscc"] in candidates[display_name(planted["written"])], planted


def test_old_names_and_cosmetic_differences_find_their_firm(rejected):
    for planted in [*NOISE["old_name"], *NOISE["name_cosmetics"], *NOISE["uscc_disguised"]]:
        if planted["uscc"] in UNREGISTERED or planted["written"].strip() in SHARED or at(planted) in BROKEN_ROWS:
            continue
        assert not [code for code in codes(rejected, planted) if ".identity." in code or ".uscc." in code], planted


def test_names_of_two_firms_are_never_decided_by_machine(snapshot, rejected, reviews):
    shared = {
        item.name: {uscc for uscc, _, _ in item.candidates} for item in reviews if item.code == "identity.shared_name"
    }
    for planted in NOISE["former_name_taken"]:
        if planted["name"] in shared:
            assert shared[planted["name"]] == {planted["now_borne_by"], planted["formerly_borne_by"]}
    for planted in NOISE["same_name"]:
        if planted["name"] in shared:
            assert shared[planted["name"]] == {planted["active_uscc"], planted["cancelled_uscc"]}
    assert shared


def test_code_and_name_of_different_firms_belong_to_neither(snapshot, rejected):
    for planted in NOISE["code_and_name_disagree"]:
        assert "profiles.identity.disagree" in codes(rejected, planted)
        for uscc in (planted["by_name"], planted["by_code"]):
            assert snapshot.enterprise(uscc).collections["projects"].disputed


def test_what_cannot_be_read_is_unknown_and_reported(snapshot, rejected):
    for case, fact in {
        "capital_foreign_currency": "reg_capital",
        "founded_impossible": "founded_on",
    }.items():
        for planted in NOISE[case]:
            assert fact not in snapshot.enterprise(planted["uscc"]).values, planted
            assert codes(rejected, planted)
    for planted in NOISE["fractional_count"]:
        assert f"staff_disabled_avg_{planted['year']}" not in snapshot.enterprise(planted["uscc"]).values
        assert codes(rejected, planted)


def test_empty_cells_are_unknown(snapshot):
    for case, fact in {"founded_missing": "founded_on", "district_missing": "district_code"}.items():
        for planted in NOISE[case]:
            if planted["uscc"] not in TWICE:
                assert fact not in snapshot.enterprise(planted["uscc"]).values, planted


def test_a_lost_zero_is_never_guessed(snapshot):
    for planted in NOISE["industry_zero_lost"]:
        if planted["uscc"] not in UNREGISTERED:
            known = snapshot.enterprise(planted["uscc"]).values.get("industry_code")
            assert known is None or known.value == planted["code"]


def test_old_districts_are_districts_of_today(snapshot):
    regions = {district.zh: district.code for district in snapshot.districts()}
    for planted in NOISE["old_district"]:
        if planted["uscc"] in UNREGISTERED:
            continue
        assert snapshot.enterprise(planted["uscc"]).values["district_code"].value == regions[planted["district"]]


def test_values_that_differ_are_unknown_and_both_are_kept(snapshot):
    for planted in NOISE["tax_conflict"]:
        assert planted["fact"] not in snapshot.enterprise(planted["uscc"]).values
        kept = [a.value for a in snapshot.alternatives(planted["uscc"]) if a.target == planted["fact"]]
        assert sorted(map(int, kept)) == sorted(yuan * 100 for yuan in planted["yuan"])
    for planted in NOISE["two_accounts"]:
        assert "unemployment_premium_paid_2025" not in snapshot.enterprise(planted["uscc"]).values
    for planted in NOISE["tax_repeated_in_part"]:
        assert "revenue_2025" in snapshot.enterprise(planted["uscc"]).values


def test_the_present_name_is_told_from_a_former_one(snapshot):
    for planted in NOISE["one_code_two_names"]:
        assert snapshot.enterprise(planted["uscc"]).name == planted["name"]
        assert planted["written"] in snapshot.former_names(planted["uscc"])
    for planted in NOISE["rare_character"]:
        assert planted["character"] in snapshot.enterprise(planted["uscc"]).name


def test_one_person_is_one_code_in_two_firms(snapshot):
    for planted in NOISE["person_twice"]:
        code = person_code(planted["person"], KEY.encode())
        for uscc in (planted["first_uscc"], planted["second_uscc"]):
            hires = snapshot.enterprise(uscc).collections["hires"]
            assert code in {row["person"] for row in hires.rows} or hires.disputed


def test_a_refund_is_a_negative_payment(snapshot):
    for planted in NOISE["refund"]:
        rows = snapshot.enterprise(planted["uscc"]).collections["subsidy_history"].rows
        assert planted["yuan"] * 100 in {row["amount"] for row in rows if row["record_no"] == planted["record"]}


def test_no_person_number_is_in_the_snapshot_or_the_report(home, snapshot, report):
    raw = snapshot.path.read_bytes()
    manifest = snapshot.path.with_suffix(".json").read_bytes()
    for planted in NOISE["person_twice"]:
        assert planted["person"].encode() not in raw + manifest
    assert b"00000020" not in raw + manifest
    modes = {path.stat().st_mode & 0o777 for path in (home / "profiles" / "landed").iterdir()}
    assert modes == {0o600}


def test_importing_again_changes_nothing(home, report):
    again = import_files([SAMPLES / "files"], home=home, policies=ROOT / "policies", person_key=KEY)
    assert again.unchanged
    assert again.snapshot_id == report.snapshot_id


def test_streaming_gives_every_document_in_the_order_of_districts(snapshot):
    firms = list(snapshot.enterprises())
    places = [str(f.values["district_code"].value) if "district_code" in f.values else "~" for f in firms]
    assert len(firms) == snapshot.count()
    assert places == sorted(places)
    assert firms[7] == snapshot.enterprise(firms[7].uscc)


def test_all_lists_that_departments_handed_over_are_loaded(snapshot):
    firm = snapshot.enterprise(TRUTH["demo_uscc"])
    not_loaded = {name for name, collection in firm.collections.items() if not collection.loaded}
    assert not_loaded == {
        "energy_use", "equity_rounds", "exhibitions", "first_sets", "listing_events", "loans", "registrations_abroad",
    }  # fmt: skip
    assert set(firm.collections["honors"].loaded) == {"science", "industry"}
