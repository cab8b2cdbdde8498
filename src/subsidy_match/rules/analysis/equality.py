"""Proving that two policies decide and pay alike for every enterprise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from subsidy_match.rules.analysis.searching import Ask, Nothing, search
from subsidy_match.rules.analysis.space import NOBODY, space_of
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.frame import Frame
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.tree import All, Any, Condition, Not
from subsidy_match.rules.truth import Verdict

__all__ = ["prove_equal"]


def prove_equal(policies: PolicySet, old: Policy, new: Policy, as_of: date) -> bool:
    """Whether it is proved that no enterprise can tell two policies apart on a day; False also where that stays open."""
    space = space_of(policies, (old, new), as_of)
    return isinstance(search(space, NOBODY, _differ(policies, old, new, as_of), budget=400), Nothing)


def _differ(policies: PolicySet, old: Policy, new: Policy, as_of: date) -> Ask:
    changed = (
        _changed(old.condition, new.condition) if old.amount is new.amount and old.for_each is new.for_each else None
    )

    def ask(firm: Enterprise) -> tuple[bool | None, Sequence[str]]:
        before, after = Evaluator(policies, firm, as_of), Evaluator(policies, firm, as_of)
        if changed is not None and _agree(Frame(before, old), Frame(after, new), changed):
            return False, ()
        pairs = list(zip(before.match(old), after.match(new), strict=False))
        said = [_tells(one, other, same_amount=old.amount is new.amount) for one, other in pairs]
        if any(said):
            return True, ()
        keys = dict.fromkeys(key for one, other in pairs for key in (*one.missing, *other.missing))
        return (None if None in said else False), tuple(keys)

    return ask


def _agree(before: Frame, after: Frame, changed: tuple[Condition, Condition]) -> bool:
    """Whether the clause that was changed comes to the same for all of these enterprises."""
    if before.policy.for_each is not None:
        return False  # its items are not decided here
    one, other = before.decide(changed[0]).truth, after.decide(changed[1]).truth
    return one == other and one.verdict is not Verdict.UNKNOWN


def _tells(one: Match, other: Match, *, same_amount: bool) -> bool | None:
    """Whether a pair of results differs: for certain, certainly not, or not known."""
    verdicts = one.verdict, other.verdict
    if Verdict.UNKNOWN in verdicts:
        return None
    if verdicts[0] is not verdicts[1]:
        return True
    if same_amount or verdicts[0] is Verdict.INELIGIBLE or one.amount is None or other.amount is None:
        return (one.amount is None) is not (other.amount is None)
    if one.amount.is_known and other.amount.is_known:
        return one.amount != other.amount
    return None


def _changed(old: Condition, new: Condition) -> tuple[Condition, Condition] | None:
    """The smallest clause on the way down in which two conditions differ."""
    while type(old) is type(new):
        match old, new:
            case (All(of=mine), All(of=theirs)) | (Any(of=mine), Any(of=theirs)) if len(mine) == len(theirs):
                pairs = [(a, b) for a, b in zip(mine, theirs, strict=True) if a is not b]
                if len(pairs) != 1:
                    return old, new
                old, new = pairs[0]
            case Not(of=inner), Not(of=other):
                old, new = inner, other
            case _:
                return old, new
    return old, new
