"""Small changes to a policy that its cases must notice: every threshold, day, band, cap and code moved by one step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any as Anything

from subsidy_match.rules.policy import Policy
from subsidy_match.rules.tree import (
    Add,
    All,
    Any,
    Band,
    Best,
    Between,
    Clamped,
    Compare,
    EachOf,
    FirstOf,
    Includes,
    Is,
    Kind,
    Literal,
    Manual,
    OneOfCodes,
    Op,
    Quantified,
    Type,
    Value,
    WithinLast,
)
from subsidy_match.rules.walking import nodes_below

__all__ = ["Mutant", "mutants"]

_NUMBER = Type(Kind.NUMBER)
_STRICT = {Op.AT_LEAST: Op.MORE_THAN, Op.MORE_THAN: Op.AT_LEAST, Op.AT_MOST: Op.LESS_THAN, Op.LESS_THAN: Op.AT_MOST}
_NEAR = Fraction(1, 400)  # of a ratio: nearer than that no case needs to come
_ATOMS = (Type, str)
_SHARED = "shared "


@dataclass(frozen=True, slots=True)
class Mutant:
    """A policy with one node changed; ``name`` is the same in all policies that inherit the same clause."""

    name: str
    policy: Policy
    old: Anything
    new: Anything


def mutants(policy: Policy, *, shared: bool) -> Iterator[Mutant]:
    """Every mutant of what is a policy's own, or of the clauses that it shares with others."""
    for top, roots in _parts(policy):
        if top.startswith(_SHARED) is not shared:
            continue
        for number, node in enumerate(nodes_below(*roots)):
            for what, changed in _variants(node):
                name = f"{top} {number} {type(node).__name__} {what}"
                yield Mutant(name, _swapped(policy, node, changed), node, changed)


def _parts(policy: Policy) -> Iterator[tuple[str, tuple[Anything, ...]]]:
    conditions = policy.condition.of if isinstance(policy.condition, All) else (policy.condition,)
    for clause in conditions:
        path = clause.mark.at.path
        owner = f"{_SHARED}{Path(path).stem}: " if "/clauses/" in path else f"{policy.key}: "
        yield f"{owner}{clause.mark.id}", (clause,)
    if policy.for_each is not None:
        yield f"{policy.key}: item", (policy.for_each.item_if,)
    if policy.amount is not None:
        yield f"{policy.key}: amount", (policy.amount.each, policy.amount.total, policy.amount.cap)


def _variants(node: object) -> Iterator[tuple[str, object]]:
    match node:
        case Compare() | Between() | WithinLast():
            yield from _limits(node)
        case Band() | Clamped():
            yield from _edges(node)
        case OneOfCodes(codes=codes) | Includes(codes=codes):
            for code in codes:
                yield f"without {code}", replace(node, codes=tuple(c for c in codes if c != code))
        case Is(negated=negated):
            yield "negated", replace(node, negated=not negated)
        case _:
            yield from _parts_of(node)


def _parts_of(node: object) -> Iterator[tuple[str, object]]:
    match node:
        case Quantified(none=none):
            yield "some for none" if none else "none for some", replace(node, none=not none)
        case All(of=of) | Any(of=of) if len(of) > 1:
            yield from _without(node, of)
        case FirstOf(branches=branches) | EachOf(branches=branches) if len(branches) > 1:
            for n in range(len(branches)):
                yield f"without branch {n + 1}", replace(node, branches=(*branches[:n], *branches[n + 1 :]))
        case Best(of=several, least=least) if len(several) > 1:
            yield "other end", replace(node, least=not least)


def _without(node: All | Any, of: tuple[Anything, ...]) -> Iterator[tuple[str, object]]:
    """Each clause left out in turn; manual ones decide nothing by data."""
    for n, child in enumerate(of):
        if not isinstance(child, Manual) and child.mark.at.path:
            yield f"without {child.mark.id or n + 1}", replace(node, of=(*of[:n], *of[n + 1 :]))


def _limits(node: Compare | Between | WithinLast) -> Iterator[tuple[str, object]]:
    match node:
        case Compare(op=op, against=against, value=value):
            if op in _STRICT:
                yield f"{_STRICT[op].value} for {op.value}", replace(node, op=_STRICT[op])
            for by in _steps(value.type):
                yield f"{op.value} by {by}", replace(node, against=_moved(against, by))
        case Between(low=low, high=high, value=value):
            for by in _steps(value.type):
                yield f"from by {by}", replace(node, low=_moved(low, by))
                yield f"to by {by}", replace(node, high=_moved(high, by))
        case WithinLast():
            yield from _look_backs(node)


def _edges(node: Band | Clamped) -> Iterator[tuple[str, object]]:
    if isinstance(node, Clamped):
        if node.cap is not None:
            for by in (100, -100):  # one 元
                yield f"cap by {by}", replace(node, cap=_moved(node.cap, by))
        return
    yield "strict", replace(node, op=_STRICT[node.op])
    for n, (edge, value) in enumerate(node.steps):
        for step in _steps(node.of.type):
            steps = (*node.steps[:n], (edge + step, value), *node.steps[n + 1 :])
            yield f"edge {n} by {step}", replace(node, steps=steps)


def _look_backs(node: WithinLast) -> Iterator[tuple[str, object]]:
    for by in (1, -1):
        yield f"length by {by}", replace(node, length=replace(node.length, days=node.length.days + by))
    after = _moved(node.anchor, 1)
    yield "a day later", Any(node.mark, (node, Between(node.mark, node.value, after, after)))
    yield "a day earlier", All(node.mark, (node, Compare(node.mark, node.value, Op.BEFORE, node.anchor)))


def _steps(type_: Type) -> tuple[int | Fraction, ...]:
    if type_.kind is Kind.DATE:
        return (1, -1)
    if not type_.unit.powers:
        return (_NEAR, -_NEAR)
    return () if str(type_.unit) == "分" else (1, -1)  # scores move in larger steps


def _moved(value: Value, by: int | Fraction) -> Value:
    return Add((value, Literal(by, _NUMBER)), value.type)


def _swapped(policy: Policy, old: object, new: object) -> Policy:
    """The policy with a node replaced wherever it stands."""
    done: dict[int, Anything] = {id(old): new}
    return replace(
        policy,
        condition=_rebuilt(policy.condition, done),
        for_each=_rebuilt(policy.for_each, done),
        amount=_rebuilt(policy.amount, done),
    )


def _rebuilt(node: Anything, done: dict[int, Anything]) -> Anything:
    if id(node) in done:
        return done[id(node)]
    found: Anything
    if isinstance(node, tuple):
        parts = tuple(_rebuilt(part, done) for part in node)
        found = parts if any(a is not b for a, b in zip(parts, node, strict=True)) else node
    elif is_dataclass(node) and not isinstance(node, (type, *_ATOMS)):
        now = {field.name: getattr(node, field.name) for field in fields(node)}
        new = {name: _rebuilt(value, done) for name, value in now.items()}
        found = replace(node, **new) if any(new[name] is not now[name] for name in now) else node
    else:
        return node
    done[id(node)] = found
    return found
