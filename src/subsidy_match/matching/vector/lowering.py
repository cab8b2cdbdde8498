"""From the typed tree of a policy to the nodes of a plan: names, days and tables are resolved for one day of evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import assert_never

from subsidy_match.matching.vector.clocks import Clock
from subsidy_match.matching.vector.nodes import Do, Nodes
from subsidy_match.rules.enterprise import told_key
from subsidy_match.rules.policy import ForEach, GrantedBy, Policy, PolicySet
from subsidy_match.rules.span import ANYTHING, Span
from subsidy_match.rules.tree import (
    Add,
    All,
    Any,
    AtLeastN,
    Band,
    Best,
    Between,
    Branch,
    Clamped,
    Compare,
    Condition,
    Count,
    Day,
    DayName,
    EachOf,
    Extreme,
    Fact,
    FieldOf,
    FirstOf,
    Grade,
    Has,
    Includes,
    Is,
    Items,
    Kind,
    Literal,
    Manual,
    Multiply,
    Named,
    Not,
    OneOfCodes,
    PaidUnder,
    Param,
    Quantified,
    Ratio,
    Rounded,
    Rows,
    Stated,
    Status,
    Subtract,
    Sum,
    Type,
    Value,
    Within,
    WithinLast,
)
from subsidy_match.units import Duration

__all__ = ["Lowered", "Lowering"]

_HISTORY = "subsidy_history"
_NO_TIME = Duration()


@dataclass(frozen=True, slots=True, eq=False)
class Lowered:
    """One policy as nodes: its condition, the rows it is claimed for, and what it pays before rounding."""

    policy: Policy
    condition: int
    items: int | None
    each: int | None
    total: int | None
    cap: int | None

    @property
    def roots(self) -> tuple[int, ...]:
        """Its nodes."""
        return tuple(p for p in (self.condition, self.items, self.each, self.total, self.cap) if p is not None)

    def moved(self, places: Mapping[int, int]) -> Lowered:
        """The same with its nodes in other places."""
        items, each, total, cap = (
            None if p is None else places[p] for p in (self.items, self.each, self.total, self.cap)
        )
        return Lowered(self.policy, places[self.condition], items, each, total, cap)


@dataclass(slots=True)
class Lowering:
    """Lowers the policies of one set for one day."""

    policies: PolicySet
    as_of: date
    nodes: Nodes = field(default_factory=Nodes)
    _granted: dict[str, int] = field(default_factory=dict)

    def policy(self, policy: Policy) -> Lowered:
        """Lower one policy."""
        here = _Here(self, policy)
        terms = policy.amount
        each, total, cap = (None, None, None) if terms is None else (terms.each, terms.total, terms.cap)
        return Lowered(
            policy,
            here.condition(policy.condition),
            here.items() if policy.for_each else None,
            None if each is None else here.value(each),
            None if total is None else here.value(total),
            None if cap is None else here.value(cap),
        )

    def granted(self, policy_id: str) -> int | None:
        """Whether a firm meets the policy that grants a status, with whichever of its rows."""
        policy = self.policies.find(policy_id, self.as_of)
        if policy is None or policy.grants is None or policy.grants.by is GrantedBy.CERTIFICATE:
            return None
        if policy_id not in self._granted:
            here = _Here(self, policy)
            parts = [here.condition(policy.condition)]
            parts += [self.nodes.add(Do.SOME, [here.items()])] if policy.for_each else []
            self._granted[policy_id] = self.nodes.add(Do.ALL, parts)
        return self._granted[policy_id]


@dataclass(slots=True)
class _Here:
    """One policy being lowered; a tree node that is met again is the same plan node."""

    into: Lowering
    policy: Policy
    _values: dict[int, int] = field(default_factory=dict)
    _conditions: dict[int, int] = field(default_factory=dict)

    def value(self, node: Value) -> int:
        """The plan node of a value."""
        if id(node) not in self._values:
            self._values[id(node)] = self._value(node)
        return self._values[id(node)]

    def condition(self, node: Condition) -> int:
        """The plan node of a condition."""
        if id(node) not in self._conditions:
            self._conditions[id(node)] = self._condition(node)
        return self._conditions[id(node)]

    def items(self) -> int:
        """The rows that the policy is claimed for, those that count."""
        each = self._each()
        parts = [self.condition(each.item_if)] if each.item_if is not None else []
        key = self.into.policies.catalogue.collections[each.collection].fields[each.key]
        keyed = self._add(Do.KEYED, [self._field(key.name, key.type, key.span)])
        return self._add(Do.ROWS, [*parts, keyed], each.collection)

    # --- values ---

    def _value(self, node: Value) -> int:  # noqa: C901 (one arm a node of the language)
        match node:
            case Literal(value=value):
                return self._literal(value)
            case Fact():
                return self._fact(node)
            case FieldOf(name=name, type=type_, span=span):
                return self._field(name, type_, span)
            case Day():
                return self._named_day(node)
            case Named(of=of):
                return self.value(of)
            case Has(of=of):
                return self._add(Do.TRUTH, [self.condition(of)])
            case Items():
                return self._add(Do.COUNT, [self.items()])
            case Add(of=of):
                return self._add(Do.ADD, self._several(of))
            case Subtract(of=of):
                if of[0].type.kind is Kind.DATE:
                    return self._add(Do.DAYS, self._several((of[1], of[0])))
                return self._add(Do.SUBTRACT, self._several(of))
            case Multiply(of=of):
                return self._add(Do.MULTIPLY, self._several(of))
            case Ratio(top=top, bottom=bottom):
                return self._add(Do.RATIO, self._several((top, bottom)))
            case Best(of=of, least=least):
                return self._add(Do.LEAST if least else Do.GREATEST, self._several(of))
            case Band():
                return self._band(node)
            case FirstOf(branches=branches, otherwise=otherwise):
                rest = self.value(otherwise) if otherwise else self._number(0)
                return self._add(Do.FIRST, [*self._branches(branches), rest])
            case EachOf(branches=branches, otherwise=otherwise):
                ends = [self.value(otherwise)] if otherwise else []
                return self._add(Do.EACH, [*self._branches(branches), *ends], bool(ends))
            case Count(rows=rows):
                return self._add(Do.COUNT, [self._rows(rows)])
            case Sum(rows=rows, take=take):
                return self._sum(rows, take)
            case Extreme(rows=rows, take=take):
                is_number = take.type.kind is Kind.NUMBER
                return self._add(Do.EXTREME, [self._rows(rows), self.value(take)], is_number)
            case Param():
                return self._param(node)
            case Grade():
                return self._grade(node)
            case PaidUnder(rows=rows):
                spec = self.into.policies.catalogue.collections[_HISTORY].fields["amount"]
                taken = self._field(spec.name, spec.type, spec.span)
                return self._add(Do.SUM, [self._rows(rows), taken], not spec.span.lo >= 0)
            case Clamped(of=of, cap=cap, floor=floor):
                found = self.value(of)
                found = found if cap is None else self._add(Do.LEAST, [found, self.value(cap)])
                return found if floor is None else self._add(Do.GREATEST, [found, self.value(floor)])
            case Rounded(of=of, step=step, mode=mode):
                return self._add(Do.ROUND, [self.value(of)], step, mode)
            case _:
                assert_never(node)

    def _literal(self, value: int | Fraction | date | str | bool) -> int:
        if isinstance(value, bool | str):
            return self._add(Do.CODE, [], value)
        return self._day(value) if isinstance(value, date) else self._number(value)

    def _fact(self, node: Fact) -> int:
        offset = node.offset
        column = (
            node.name if offset is None else f"{node.name}_{self.policy.period(self.into.as_of).year_of_facts + offset}"
        )
        if node.told_by is not None:
            column = told_key(column, node.told_by)
        stale = self.into.policies.catalogue.facts[node.name].stale_after
        oldest = stale.before(self.into.as_of) if stale else None
        return self._add(Do.FACT, [], column, node.type.kind, node.type.scale, _plain(node.span), oldest)

    def _field(self, name: str, type_: Type, span: Span) -> int:
        return self._add(Do.FIELD, [], name, type_.kind, type_.scale, _plain(span))

    def _band(self, node: Band) -> int:
        steps = [part for edge, value in node.steps for part in (self._number(edge), self.value(value))]
        return self._add(Do.BAND, [self.value(node.of), *steps, self.value(node.otherwise)], node.op)

    def _branches(self, branches: tuple[Branch, ...]) -> list[int]:
        return [part for branch in branches for part in (self.condition(branch.when), self.value(branch.then))]

    def _sum(self, rows: Rows, take: Value) -> int:
        least = take.span.lo if isinstance(take, Fact | FieldOf) else -math.inf
        return self._add(Do.SUM, [self._rows(rows), self.value(take)], not least >= 0)

    def _param(self, node: Param) -> int:
        row = self.into.policies.parameters[node.name].row(self.policy.day(node.on, self.into.as_of))
        if row is None:
            return self._number(ANYTHING)
        if node.key is None:
            only = row.values.get(None)
            return self._number(ANYTHING if only is None else only)
        whole = node.key.type.codes in self.into.policies.catalogue.enums  # only then has every code an entry
        return self._add(Do.PARAM, [self.value(node.key)], node.name, row.start, whole)

    def _grade(self, node: Grade) -> int:
        row = self.into.policies.standards[node.standard].row(self.policy.day(node.on, self.into.as_of))
        names = tuple(name for name, _ in node.numbers)
        children = self._several((node.industry, *(value for _, value in node.numbers)))
        return self._add(Do.GRADE, children, node.standard, row.start if row else None, names)

    def _several(self, values: tuple[Value, ...]) -> list[int]:
        return [self.value(value) for value in values]

    # --- rows ---

    def _rows(self, rows: Rows) -> int:
        parts = [] if rows.where is None else [self.condition(rows.where)]
        if rows.collection is not None:
            return self._add(Do.ROWS, parts, rows.collection)
        accepted = self.into.nodes[self.items()]
        return self._add(Do.ROWS, [*accepted.children, *parts], *accepted.params)

    def _each(self) -> ForEach:
        if self.policy.for_each is None:
            raise AssertionError(self.policy.key)  # the loader refuses items without for_each
        return self.policy.for_each

    # --- conditions ---

    def _condition(self, node: Condition) -> int:  # noqa: C901 (one arm a node of the language)
        match node:
            case All(of=of):
                return self._add(Do.ALL, [self.condition(child) for child in of])
            case Any(of=of):
                return self._add(Do.ANY, [self.condition(child) for child in of])
            case AtLeastN(of=of, count=count):
                return self._add(Do.AT_LEAST_N, [self.condition(child) for child in of], count)
            case Not(of=child):
                return self._add(Do.NOT, [self.condition(child)])
            case Stated(of=child):
                return self.condition(child)
            case Quantified(rows=rows, none=none):
                some = self._add(Do.SOME, [self._rows(rows)])
                return self._add(Do.NOT, [some]) if none else some
            case Status(rows=rows, granted_by=granted_by):
                granted = [found for p in granted_by if (found := self.into.granted(p)) is not None]
                held = self._add(Do.SOME, [self._rows(rows)])
                return self._add(Do.ANY, [held, *granted]) if granted else held
            case Manual():
                return self._add(Do.MANUAL)
            case Compare(value=value, op=op, against=against):
                return self._add(Do.COMPARE, [self.value(value), self.value(against)], op)
            case Between(value=value, low=low, high=high):
                return self._add(Do.BETWEEN, self._several((value, low, high)))
            case WithinLast(value=value, length=length, anchor=anchor):
                return self._add(
                    Do.BETWEEN, [self.value(value), self._named_day(anchor, length), self._named_day(anchor)]
                )
            case Is(value=Has(of=of), code=code, negated=negated):
                inner = self.condition(of)
                return inner if (code is True) is not negated else self._add(Do.NOT, [inner])
            case Is(value=value, code=code, negated=negated):
                return self._add(Do.AGREE, [self.value(value)], "is not" if negated else "is", (code,))
            case OneOfCodes(value=value, codes=codes):
                return self._add(Do.AGREE, [self.value(value)], "one of", codes)
            case Within(value=value, prefixes=prefixes, barred=barred):
                return self._add(Do.AGREE, [self.value(value)], "within", prefixes, barred)
            case Includes(value=value, codes=codes):
                return self._add(Do.INCLUDES, [self.value(value)], codes)
            case _:
                assert_never(node)

    # --- parts ---

    def _day(self, day: date) -> int:
        return self._number(day.toordinal())

    def _named_day(self, node: Day, back: Duration = _NO_TIME) -> int:
        """A date of the claim, or so long before it; one that goes with the day of evaluation remembers how."""
        day = back.before(self.policy.day(node, self.into.as_of))
        if node.name is not DayName.AS_OF:
            return self._day(day)
        return self._add(Do.NUMBER, [], Fraction(day.toordinal()), Clock(node.offset, back))

    def _number(self, number: int | Fraction | Span) -> int:
        shown = number if isinstance(number, Span) else Fraction(number)
        return self._add(Do.NUMBER, [], _plain(shown) if isinstance(shown, Span) else shown)

    def _add(self, do: Do, children: list[int] | None = None, *params: object) -> int:
        return self.into.nodes.add(do, children or [], *params)


def _plain(span: Span) -> tuple[object, object]:
    """A span as a key: infinities stay floats."""
    return span.lo, span.hi
