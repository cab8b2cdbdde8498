"""A pinned decision is worked out again from what was pinned alone, for the shipped policies and generated enterprises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_world import PAID_FACTS, WAN, firm, load, policy_text
from shipped import AS_OF, POLICIES, QUICK, enterprises

from subsidy_match.errors import InputError
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.pinning import Reading, pin
from subsidy_match.rules.policy import Policy
from subsidy_match.rules.replay import replay

DECIDED = list(POLICIES.in_force(AS_OF))


@QUICK
@given(enterprises(), st.sampled_from(DECIDED))
def test_replay_gives_the_same_verdict_amount_and_reasons(enterprise: Enterprise, policy: Policy):
    reading = Reading.of(enterprise)
    for match in Evaluator(POLICIES, reading.enterprise, AS_OF).match(policy):
        pinned = json.loads(json.dumps(pin(POLICIES, match, reading)))
        again = replay(pinned)
        assert again.differences == ()
        assert again.match.verdict is match.verdict
        assert again.match.amount == match.amount
        assert json.loads(json.dumps(pin(again.policies, again.match, reading)["explanation"])) == pinned["explanation"]


@QUICK
@given(enterprises(), st.sampled_from(DECIDED))
def test_nothing_that_was_not_read_is_pinned(enterprise: Enterprise, policy: Policy):
    reading = Reading.of(enterprise)
    (match, *_) = Evaluator(POLICIES, reading.enterprise, AS_OF).match(policy)
    pinned = pin(POLICIES, match, reading)
    lists, facts = POLICIES.catalogue.collections, POLICIES.catalogue.facts
    assert all(key in facts or key.rpartition("_")[0] in facts for key in pinned["values"])
    assert set(pinned["collections"]) <= set(lists)
    assert f"{policy.path.partition('/')[2]}" in pinned["files"]
    others = {p.path.partition("/")[2] for p in POLICIES.policies} - set(pinned["files"])
    assert others


def test_the_group_that_a_derived_fact_counts_is_pinned_too(tmp_path: Path):
    facts = PAID_FACTS + "  had: {zh: 已得, en: Had, basis: 示例, value: {paid_under: grp}}\n"
    one = policy_text("one", exclusive="[{group: grp, at_most: 1, per: year}]")
    policies = load(tmp_path, {"facts.yml": facts, "one@2026-01-01.yml": one, "two@2026-01-01.yml": policy_text("two")})
    reading = Reading.of(firm(revenue_2025=500 * WAN))
    (match,) = Evaluator(policies, reading.enterprise, AS_OF).match(policies.get("two", AS_OF))
    pinned = json.loads(json.dumps(pin(policies, match, reading)))
    assert "one@2026-01-01.yml" in pinned["files"]
    assert replay(pinned).differences == ()


@pytest.mark.parametrize(
    "change",
    [
        {"files": {"facts.yml/a.yml": ""}}, {"files": {"": ""}}, {"files": {"x" * 300: ""}}, {"amount": "x"},
        {"amount": {"min": "1", "max": 2}}, {"values": None}, {"as_of": "heute"}, {"policy": "nobody@2026-01-01"},
        {"format": 2}, {"collections": {"nowhere": {"rows": []}}}, {"values": {"nothing": {"value": 1, "source": None}}},
    ],
)  # fmt: skip
def test_what_was_tampered_with_is_refused_with_a_sentence(tmp_path: Path, change: dict[str, object]):
    policies = load(tmp_path)
    reading = Reading.of(firm(revenue_2025=500 * WAN))
    (match,) = Evaluator(policies, reading.enterprise, AS_OF).match(policies.get("grant", AS_OF))
    pinned = json.loads(json.dumps(pin(policies, match, reading)))
    if "files" in change:
        change = {"files": {**pinned["files"], **change["files"]}}  # type: ignore[dict-item]
    with pytest.raises(InputError) as caught:
        replay({**pinned, **change})
    assert caught.value.code == "evidence_broken"
