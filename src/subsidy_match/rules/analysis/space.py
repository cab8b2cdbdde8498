"""The enterprises that are possible, cut into pieces: the values at which a policy changes its mind part the ranges of facts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import TypeAlias

from subsidy_match.rules.analysis.places import Placed, placed
from subsidy_match.rules.catalogue import BaseFact, CollectionSpec, FieldSpec
from subsidy_match.rules.codes import industry_prefixes, region_prefixes
from subsidy_match.rules.enterprise import Collection, Enterprise, Known, Scalar
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.frame import Frame
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.span import Num, Span
from subsidy_match.rules.tree import (
    Band,
    Between,
    Compare,
    Day,
    Fact,
    FieldOf,
    Grade,
    Is,
    Kind,
    Literal,
    Named,
    OneOfCodes,
    Param,
    Type,
    Value,
    Within,
    WithinLast,
)

__all__ = ["NOBODY", "Space", "space_of"]

Points: TypeAlias = dict[str, set[Num]]
NOBODY = Enterprise("91320800MA00000000", "", {})
_FAR = (10**10, 10**14)  # 1亿元 and 1万亿元 in 分: fields of rows are tried there as well
_LAST = 10**15
_ELSEWHERE = {"region": "110101", "industry": "9999"}


@dataclass(frozen=True, slots=True)
class Space:
    """What may vary for some policies on a day: the critical numbers, days and codes of each fact and field."""

    policies: PolicySet
    as_of: date
    numbers: Mapping[str, set[Num]]
    days: tuple[int, ...]
    codes: Mapping[str, tuple[str, ...]]
    inexact: set[str] = field(
        default_factory=set
    )  # lists whose rows were only sampled, so that nothing is proved by them

    def pieces(self, firm: Enterprise, key: str) -> Iterator[Enterprise]:
        """The parts of ``firm`` that differ in one unknown; none where it cannot be cut further."""
        catalogue = self.policies.catalogue
        if key in catalogue.collections:
            self.inexact.add(key)
            yield from self._lists(firm, catalogue.collections[key])
        elif "." in key:
            name, _, column = key.partition(".")
            self.inexact.add(name)
            yield from self._columns(firm, name, catalogue.collections[name].fields[column])
        elif key not in firm.values:
            fact = catalogue.facts.get(key) or catalogue.facts[key.rpartition("_")[0]]
            yield from self._parts(firm, key, fact)

    def _parts(self, firm: Enterprise, key: str, fact: BaseFact) -> Iterator[Enterprise]:
        if fact.type.kind in (Kind.NUMBER, Kind.DATE):
            held = firm.bounds.get(key)
            whole = held if isinstance(held, Span) else _whole(fact)
            for part in self._cuts(fact.name, fact.type, whole):
                yield replace(firm, bounds={**firm.bounds, key: part})
        else:
            for value in self.values(fact.name, fact.type):
                yield replace(firm, values={**firm.values, key: Known(value)})

    def _cuts(self, name: str, type_: Type, whole: Span) -> Iterator[Span]:
        points = self.days if type_.kind is Kind.DATE else sorted(self.numbers.get(name, ()))
        inside = [point for point in points if whole.lo <= point <= whole.hi and whole.lo != whole.hi]
        step = Fraction(1, type_.scale) if type_.scale != 1 else 1
        if not inside and not whole.is_known:
            inside = [_middle(whole, step)]
        below = whole.lo
        for point in inside:
            if below < point:
                yield Span(below, point - step)
            yield Span(point, point)
            below = point + step
        if inside and below <= whole.hi:
            yield Span(below, whole.hi)

    def values(self, name: str, type_: Type) -> tuple[Scalar, ...]:
        """The codes, words and days that matter for a fact or a field."""
        known = tuple(self.policies.catalogue.enums.get(type_.codes or "", ()))
        match type_.kind:
            case Kind.BOOL:
                return (True, False)
            case Kind.CODES:
                return (known, ())
            case Kind.DATE:
                return tuple(date.fromordinal(day + by) for day in self.days for by in (0, -1, 1))
            case Kind.NUMBER:
                points = {p + by for p in self.numbers.get(name, ()) for by in (0, -1, 1)}
                return tuple(int(p * type_.scale) for p in sorted({*points, *_FAR, 0, 1, 100}) if p >= 0)
            case _:
                return known or (*self.codes.get(name, ()), _ELSEWHERE.get(type_.codes or "", "其他"))

    # --- lists ---

    def _lists(self, firm: Enterprise, spec: CollectionSpec) -> Iterator[Enterprise]:
        for count in (1, 0, 2):
            rows = tuple({name: _name(spec, name, n) for name in spec.fields} for n in range(count))
            found = Collection(rows, dict.fromkeys(spec.complete_from, date.max))
            if spec.name not in firm.collections:
                yield replace(firm, collections={**firm.collections, spec.name: found})

    def _columns(self, firm: Enterprise, name: str, spec: FieldSpec) -> Iterator[Enterprise]:
        held = firm.collections.get(name, Collection())
        at = next((n for n, row in enumerate(held.rows) if row.get(spec.name) is None), None)
        if at is None:
            return
        for value in self.values(f"{name}.{spec.name}", spec.type):
            rows = (*held.rows[:at], {**held.rows[at], spec.name: value}, *held.rows[at + 1 :])
            yield replace(firm, collections={**firm.collections, name: replace(held, rows=rows)})


def space_of(policies: PolicySet, of: tuple[Policy, ...], as_of: date) -> Space:
    """The space in which some policies decide."""
    numbers: Points = defaultdict(set)
    codes: dict[str, set[str]] = defaultdict(set)
    days: set[int] = {as_of.toordinal()}
    for policy in of:
        frame = Frame(Evaluator(policies, NOBODY, as_of), policy)
        for spot in placed(policy):
            _collect(spot, frame, numbers, days, codes)
    bounded = tuple(sorted(day for day in days if 366 < day < date.max.toordinal() - 366))
    return Space(policies, as_of, numbers, bounded, {name: tuple(sorted(found)) for name, found in codes.items()})


def _collect(  # noqa: C901 (one arm a node that draws a line)
    spot: Placed, frame: Frame, numbers: Points, days: set[int], codes: dict[str, set[str]]
) -> None:
    match spot.node:
        case Compare(value=value, against=against):
            _edge(numbers, spot, value, _literals(frame, against))
            _edge(numbers, spot, against, _literals(frame, value))
        case Between(value=value, low=low, high=high):
            _edge(numbers, spot, value, [*_literals(frame, low), *_literals(frame, high)])
        case Band(of=of, steps=steps):
            _edge(numbers, spot, of, [edge for edge, _ in steps])
        case WithinLast(length=length, anchor=anchor):
            days.add(length.before(frame.day(anchor)).toordinal())
        case Day():
            days.add(frame.day(spot.node).toordinal())
        case Literal(value=date() as day):
            days.add(day.toordinal())
        case Is(value=value, code=str(code)):
            codes[_named(spot, value)].add(code)
        case OneOfCodes(value=value, codes=several):
            codes[_named(spot, value)].update(several)
        case Within(value=value, prefixes=prefixes, barred=barred):
            codes[_named(spot, value)].update(_full(value, prefix) for prefix in (*prefixes, *barred))
        case Grade(industry=industry):
            codes[_named(spot, industry)].update(_full(industry, prefix) for prefix in _graded(frame, spot.node))
        case _:
            pass


def _graded(frame: Frame, node: Grade) -> tuple[str, ...]:
    row = frame.case.policies.standards[node.standard].row(frame.day(node.on))
    scopes = row.scopes if row is not None else ()
    return tuple(prefix for scope in scopes for prefix in (*scope.prefixes, *scope.barred))


def _edge(numbers: Points, spot: Placed, value: Value, edges: list[Num]) -> None:
    if name := _named(spot, value):
        numbers[name].update(edges)


def _named(spot: Placed, value: Value) -> str:
    while isinstance(value, Named):
        value = value.of
    match value:
        case Fact(name=name):
            return name
        case FieldOf(name=name):
            return f"{spot.element}.{name}"
        case _:
            return ""


def _literals(frame: Frame, value: Value) -> list[Num]:
    match value:
        case Literal(value=int() | Fraction() as number):
            return [number]
        case Param(key=None):
            found = frame.number(value)
            return [found.lo] if found.is_known and not isinstance(found.lo, float) else []
        case Band(steps=steps, otherwise=otherwise):
            return [n for part in (*(v for _, v in steps), otherwise) for n in _literals(frame, part)]
        case _:
            return []


def _full(value: Value, prefix: str) -> str:
    if value.type.codes == "region":
        return (
            prefix.ljust(6, "0") if len(prefix) == 6 else prefix + "99"[: 6 - len(prefix)].ljust(6 - len(prefix), "9")
        )
    return prefix.ljust(4, "9") if industry_prefixes(prefix) and not region_prefixes(prefix) else prefix


def _whole(fact: BaseFact) -> Span:
    if fact.type.kind is Kind.DATE:
        return Span(date(1900, 1, 1).toordinal(), date(2100, 1, 1).toordinal())
    return Span(max(fact.span.lo, -_LAST), min(fact.span.hi, _LAST))


def _middle(whole: Span, step: Num) -> Num:
    lo, hi = Fraction(whole.lo), Fraction(whole.hi)
    if lo <= 0 <= hi:
        return 0 if lo < 0 or hi < 10**6 * step else 10**6 * step  # nothing, and then more than a trifle
    inner = Fraction(math.isqrt(int(lo * hi / step / step))) * step if lo > 0 else (lo + hi) / 2 // step * step
    return min(max(inner, lo), hi)


def _name(spec: CollectionSpec, name: str, number: int) -> Scalar | None:
    return f"示例{number + 1}" if name in spec.key and spec.fields[name].type.kind is Kind.TEXT else None
