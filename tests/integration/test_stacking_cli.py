"""The command that says which claims pay most together, on an imported city with claims in its store."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from small_city import ROOT, City

from subsidy_match.claims.pending import pending_of
from subsidy_match.claims.records import ClaimItem, ClaimRow
from subsidy_match.claims.states import State
from subsidy_match.store.engine import open_engine
from subsidy_match.store.unit import in_unit

AT = datetime(2026, 6, 1, tzinfo=UTC)


def run(city: City, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "subsidy_match.cli", "stack", *words]
    return subprocess.run(command, env=city.env, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT)


def report_of(city: City) -> dict[str, Any]:
    done = run(city, city.demo_uscc, "--as-of", "2026-06-30", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def claim(city: City, number: str, policy: str, state: State, *keys: str) -> None:
    def work(session: Any) -> None:
        row = ClaimRow(
            claim_no=number, uscc=city.demo_uscc, enterprise_name="示例", policy_id=policy, policy_zh=policy,
            policy_en=policy, policy_hash="h", period="2026", subject=keys[0] if keys else "", channel="fast",
            state=str(state), version=1, occupies=True, held=False, waiting=False, with_recheck=True, notice_counts=False,
            sla_days=10, notice_days=5, verdict="eligible", amount_min=1_000_000, amount_max=1_000_000,
            snapshot_id="s", filer="f", corrections=0, created_at=AT, updated_at=AT,
        )  # fmt: skip
        session.add(row)
        session.flush()
        for key in keys:
            session.add(ClaimItem(claim_id=row.id, group_id="equipment-projects", item_key=key, occupies=True))

    engine = open_engine(city.settings.url)
    in_unit(engine, work)
    engine.dispose()


def groups(loss: dict[str, Any]) -> set[str]:
    return {cause["group"] for cause in loss["causes"]}


def test_the_demo_firm_is_told_what_to_claim_why_and_that_it_cannot_be_changed(city: City):
    report = report_of(city)
    claims = report["chosen"]["claims"]
    assert claims
    assert report["chosen"]["total"]["min"] == sum(found["amount"]["min"] for found in claims)
    assert all(other["less"] >= 0 for other in report["alternatives"])
    assert all(loss["causes"] for loss in report["not_chosen"])
    assert "一经受理不再调整" in report["note"]["zh"]


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ("设备", "一经受理不再调整")), ("en", ("quipment", "cannot be changed"))]
)
def test_both_languages_print_a_table(city: City, lang: str, words: tuple[str, str]):
    done = run(city, city.demo_uscc, "--as-of", "2026-06-30", "--lang", lang)
    assert done.returncode == 0, done.stderr
    assert "合计 / total" in done.stdout
    assert words[0] in done.stdout
    assert words[1] in done.stderr


def test_an_unknown_firm_is_an_error_of_the_caller(city: City):
    assert run(city, "91320800MA0000000X", "--as-of", "2026-06-30").returncode == 2


def test_a_claim_in_hand_takes_the_place_of_its_group_and_a_draft_does_not(city: City):
    before = report_of(city)
    assert any(found["policy_id"] == "huaian-equipment" for found in before["chosen"]["claims"])
    claim(city, "N-draft", "huaian-green-product", State.DRAFT)
    assert report_of(city)["chosen"] == before["chosen"]
    claim(city, "N-live", "huaian-equipment", State.IN_REVIEW, "some-other-project")
    after = report_of(city)
    assert not any(found["policy_id"] == "huaian-equipment" for found in after["chosen"]["claims"])
    lost = [loss for loss in after["not_chosen"] if loss["policy_id"] == "huaian-equipment"]
    assert lost
    assert all(loss["cost"] is None and "huaian-industry-one-a-year" in groups(loss) for loss in lost)
    assert {use["ref"] for loss in lost for cause in loss["causes"] for use in cause["used"]} >= {"N-live"}
    claim(city, "N-recovered", "huaian-disabled-employment", State.COMPLETED)  # nothing of it was kept
    engine = open_engine(city.settings.url)
    found = {one.claim_no: (one.item_keys, one.amount, one.is_paid) for one in pending_of(engine, city.demo_uscc)}
    engine.dispose()
    assert found == {"N-live": (("some-other-project",), 1_000_000, False), "N-recovered": ((), 1_000_000, False)}
