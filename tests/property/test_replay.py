"""A pinned decision is worked out again from what was pinned alone, for the shipped policies and generated enterprises."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from shipped import AS_OF, POLICIES, QUICK, enterprises

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
