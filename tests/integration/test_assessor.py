"""What claims ask of matching, over a real city: texts that ended, stale credit lists, evidence that can be replayed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from small_city import AS_OF, City

from subsidy_match.claims.assessment import Assessment
from subsidy_match.claims.matched import MatchingAssessor
from subsidy_match.platform import Platform
from subsidy_match.rules.replay import replay

POLICY = "huaian-green-factory"


@pytest.fixture(scope="module")
def wired(city: City) -> Iterator[Platform]:
    platform = Platform(city.settings)
    yield platform
    platform.close()


def assess(wired: Platform, city: City, on: date, *, ends: date | None = None, policy: str = POLICY) -> Assessment:
    policies = wired.policies()
    if ends is not None:
        cut = tuple(replace(p, end=ends) if p.id == policy else p for p in policies.policies)
        policies = replace(policies, policies=cut)
    assessor = MatchingAssessor(lambda: policies, wired.snapshot, lambda _: ())
    return assessor.assess(uscc=city.demo_uscc, policy_id=policy, period="2026", subject=None, as_of=on)


def test_a_claim_in_hand_outlives_its_text_and_takes_no_new_claims(wired: Platform, city: City):
    inside, after = (assess(wired, city, day, ends=AS_OF) for day in (AS_OF, date(2026, 7, 3)))
    assert (inside.is_open, after.is_open) == (True, False)
    assert (after.verdict, after.amount_max) == (inside.verdict, inside.amount_max) == ("eligible", 30_000_000)


@pytest.mark.parametrize(("on", "clear"), [(date(2026, 7, 1), True), (date(2027, 7, 1), None)])
def test_a_stale_credit_list_clears_nobody(wired: Platform, city: City, on: date, clear: bool | None):
    assessor = MatchingAssessor(wired.policies, wired.snapshot, lambda _: ())
    assert assessor.standing(uscc=city.demo_uscc, as_of=on).clear is clear


def test_evidence_holds_texts_and_rows_and_no_person_number(wired: Platform, city: City):
    evidence = json.loads(assess(wired, city, AS_OF, policy="huaian-job-expansion").evidence)
    assert {"facts.yml", "clauses/base-huaian.yml", "huaian/huaian-job-expansion@2026-01-01.yml"} <= set(
        evidence["files"]
    )
    assert not any("equipment" in name or "calendar" in name for name in evidence["files"])
    assert len(evidence["collections"]["hires"]["rows"]) == 3
    assert evidence["collections"]["hires"]["loaded"]
    assert all(len(row["person"]) == 64 for row in evidence["collections"]["hires"]["rows"])


def test_evidence_holds_the_text_of_a_policy_that_grants_a_status(wired: Platform, city: City):
    evidence = json.loads(assess(wired, city, AS_OF, policy="qingjiangpu-tech-sme-grant").evidence)
    assert "national/national-tech-sme@2017-05-03.yml" in evidence["files"]


def test_a_pinned_decision_replays_to_the_same_verdict_and_amount(wired: Platform, city: City):
    for policy in ("huaian-job-expansion", "qingjiangpu-tech-sme-grant", "huaian-job-retention"):
        pinned = json.loads(assess(wired, city, AS_OF, policy=policy).evidence)
        again = replay(pinned)
        assert again.differences == ()
        assert again.match.verdict.value == pinned["verdict"]


def test_a_decision_that_was_changed_afterwards_does_not_replay(wired: Platform, city: City):
    pinned = json.loads(assess(wired, city, AS_OF, policy="huaian-job-retention").evidence)
    pinned["values"]["unemployment_premium_paid_2025"]["value"] += 100
    assert [en for _, en in replay(pinned).differences if en.startswith("amount")]
    pinned["verdict"] = "unknown"
    assert [en for _, en in replay(pinned).differences if en.startswith("verdict")]
