"""Laws of the language, held on the shipped policies and generated enterprises."""

from __future__ import annotations

from hypothesis import given
from shipped import AS_OF, POLICIES, QUICK, enterprises, told_more

from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import Policy
from subsidy_match.rules.reasons import Match, fold
from subsidy_match.rules.tree import Clamped, Literal, Named, Value
from subsidy_match.rules.truth import Verdict

DEFINITE = (Verdict.ELIGIBLE, Verdict.INELIGIBLE)


def matched(enterprise: Enterprise) -> dict[tuple[str, str | None], Match]:
    return {(m.policy.id, m.subject): m for m in Evaluator(POLICIES, enterprise, AS_OF).match_all()}


@QUICK
@given(told_more())
def test_filling_in_an_unknown_never_flips_a_definite_verdict(pair: tuple[Enterprise, Enterprise]):
    before, after = matched(pair[0]), matched(pair[1])
    assert after.keys() <= before.keys()  # what stood for elements not seen yet may go
    for key, match in after.items():
        if before[key].verdict in DEFINITE:
            assert match.verdict is before[key].verdict, key


@QUICK
@given(told_more())
def test_filling_in_an_unknown_only_narrows_the_amount(pair: tuple[Enterprise, Enterprise]):
    before, after = matched(pair[0]), matched(pair[1])
    for key, match in after.items():
        if match.amount is not None:
            wider = before[key].amount
            assert wider is not None, key
            assert wider.lo <= match.amount.lo <= match.amount.hi <= wider.hi, key


@QUICK
@given(enterprises())
def test_every_explanation_adds_up_to_its_verdict(enterprise: Enterprise):
    for key, match in matched(enterprise).items():
        for reason in match.reason.walk():
            assert fold(reason) == reason.truth, key
            assert not reason.truth.sure or (reason.truth.confirms and reason.truth.possible)
            assert reason.truth.possible or reason.truth.denies


@QUICK
@given(enterprises())
def test_amounts_are_never_negative_and_whole(enterprise: Enterprise):
    for key, match in matched(enterprise).items():
        if match.amount is not None:
            assert match.amount.lo >= 0, key
            assert isinstance(match.amount.lo, float) or match.amount.lo == int(match.amount.lo)


@QUICK
@given(enterprises())
def test_automatic_means_certain_exact_and_from_departments(enterprise: Enterprise):
    for match in matched(enterprise).values():
        if match.is_automatic:
            assert match.verdict is Verdict.ELIGIBLE
            assert match.amount is not None
            assert match.amount.lo == match.amount.hi


def cap_of(policy: Policy, items: int) -> int | None:
    """The cap that the text of a policy states for a claim with so many items, where it is a plain number."""
    terms = policy.amount
    if terms is None:
        return None
    caps = [terms.cap, stated_cap(terms.total)]
    whole = [cap.value for cap in caps if isinstance(cap, Literal)]
    each = stated_cap(terms.each)
    if isinstance(each, Literal):
        whole.append(each.value * items)
    return min((int(cap) for cap in whole), default=None)


def stated_cap(value: Value | None) -> Value | None:
    while isinstance(value, Named):
        value = value.of
    return value.cap if isinstance(value, Clamped) else None


@QUICK
@given(enterprises())
def test_no_amount_exceeds_the_cap_that_its_policy_states(enterprise: Enterprise):
    for key, match in matched(enterprise).items():
        cap = cap_of(match.policy, len(match.items))
        complete = not any(reason.open_rows for reason in match.reason.walk())
        if match.amount is not None and cap is not None and (complete or match.policy.amount.cap is not None):
            assert 0 <= match.amount.lo <= match.amount.hi <= cap, key


def test_several_policies_state_a_cap():
    assert sum(cap_of(policy, 1) is not None for policy in POLICIES.in_force(AS_OF)) >= 6
