"""The cases of the shipped policies go through every condition; small changes to a policy are noticed, or proved to be none."""

from __future__ import annotations

from pathlib import Path

from policy_world import case_text, policy_text, write_policies

from subsidy_match.rules.cases import load_cases
from subsidy_match.rules.coverage import Seen, covered
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.survivors import mutate

SHIPPED = Path(__file__).parents[2] / "policies"
BOTH_SIDES = """policy: grant
cases:
  - {name: 恰好, as_of: 2026-06-30, given: {revenue: 500万元}, expect: {verdict: eligible}}
  - {name: 差一分, as_of: 2026-06-30, given: {revenue: 4999999.99元}, expect: {verdict: ineligible}}
  - {name: 未知, as_of: 2026-06-30, given: {}, expect: {verdict: unknown}}
"""


def test_the_shipped_cases_go_through_every_condition():
    policies = load_policies(SHIPPED)
    conditions, gaps = covered(policies, load_cases(policies, SHIPPED))
    assert conditions > 200
    assert [f"{gap.at} {gap.clause} never {gap.never}" for gap in gaps] == []


def test_a_condition_that_no_case_fails_is_named(tmp_path: Path):
    folder = write_policies(tmp_path, {"grant@2026-01-01.yml": policy_text(), "grant.cases.yml": case_text()})
    policies = load_policies(folder)
    conditions, gaps = covered(policies, load_cases(policies, folder))
    assert conditions == 1
    assert [(gap.clause, gap.never) for gap in gaps] == [("grant rich", (Seen.FALSE, Seen.UNKNOWN))]


def test_cases_on_both_sides_notice_every_change(tmp_path: Path):
    folder = write_policies(tmp_path, {"grant@2026-01-01.yml": policy_text(), "grant.cases.yml": BOTH_SIDES})
    found = mutate(folder, workers=1)
    assert found.survived == ()
    assert found.killed >= 3


def test_a_case_far_from_the_boundary_lets_changes_pass(tmp_path: Path):
    far = case_text(given="{revenue: 900万元}")
    folder = write_policies(tmp_path, {"grant@2026-01-01.yml": policy_text(), "grant.cases.yml": far})
    assert len(mutate(folder, workers=1).survived) >= 3


def test_a_change_that_nobody_can_tell_is_proved_and_not_counted(tmp_path: Path):
    clause = "{id: rich, basis: art1, any: [{id: a, value: revenue, at_least: 500万元}, {id: b, value: revenue, at_least: 900万元}]}"
    text = policy_text(eligible_if=f"{{all: [{clause}]}}")
    folder = write_policies(tmp_path, {"grant@2026-01-01.yml": text, "grant.cases.yml": BOTH_SIDES})
    found = mutate(folder, workers=1)
    assert any("without b" in name for name in found.equal)
    assert not any(" b " in name for name in found.survived)


def test_a_change_that_shows_on_later_days_only_is_not_proved_alike(tmp_path: Path):
    early = "{id: early, basis: art1, any: [{value: as_of, before: 2026-07-01}, {id: b, value: staff, at_least: 5人}]}"
    rich = "{id: rich, basis: art1, value: revenue, at_least: 500万元}"
    text = policy_text(eligible_if=f"{{all: [{rich}, {early}]}}", window=None)
    folder = write_policies(tmp_path, {"grant@2026-01-01.yml": text, "grant.cases.yml": BOTH_SIDES})
    found = mutate(folder, workers=1)
    assert any("without b" in name for name in found.survived)
    assert not any("without b" in name for name in found.equal)


def test_a_band_that_no_case_takes_is_named(tmp_path: Path):
    amount = "{band: {of: staff, at_least: {100人: 20万元, 10人: 10万元}, otherwise: 5万元}, rounding: {to: 1元, mode: down}}"
    cases = BOTH_SIDES.replace("revenue: 500万元}", "revenue: 500万元, staff: 20人}")
    folder = write_policies(tmp_path, {"grant@2026-01-01.yml": policy_text(amount=amount), "grant.cases.yml": cases})
    policies = load_policies(folder)
    total, gaps = covered(policies, load_cases(policies, folder))
    assert total == 4  # one condition and three bands
    assert [gap.never for gap in gaps] == [("band 1",), ("band 3",)]
    assert {gap.at.line for gap in gaps} == {policies.policies[0].amount.at.line}  # type: ignore[union-attr]
