"""Near misses: one fact that the firm can change, changed as little as possible, and a policy that refused it takes it.

An unknown value may be bounded, so the reference evaluator judges a whole stretch of values at once: a stretch that it
refuses holds nothing, one that it accepts is good throughout, and one that it leaves open is cut in two. Stretches are
looked at outwards from the present value, so that the first good value found is the nearest there is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import TypeAlias

from subsidy_match.matching.history import Payment, with_payments
from subsidy_match.rules.catalogue import BaseFact
from subsidy_match.rules.enterprise import Bounds, Enterprise, Known, Scalar
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.reasons import Match, Read, Reason
from subsidy_match.rules.span import Bound, Span
from subsidy_match.rules.tree import Condition, Fact, Kind
from subsidy_match.rules.truth import Verdict

__all__ = ["NearMiss", "near_misses"]

_GOOD = (Verdict.ELIGIBLE, Verdict.TO_CONFIRM)
_LOOKS = 200  # evaluations a direction; a threshold takes about 80
_FAR = 10**15  # where the catalogue sets no bound: 10万亿元 in 分

# of each match of a policy: good throughout, good nowhere, or not known
_Said: TypeAlias = tuple[bool | None, ...]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """One fact that stands between a firm and a policy.

    Attributes:
        fact: what would have to change.
        key: the fact by name, a yearly one by name and year (``rd_expense_2025``).
        year: the year of a yearly fact.
        present: the value as it is stored now (分, whole persons, millionths, a code).
        needed: the nearest value at which the policy takes the firm.
        match: the match after the change: ELIGIBLE or TO_CONFIRM, with the amount then.
    """

    fact: BaseFact
    key: str
    year: int | None
    present: Scalar
    needed: Scalar
    match: Match

    @property
    def policy(self) -> Policy:
        """The policy that would take the firm."""
        return self.match.policy

    @property
    def subject(self) -> str | None:
        """What would be claimed for, where a claim is for one element."""
        return self.match.subject

    @property
    def difference(self) -> int | None:
        """How much more (or, below zero, less), in the unit in which the fact is stored; None for codes and yes-or-no."""
        if self.fact.type.kind is not Kind.NUMBER:
            return None
        return int(self.needed) - int(self.present)  # type: ignore[arg-type]  # numbers are stored as int

    @property
    def year_closed(self) -> bool:
        """Whether the year of the fact is over, so that more can be done only for the next one."""
        return self.year is not None and self.year < self.match.as_of.year

    @property
    def due(self) -> int:
        """The 分 that would be due for certain after the change (after confirmation where persons must confirm)."""
        amount = self.match.amount
        return 0 if amount is None or isinstance(amount.lo, float) else max(0, int(amount.lo))

    @property
    def relative(self) -> Fraction:
        """The change by the size of the present value; a code changed counts as one whole."""
        if self.difference is None:
            return Fraction(1)
        return Fraction(abs(self.difference), max(1, abs(int(self.present))))  # type: ignore[arg-type]


def near_misses(
    policies: PolicySet, enterprise: Enterprise, as_of: date, payments: Sequence[Payment] = ()
) -> list[NearMiss]:
    """Find for every refusal the facts of which one alone, changed, turns it; the most money first, then the least change.

    Only known facts that the catalogue calls changeable: numbers (the nearest value in either direction, the higher of two
    equally near), yes-or-no, and codes of a list (the nearest in the order of the list). Every result was evaluated with
    the changed value. What cannot be proved nearest within a bounded number of evaluations is left out.
    """
    firm = with_payments(enterprise, payments)
    found = [near for policy in policies.in_force(as_of) for near in _of_policy(policies, firm, as_of, policy)]
    return sorted(found, key=lambda near: (-near.due, near.relative, near.policy.id, near.subject or "", near.key))


def _of_policy(policies: PolicySet, firm: Enterprise, as_of: date, policy: Policy) -> Iterator[NearMiss]:
    facts: dict[str, Fact] = {}

    def listen(_: Condition, reason: Reason) -> None:
        facts.update(
            (e.key, e.node) for e in reason.log if isinstance(e, Read) and e.known and isinstance(e.node, Fact)
        )

    matches = Evaluator(policies, firm, as_of, listen).match(policy)
    refused = [n for n, match in enumerate(matches) if match.verdict is Verdict.INELIGIBLE]
    for key, node in facts.items() if refused else ():
        fact = policies.catalogue.facts[node.name]
        if not fact.changeable:
            continue
        question = _Question(policies, policy, firm, as_of, fact, key)
        for number in refused:
            needed = _needed(question, number)
            if needed is not None:
                after = question.having(needed)[number]
                if after.verdict not in _GOOD:
                    continue  # never shown unproved
                year = int(key.partition("@")[0].rpartition("_")[2]) if fact.yearly else None
                yield NearMiss(fact, key, year, firm.values[key].value, needed, after)


@dataclass(slots=True)
class _Question:
    """What a policy would say if one fact of the firm were different; every stretch of values is evaluated once."""

    policies: PolicySet
    policy: Policy
    firm: Enterprise
    as_of: date
    fact: BaseFact
    key: str
    _said: dict[tuple[int, int], _Said] = field(default_factory=dict)

    def having(self, value: Scalar) -> list[Match]:
        """The matches if the fact had this value."""
        firm = replace(self.firm, values={**self.firm.values, self.key: Known(value)})
        return Evaluator(self.policies, firm, self.as_of).match(self.policy)

    def between(self, low: int, high: int) -> _Said:
        """What holds of every stored number from ``low`` to ``high``, match by match."""
        if (low, high) not in self._said:
            self._said[low, high] = self._ask(low, high)
        return self._said[low, high]

    def _ask(self, low: int, high: int) -> _Said:
        is_open = False

        def listen(_: Condition, reason: Reason) -> None:
            nonlocal is_open
            if reason.truth.decided is None:
                is_open = is_open or any(isinstance(e, Read) and not e.known and e.key == self.key for e in reason.log)

        others = {key: known for key, known in self.firm.values.items() if key != self.key}
        scale = self.fact.type.scale
        bounds: dict[str, Bounds] = {**self.firm.bounds, self.key: Span(Fraction(low, scale), Fraction(high, scale))}
        firm = replace(self.firm, values=others, bounds=bounds)
        matches = Evaluator(self.policies, firm, self.as_of, listen).match(self.policy)
        # where no condition is open for the sake of this fact, other data are missing and no cut will settle anything
        return tuple(_judged(match, is_open=is_open) for match in matches)


def _judged(match: Match, *, is_open: bool) -> bool | None:
    if match.verdict in _GOOD:
        return True
    return None if is_open and match.verdict is Verdict.UNKNOWN else False


# --- the nearest value ---


def _needed(question: _Question, number: int) -> Scalar | None:
    """The nearest value at which the policy takes the firm; ``number`` says for which of its matches."""
    present = question.firm.values[question.key].value
    match question.fact.type.kind:
        case Kind.NUMBER if isinstance(present, int):
            return _nearest_number(question, number, present)
        case Kind.BOOL:
            return _first_good(question, number, [not present])
        case Kind.CODE:
            codes = list(question.policies.catalogue.enums.get(question.fact.type.codes or "", ()))
            at = codes.index(str(present)) if str(present) in codes else 0
            nearest = sorted(range(len(codes)), key=lambda place: abs(place - at))
            return _first_good(question, number, [codes[place] for place in nearest])
        case _:
            return None


def _first_good(question: _Question, number: int, values: Sequence[Scalar]) -> Scalar | None:
    return next((value for value in values if question.having(value)[number].verdict in _GOOD), None)


def _nearest_number(question: _Question, number: int, present: int) -> int | None:
    low, high = (_stored(end, question.fact) for end in (question.fact.span.lo, question.fact.span.hi))
    above, clear = _nearest(question, number, present, 1, high - present)
    below, proved = _nearest(question, number, present, -1, min(present - low, clear))
    if below is not None:
        return present - below
    return present + above if above is not None and proved >= above - 1 else None


def _nearest(question: _Question, number: int, present: int, sign: int, room: int) -> tuple[int | None, int]:
    """The least distance in one direction at which the value is good, and up to which distance none is."""
    waiting = [(1, room)] if room >= 1 else []
    for _ in range(_LOOKS):
        if not waiting:
            return None, _FAR * 2
        near, far = waiting.pop()
        said = question.between(*sorted((present + sign * near, present + sign * far)))[number]
        if said:
            return near, near - 1
        if said is None and near < far:
            middle = math.isqrt(near * far) if far > 4 * near else (near + far) // 2
            waiting += [(middle + 1, far), (near, middle)]
    return None, waiting[-1][0] - 1 if waiting else _FAR * 2


def _stored(bound: Bound, fact: BaseFact) -> int:
    if isinstance(bound, float):
        return _FAR if bound > 0 else -_FAR
    return math.floor(bound * fact.type.scale)
