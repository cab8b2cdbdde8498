"""Cliffs: one unit more of a fact, and the amount is lower."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from subsidy_match.rules.analysis.asking import day_of, portrayed
from subsidy_match.rules.analysis.finding import Doubt, doubt
from subsidy_match.rules.analysis.places import Placed, placed_in_amount
from subsidy_match.rules.analysis.searching import Ask, Found, search
from subsidy_match.rules.analysis.space import NOBODY, Space, space_of
from subsidy_match.rules.enterprise import Collection, Enterprise, Known
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.span import Num
from subsidy_match.rules.tree import Band, Between, Compare, Fact, FieldOf, Kind, Mark, Named, Value
from subsidy_match.rules.wording import Wording

__all__ = ["cliffs"]


def cliffs(policies: PolicySet, policy: Policy) -> Iterator[Doubt]:
    """P021: where a fact passes an edge of the amount, one unit more of it lowers the amount."""
    if policy.amount is None:
        return
    space = space_of(policies, (policy,), day_of(policy))
    once: set[str] = set()
    for value, element in _stepped(policy):
        name = f"{element}.{value.name}" if isinstance(value, FieldOf) else value.name
        for edge in sorted(space.numbers.get(name, ()) if name not in once else ()):
            found = _fall(space, policy, value, element, edge)
            if found is not None:
                yield found
                break
        once.add(name)


def _stepped(policy: Policy) -> Iterator[tuple[Fact | FieldOf, str | None]]:
    """The numbers that the amount steps by."""
    each = policy.for_each.collection if policy.for_each else None
    for spot in placed_in_amount(policy):
        for value in _measured(spot):
            while isinstance(value, Named):
                value = value.of
            outside = isinstance(value, FieldOf) and (each is None or spot.element != each)
            if isinstance(value, Fact | FieldOf) and value.type.kind is Kind.NUMBER and not outside:
                yield value, spot.element if isinstance(value, FieldOf) else None


def _measured(spot: Placed) -> tuple[Value, ...]:
    match spot.node:
        case Band(of=of):
            return (of,)
        case Compare(value=value, against=against):
            return value, against
        case Between(value=value):
            return (value,)
        case _:
            return ()


def _fall(space: Space, policy: Policy, value: Fact | FieldOf, element: str | None, edge: Num) -> Doubt | None:
    """An enterprise that loses money by one unit more around an edge."""
    at = int(edge * value.type.scale)
    for less in (at - 1, at):
        below = _having(space, policy, NOBODY, value, element, less)
        found = search(space, below, _is_paid(space.policies, policy, space.as_of), budget=200)
        if not isinstance(found, Found):
            continue
        firm = found.enterprise
        more = _having(space, policy, firm, value, element, less + 1)
        before, after = (_paid(space.policies, policy, space.as_of, one) for one in (firm, more))
        if before is not None and after is not None and after < before:
            return _told(space, policy, value, firm, (less, before, after))
    return None


def _told(space: Space, policy: Policy, value: Fact | FieldOf, firm: Enterprise, fall: tuple[int, int, int]) -> Doubt:
    less, before, after = fall
    period = policy.period(space.as_of)
    example = portrayed(firm, space.policies, period.year_of_facts)
    texts = []
    for words, shown in (
        (Wording(space.policies, "zh", period), example.zh),
        (Wording(space.policies, "en", period), example.en),
    ):
        seen = f"{words.value(value)} {words.scalar(less, value.type)} → {words.scalar(less + 1, value.type)}"
        money = f"{words.yuan(before)} → {words.yuan(after)}"
        texts.append(
            words.pick(
                f"{seen} 时金额反而减少:{money};例如:{shown}", f"{seen} lowers the amount: {money}; e.g. {shown}"
            )
        )
    mark = Mark(policy.amount.at if policy.amount else policy.condition.mark.at, value.name)
    return doubt("P021", policy, mark, texts[0], texts[1], value)


def _having(
    space: Space, policy: Policy, firm: Enterprise, value: Fact | FieldOf, element: str | None, number: int
) -> Enterprise:
    """The enterprise with one number: a fact, or a field of its only element."""
    if isinstance(value, Fact):
        period = policy.period(space.as_of)
        key = value.name if value.offset is None else f"{value.name}_{period.year_of_facts + value.offset}"
        return replace(firm, values={**firm.values, key: Known(number)})
    spec = space.policies.catalogue.collections[element or ""]
    held = firm.collections.get(spec.name)
    row = held.rows[0] if held and held.rows else dict.fromkeys(spec.fields)
    keys = {name: row.get(name) or "示例1" for name in spec.key if spec.fields[name].type.kind is Kind.TEXT}
    found = Collection(({**row, **keys, value.name: number},), dict.fromkeys(spec.complete_from, date.max))
    return replace(firm, collections={**firm.collections, spec.name: found})


def _is_paid(policies: PolicySet, policy: Policy, as_of: date) -> Ask:
    def ask(firm: Enterprise) -> tuple[bool | None, Sequence[str]]:
        match = Evaluator(policies, firm, as_of).match(policy)[0]
        truth, amount = match.reason.truth, match.amount
        if not truth.possible or amount is None or amount.hi <= 0:
            return False, ()
        if truth.confirms and amount.is_known:
            return True, ()
        return None, match.missing

    return ask


def _paid(policies: PolicySet, policy: Policy, as_of: date, firm: Enterprise) -> int | None:
    match = Evaluator(policies, firm, as_of).match(policy)[0]
    if not match.reason.truth.confirms or match.amount is None or not match.amount.is_known:
        return None
    return int(match.amount.lo)
