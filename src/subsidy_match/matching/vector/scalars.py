"""The plan's nodes for one firm, in exact plain numbers: each node once a firm, whatever policy asks for it.

Numbers and days are spans, codes are themselves, as for the reference evaluator; what is said here of a node is what that says
of the same expression, without the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, assert_never

from subsidy_match.matching.vector.deciding import agreement
from subsidy_match.matching.vector.nodes import Do, Node
from subsidy_match.matching.vector.plan import Plan
from subsidy_match.rules.comparing import compare, inside
from subsidy_match.rules.enterprise import Collection, Enterprise, Row
from subsidy_match.rules.reasons import Outcome
from subsidy_match.rules.span import ANYTHING, INFINITY, Span, greatest, hull, least, ratio
from subsidy_match.rules.tree import Kind
from subsidy_match.rules.truth import MANUAL, TRUE, UNKNOWN, Truth, all_of, any_of, at_least_n, known, negate

__all__ = ["FirmScalars", "known_value"]

_NOTHING, _ONE = Span.exactly(0), Span.exactly(1)
_EMPTY = Collection()


def known_value(firm: Enterprise, node: Node) -> Any:
    """The stored value of a fact, unless it is unknown or too old."""
    name, oldest = str(node.params[0]), node.params[4]
    fact, _, department = name.partition("@")
    found = firm.values.get(fact)
    if department and not (found is not None and found.is_by(department)):
        found = firm.values.get(name)
    if found is None:
        return None
    day = found.source.as_of if found.source is not None else None
    return None if oldest is not None and day is not None and day < oldest else found.value  # type: ignore[operator]


@dataclass(slots=True)
class FirmScalars:
    """One firm; or one row of its lists, with the firm around it."""

    plan: Plan
    firm: Enterprise
    around: FirmScalars | None = None
    row: Row = field(default_factory=dict)
    _values: dict[int, Outcome] = field(default_factory=dict)
    _truths: dict[int, Truth] = field(default_factory=dict)
    _rows: dict[str, list[FirmScalars]] = field(default_factory=dict)
    _open: dict[str, bool] = field(default_factory=dict)

    def measure(self, node_id: int) -> Outcome:
        """The value of a node; what does not look at the row is the firm's."""
        if node_id not in self._values:
            node = self.plan.nodes[node_id]
            here = self if self.around is None or node.local else None
            self._values[node_id] = _measure(self, node) if here is not None else self.whole.measure(node_id)
        return self._values[node_id]

    def decide(self, node_id: int) -> Truth:
        """The truth of a node; what does not look at the row is the firm's."""
        if node_id not in self._truths:
            node = self.plan.nodes[node_id]
            here = self if self.around is None or node.local else None
            self._truths[node_id] = _decide(self, node) if here is not None else self.whole.decide(node_id)
        return self._truths[node_id]

    def number(self, node_id: int) -> Span:
        """Measure a number or a day."""
        found = self.measure(node_id)
        if not isinstance(found, Span):
            raise TypeError(f"{self.plan.nodes[node_id].do} is not a number")
        return found

    @property
    def whole(self) -> FirmScalars:
        """The firm, whatever row is at hand."""
        return self.around or self

    def rows(self, collection: str) -> Sequence[FirmScalars]:
        """The rows of a list."""
        if collection not in self._rows:
            found = self.firm.collections.get(collection, _EMPTY)
            self._rows[collection] = [FirmScalars(self.plan, self.firm, self, row) for row in found.rows]
        return self._rows[collection]

    def is_open(self, collection: str) -> bool:
        """Whether a list may have more rows than were seen."""
        if collection not in self._open:
            spec = self.plan.policies.catalogue.collections[collection]
            found = self.firm.collections.get(collection, _EMPTY)
            self._open[collection] = not spec.is_complete(found, self.plan.as_of)
        return self._open[collection]


# --- values ---


def _measure(at: FirmScalars, node: Node) -> Outcome:  # noqa: C901 (one arm a node of the plan)
    several = node.children
    match node.do:
        case Do.FACT:
            return _stored(known_value(at.firm, node), node)
        case Do.FIELD:
            return _stored(at.row.get(str(node.params[0])), node)
        case Do.NUMBER:
            stored: Any = node.params[0]
            return Span(*stored) if isinstance(stored, tuple) else Span.exactly(stored)
        case Do.CODE:
            return node.params[0]  # type: ignore[return-value]
        case Do.TRUTH:
            return at.decide(several[0]).decided
        case Do.ADD:
            return _added(_numbers(at, several))
        case Do.SUBTRACT:
            return at.number(several[0]) - _added(_numbers(at, several[1:]))
        case Do.DAYS:
            return at.number(several[1]) - at.number(several[0])
        case Do.MULTIPLY:
            return _multiplied(_numbers(at, several))
        case Do.RATIO:
            return ratio(at.number(several[0]), at.number(several[1]))
        case Do.LEAST:
            return least(_numbers(at, several))
        case Do.GREATEST:
            return greatest(_numbers(at, several))
        case Do.BAND:
            return _band(at, node)
        case Do.FIRST:
            return _first(at, several)
        case Do.EACH:
            return _each(at, node)
        case Do.COUNT:
            return _count(at.whole, several[0])
        case Do.SUM:
            return _sum(at.whole, node)
        case Do.EXTREME:
            return _extreme(at.whole, node)
        case Do.PARAM:
            return _param(at, node)
        case Do.GRADE:
            return _grade(at, node)
        case Do.ROUND:
            return at.number(several[0]).rounded(*node.params)  # type: ignore[arg-type]
        case (
            Do.SLOT | Do.ROWS | Do.ALL | Do.ANY | Do.AT_LEAST_N | Do.NOT | Do.COMPARE | Do.BETWEEN | Do.AGREE | Do.INCLUDES
            | Do.SOME | Do.KEYED | Do.MANUAL
        ):  # fmt: skip
            raise TypeError(f"{node.do} is not a value of a firm")
        case _:
            assert_never(node.do)


def _stored(value: Any, node: Node) -> Outcome:
    """A value as it is stored; of one that is unknown what its kind is known to be."""
    kind, scale, span = node.params[1:4]
    if value is None:
        return Span(*span) if kind is Kind.NUMBER else ANYTHING if kind is Kind.DATE else None  # type: ignore[misc]
    if isinstance(value, bool | str | tuple):
        return value
    if isinstance(value, date):
        return Span.exactly(value.toordinal())
    return Span.exactly(Fraction(value, int(str(scale))) if scale != 1 else value)


def _numbers(at: FirmScalars, node_ids: Sequence[int]) -> Iterator[Span]:
    return (at.number(node_id) for node_id in node_ids)


def _added(several: Iterable[Span]) -> Span:
    total = _NOTHING
    for one in several:
        total = total + one
    return total


def _multiplied(several: Iterable[Span]) -> Span:
    total = _ONE
    for one in several:
        total = total * one
    return total


def _perhaps(truth: Truth, value: Span) -> Span:
    return value if truth.sure else hull([_NOTHING, value])


def _band(at: FirmScalars, node: Node) -> Span:
    of, *steps, otherwise = node.children
    measured, possible = at.number(of), []
    for edge, value in zip(steps[::2], steps[1::2], strict=True):
        truth = compare(measured, node.params[0], at.number(edge))  # type: ignore[arg-type]
        if truth.possible:
            possible.append(at.number(value))
        if truth.sure:
            return hull(possible)
    return hull([*possible, at.number(otherwise)])


def _first(at: FirmScalars, children: Sequence[int]) -> Span:
    *branches, otherwise = children
    possible = []
    for when, then in zip(branches[::2], branches[1::2], strict=True):
        truth = at.decide(when)
        if truth.possible:
            possible.append(at.number(then))
        if truth.sure:
            return hull(possible)
    return hull([*possible, at.number(otherwise)])


def _each(at: FirmScalars, node: Node) -> Span:
    has_rest = bool(node.params[0])
    branches = node.children[:-1] if has_rest else node.children
    truths = [at.decide(when) for when in branches[::2]]
    pairs = zip(truths, branches[1::2], strict=True)
    total = _added(_perhaps(truth, at.number(then)) for truth, then in pairs if truth.possible)
    if not has_rest or any(truth.sure for truth in truths):
        return total
    rest = at.number(node.children[-1])
    return total + (hull([_NOTHING, rest]) if any(truth.possible for truth in truths) else rest)


# --- lists and tables ---


def _chosen(firm: FirmScalars, rows_id: int) -> Iterator[tuple[Truth, FirmScalars]]:
    """The rows that may count, each with how sure that is."""
    node = firm.plan.nodes[rows_id]
    for row in firm.rows(str(node.params[0])):
        truth = all_of(row.decide(child) for child in node.children)
        if truth.possible:
            yield truth, row


def _is_open(firm: FirmScalars, rows_id: int) -> bool:
    return firm.is_open(str(firm.plan.nodes[rows_id].params[0]))


def _count(firm: FirmScalars, rows_id: int) -> Span:
    truths = [truth for truth, _ in _chosen(firm, rows_id)]
    return Span(sum(truth.sure for truth in truths), INFINITY if _is_open(firm, rows_id) else len(truths))


def _sum(firm: FirmScalars, node: Node) -> Span:
    rows, take = node.children
    total = _added(_perhaps(truth, row.number(take)) for truth, row in _chosen(firm, rows))
    return total + Span(-INFINITY if bool(node.params[0]) else 0, INFINITY) if _is_open(firm, rows) else total


def _extreme(firm: FirmScalars, node: Node) -> Span:
    rows, take = node.children
    empty = _NOTHING if bool(node.params[0]) else Span(-INFINITY, -INFINITY)
    values = [(truth, row.number(take)) for truth, row in _chosen(firm, rows)]
    best = greatest([empty, *(value if truth.sure else hull([empty, value]) for truth, value in values)])
    return Span(best.lo, INFINITY) if _is_open(firm, rows) else best


def _param(at: FirmScalars, node: Node) -> Span:
    table, start, whole = node.params
    row = at.plan.policies.parameters[str(table)].row(start)  # type: ignore[arg-type]
    if row is None:
        return ANYTHING
    key = at.measure(node.children[0])
    if key is None:
        return hull(map(Span.exactly, row.values.values())) if bool(whole) else ANYTHING
    found = [row.values.get(one) for one in (key if isinstance(key, frozenset) else (str(key),))]
    return hull(ANYTHING if number is None else Span.exactly(number) for number in found)


def _grade(at: FirmScalars, node: Node) -> Outcome:
    standard, start, names = node.params
    row = None if start is None else at.plan.policies.standards[str(standard)].row(start)  # type: ignore[arg-type]
    if row is None:
        return None
    industry, *numbers = node.children
    code, seen = at.measure(industry), dict(zip(names, _numbers(at, numbers), strict=True))  # type: ignore[call-overload]
    codes = code if isinstance(code, frozenset) else (code if isinstance(code, str) else None,)
    found: frozenset[str] = frozenset().union(*(row.grades(one, seen) for one in codes))
    return next(iter(found)) if len(found) == 1 else found


# --- conditions ---


def _decide(at: FirmScalars, node: Node) -> Truth:  # noqa: C901 (one arm a node of the plan)
    several = node.children
    match node.do:
        case Do.ALL:
            return all_of(at.decide(child) for child in several)
        case Do.ANY:
            return any_of(at.decide(child) for child in several)
        case Do.AT_LEAST_N:
            return at_least_n(int(str(node.params[0])), (at.decide(child) for child in several))
        case Do.NOT:
            return negate(at.decide(several[0]))
        case Do.COMPARE:
            return compare(at.number(several[0]), node.params[0], at.number(several[1]))  # type: ignore[arg-type]
        case Do.BETWEEN:
            return inside(*_numbers(at, several))
        case Do.AGREE:
            return _agreed(at.measure(several[0]), node)
        case Do.INCLUDES:
            held: Any = at.measure(several[0])
            return known(set(node.params[0]) <= set(held) if isinstance(held, tuple) else None)  # type: ignore[call-overload]
        case Do.SOME:
            truths = [truth for truth, _ in _chosen(at.whole, several[0])]
            return any_of([*truths, UNKNOWN] if _is_open(at.whole, several[0]) else truths)
        case Do.KEYED:
            return UNKNOWN if at.measure(several[0]) is None else TRUE
        case Do.MANUAL:
            return MANUAL
        case (
            Do.FACT | Do.FIELD | Do.NUMBER | Do.CODE | Do.SLOT | Do.TRUTH | Do.ADD | Do.SUBTRACT | Do.DAYS | Do.MULTIPLY | Do.RATIO
            | Do.LEAST | Do.GREATEST | Do.BAND | Do.FIRST | Do.EACH | Do.COUNT | Do.SUM | Do.EXTREME | Do.PARAM
            | Do.GRADE | Do.ROUND | Do.ROWS
        ):  # fmt: skip
            raise TypeError(f"{node.do} is not a condition")
        case _:
            assert_never(node.do)


def _agreed(seen: Outcome, node: Node) -> Truth:
    """What a test says of a code; of one that is not known, what it says of every code that is possible."""
    if seen is None:
        return UNKNOWN
    test: Any = agreement(*node.params)
    said = {test(code) for code in seen} if isinstance(seen, frozenset) else {test(seen)}
    return known(said.pop()) if len(said) == 1 else UNKNOWN
