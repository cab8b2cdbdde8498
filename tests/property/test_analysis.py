"""The analysis against trying every value: it proves nothing that is wrong, and on numbers it misses nothing."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_world import evaluate, firm, load

from subsidy_match.rules.analysis.asking import day_of, is_met
from subsidy_match.rules.analysis.equality import prove_equal
from subsidy_match.rules.analysis.reaching import unreached
from subsidy_match.rules.analysis.searching import Found, Nothing, search
from subsidy_match.rules.analysis.space import NOBODY, space_of
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.truth import Verdict

SHIPPED = load_policies(Path(__file__).parents[2] / "policies")
OPS = ("at_least", "more_than", "at_most", "less_than")
QUICK = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck), print_blob=True)

atoms = st.builds(
    lambda fact, op, edge: f"{{basis: art1, value: {fact[0]}, {op}: {edge}{fact[1]}}}",
    st.sampled_from([("patents", "件"), ("staff", "人")]),
    st.sampled_from(OPS),
    st.integers(0, 4),
)
trees = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda of: f"{{basis: art1, all: [{', '.join(of)}]}}"),
        st.lists(inner, min_size=1, max_size=3).map(lambda of: f"{{basis: art1, any: [{', '.join(of)}]}}"),
        inner.map(lambda of: f"{{basis: art1, not: {of}}}"),
    ),
    max_leaves=5,
)


def policy_of(tree: str) -> PolicySet:
    with tempfile.TemporaryDirectory() as folder:
        return load(Path(folder), eligible_if=tree)


def verdicts(policies: PolicySet) -> list[Verdict]:
    """The verdict for every pair of small numbers; beyond the greatest edge nothing changes."""
    return [
        evaluate(policies, firm(patents=patents, staff_2025=staff))[0].verdict
        for patents in range(6)
        for staff in range(6)
    ]


@QUICK
@given(trees)
def test_whether_anybody_meets_a_condition_is_found_out_exactly(tree: str):
    policies = policy_of(tree)
    policy = policies.policies[0]
    found = search(space_of(policies, (policy,), day_of(policy)), NOBODY, is_met(policies, policy, day_of(policy)))
    if Verdict.ELIGIBLE in verdicts(policies):
        assert isinstance(found, Found)
        assert Evaluator(policies, found.enterprise, day_of(policy)).match(policy)[0].verdict is Verdict.ELIGIBLE
    else:
        assert isinstance(found, Nothing)


@QUICK
@given(trees, trees)
def test_two_conditions_are_proved_equal_where_they_are_and_only_there(one: str, other: str):
    first, second = policy_of(one), policy_of(other)
    same = verdicts(first) == verdicts(second)
    changed = replace(first.policies[0], condition=second.policies[0].condition)
    assert prove_equal(first, first.policies[0], changed, day_of(changed)) is same


def test_shipped_policies_can_be_met_and_the_examples_meet_them():
    decided = [policy for policy in SHIPPED.policies if not policy.needs_source]
    found = 0
    for policy in decided:
        day = day_of(policy)
        answer = search(space_of(SHIPPED, (policy,), day), NOBODY, is_met(SHIPPED, policy, day))
        assert not isinstance(answer, Nothing), policy.key
        if isinstance(answer, Found):
            found += 1
            matches = Evaluator(SHIPPED, answer.enterprise, day).match(policy)
            assert any(m.verdict in (Verdict.ELIGIBLE, Verdict.TO_CONFIRM) for m in matches), policy.key
    assert found >= len(decided) * 9 // 10


def test_industries_that_only_a_size_standard_names_are_tried_as_well():
    """Beside a size, a condition on the industry is more than always true: other industries have a size too."""
    policy = SHIPPED.get("huaian-insurance-subsidy", date(2026, 6, 30))
    assert [one.code for one in unreached(SHIPPED, policy)] == []
