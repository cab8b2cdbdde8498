"""Measuring values: every node of the language, as a span for numbers and dates, as a code or nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

from subsidy_match.rules.comparing import compare
from subsidy_match.rules.enterprise import Known, told_key
from subsidy_match.rules.reasons import Outcome, Read, Reason, Term
from subsidy_match.rules.span import ANYTHING, INFINITY, Num, Span, greatest, hull, least, ratio
from subsidy_match.rules.tree import (
    Add,
    Band,
    Best,
    Clamped,
    Condition,
    Count,
    Day,
    EachOf,
    Extreme,
    Fact,
    FieldOf,
    FirstOf,
    Grade,
    Has,
    Items,
    Kind,
    Literal,
    Multiply,
    Named,
    PaidUnder,
    Param,
    Quantified,
    Ratio,
    Rounded,
    Rows,
    Status,
    Subtract,
    Sum,
    Type,
    Value,
)
from subsidy_match.rules.truth import Truth, all_of

if TYPE_CHECKING:
    from subsidy_match.rules.frame import Frame

__all__ = ["measure"]

_NOTHING = Span.exactly(0)


def measure(frame: Frame, node: Value) -> Outcome:  # noqa: C901 (one arm a node of the language)
    """Work out a value: a span, a code, or None where a code is unknown."""
    match node:
        case Literal(value=value):
            return _outcome(value)
        case Fact():
            return _fact(frame, node)
        case FieldOf():
            return _field(frame, node)
        case Day():
            return Span.exactly(frame.day(node).toordinal())
        case Named():
            return _named(frame, node)
        case Has(of=condition):
            return _decided(frame, condition).decided
        case Items():
            return _counted((item.reason.truth for item in frame.items), open_rows=not frame.is_complete(None))
        case Add(of=of):
            return _added(frame.number(value) for value in of)
        case Subtract(of=of):
            return frame.number(of[0]) - _added(frame.number(value) for value in of[1:])
        case Multiply(of=of):
            return _multiplied(frame.number(value) for value in of)
        case Ratio(top=top, bottom=bottom):
            return ratio(frame.number(top), frame.number(bottom))
        case Best(of=of, least=smallest):
            return (least if smallest else greatest)([frame.number(value) for value in of])
        case Band():
            return _band(frame, node)
        case FirstOf():
            return _first_of(frame, node)
        case EachOf():
            return _each_of(frame, node)
        case Count(rows=rows):
            truths = [truth for truth, _ in _chosen(frame, rows)]
            _note_open(frame, node, rows)
            return _counted(truths, open_rows=not frame.is_complete(rows.collection))
        case Sum(rows=rows, take=take):
            _note_open(frame, node, rows)
            return _sum(frame, rows, take)
        case Extreme(rows=rows, take=take):
            _note_open(frame, node, rows)
            return _extreme(frame, rows, take)
        case Param():
            return _param(frame, node)
        case Grade():
            return _grade(frame, node)
        case PaidUnder(rows=rows):
            _note_open(frame, node, rows)
            return _paid(frame, rows)
        case Clamped(of=of, cap=cap, floor=floor):
            return _clamped(frame, of, cap, floor)
        case Rounded(of=of, step=step, mode=mode):
            return frame.number(of).rounded(step, mode)
        case _:
            assert_never(node)


def _fact(frame: Frame, node: Fact) -> Outcome:
    key = node.name if node.offset is None else f"{node.name}_{frame.period.year_of_facts + node.offset}"
    found = frame.case.enterprise.values.get(key)
    bounds = frame.case.enterprise.bounds.get(key)
    if node.told_by is not None and not (found is not None and found.is_by(node.told_by)):
        key = told_key(key, node.told_by)
        found = frame.case.enterprise.values.get(key)
    stale = frame.case.policies.catalogue.facts[node.name].stale_after
    old = _stale_since(found, stale.before(frame.case.as_of)) if found is not None and stale is not None else None
    if old is not None:
        frame.case.stale[key] = old
    if found is None or old is not None:
        value = _unknown(node.type, node.span) if bounds is None else bounds
        frame.log.append(Read(node, key, value, known=False))
        return value
    value = _outcome(found.value, node.type.scale)
    frame.log.append(Read(node, key, value, known=True, source=found.source))
    return value


def _field(frame: Frame, node: FieldOf) -> Outcome:
    raw = (frame.row or {}).get(node.name)
    value = _unknown(node.type, node.span) if raw is None else _outcome(raw, node.type.scale)
    frame.log.append(Read(node, f"{frame.element}.{node.name}", value, known=raw is not None, source=frame.row_source))
    return value


def _named(frame: Frame, node: Named) -> Outcome:
    cached = frame.cache.get(id(node))
    if cached is None:
        start = len(frame.log)
        value = frame.measure(node.of)
        frame.log.append(Term(node, value))
        # each entry once: values that use each other twice over would double the log at every step
        frame.log[start:] = {id(entry): entry for entry in frame.log[start:]}.values()
        frame.cache[id(node)] = value, frame.log[start:]
        return value
    frame.log.extend(cached[1])
    return cached[0]


# --- tables and branches ---


def _band(frame: Frame, node: Band) -> Span:
    measured = frame.number(node.of)
    possible: list[Span] = []
    for edge, value in node.steps:
        truth = compare(measured, node.op, Span.exactly(edge))
        if truth.possible:
            possible.append(frame.number(value))
        if truth.sure:
            return hull(possible)
    return hull([*possible, frame.number(node.otherwise)])


def _first_of(frame: Frame, node: FirstOf) -> Span:
    possible: list[Span] = []
    for branch in node.branches:
        truth = _decided(frame, branch.when)
        if truth.possible:
            possible.append(frame.number(branch.then))
        if truth.sure:
            return hull(possible)
    return hull([*possible, frame.number(node.otherwise) if node.otherwise else _NOTHING])


def _each_of(frame: Frame, node: EachOf) -> Span:
    truths = [_decided(frame, branch.when) for branch in node.branches]
    total = _NOTHING
    for truth, branch in zip(truths, node.branches, strict=True):
        if truth.possible:
            value = frame.number(branch.then)
            total = total + (value if truth.sure else hull([_NOTHING, value]))
    if node.otherwise is None or any(truth.sure for truth in truths):
        return total
    rest = frame.number(node.otherwise)
    return total + (hull([_NOTHING, rest]) if any(truth.possible for truth in truths) else rest)


# --- conditions inside values, and lists that are not complete ---


def _decided(frame: Frame, condition: Condition) -> Truth:
    """Decide a condition that a value depends on; what it looked at belongs to what the value was worked out from."""
    start = len(frame.log)
    reason = frame.decide(condition)
    del frame.log[start:]  # noted again below, from the reasons
    _note(frame, reason)
    return reason.truth


def _note(frame: Frame, reason: Reason) -> None:
    """Log what was seen, and what is not known only where it could still move the condition."""
    is_open = reason.truth.decided is None
    frame.log.extend(entry for entry in reason.log if is_open or not isinstance(entry, Read) or entry.known)
    node = reason.node
    if is_open and reason.open_rows and isinstance(node, Quantified | Status):
        frame.log.append(Read(Has(node), node.rows.collection or "", None, known=False))
    for child in reason.children:
        _note(frame, child)


def _note_open(frame: Frame, node: Count | Sum | Extreme | PaidUnder, rows: Rows) -> None:
    if not frame.is_complete(rows.collection):
        each = frame.policy.for_each
        name = rows.collection or (each.collection if each else "")
        frame.log.append(Read(node, name, ANYTHING, known=False))


# --- collections ---


def _chosen(frame: Frame, rows: Rows) -> Iterator[tuple[Truth, Frame]]:
    """The rows that may count, each with how sure that is; accepted items bring their own doubt."""
    for _, inner, accepted in frame.rows(rows.collection):
        truths = [accepted.truth] if accepted is not None else []
        truth = all_of([*truths, _decided(inner, rows.where)] if rows.where is not None else truths)
        if truth.possible:
            yield truth, inner
        frame.log.extend(inner.log)


def _counted(truths: Iterable[Truth], *, open_rows: bool) -> Span:
    several = list(truths)
    lo, hi = sum(t.sure for t in several), sum(t.possible for t in several)
    return Span(lo, INFINITY if open_rows else hi)


def _sum(frame: Frame, rows: Rows, take: Value) -> Span:
    total = _NOTHING
    for truth, inner in _chosen(frame, rows):
        value = inner.number(take)
        total = total + (value if truth.sure else hull([_NOTHING, value]))
    if frame.is_complete(rows.collection):
        return total
    return total + Span(0 if _unknown_number(take).lo >= 0 else -INFINITY, INFINITY)


def _extreme(frame: Frame, rows: Rows, take: Value) -> Span:
    empty = Span.exactly(0) if take.type.kind is Kind.NUMBER else Span(-INFINITY, -INFINITY)
    best = empty
    for truth, inner in _chosen(frame, rows):
        value = inner.number(take)
        best = greatest([best, value if truth.sure else hull([empty, value])])
    return best if frame.is_complete(rows.collection) else Span(best.lo, INFINITY)


def _paid(frame: Frame, rows: Rows) -> Span:
    spec = frame.case.policies.catalogue.collections["subsidy_history"].fields["amount"]
    return _sum(frame, rows, FieldOf(spec.name, spec.type, spec.span, spec.label))


# --- the rest ---


def _param(frame: Frame, node: Param) -> Span:
    table = frame.case.policies.parameters[node.name]
    row = table.row(frame.day(node.on))
    if row is None:
        frame.log.append(Read(node, node.name, ANYTHING, known=False))
        return ANYTHING
    key = frame.measure(node.key) if node.key is not None else None
    if node.key is not None and key is None:
        whole = node.key.type.codes in frame.case.policies.catalogue.enums  # only then has every code an entry
        value = hull(Span.exactly(number) for number in row.values.values()) if whole else ANYTHING
    else:
        value = _entry_of(row.values, key)
    frame.log.append(Read(node, node.name, value, known=value.is_known))
    return value


def _entry_of(values: Mapping[str | None, Num], key: Outcome) -> Span:
    """The entry for a key, or the span of those for all keys that are possible."""
    keys: Iterable[str | None] = key if isinstance(key, frozenset) else (key if isinstance(key, str) else None,)
    found = [values.get(one) for one in keys]
    return hull(Span.exactly(number) if number is not None else ANYTHING for number in found)


def _grade(frame: Frame, node: Grade) -> Outcome:
    """The grades that are possible; one is the grade."""
    row = frame.case.policies.standards[node.standard].row(frame.day(node.on))
    industry = frame.measure(node.industry)
    numbers = {name: frame.number(value) for name, value in node.numbers}
    if row is None:
        return None
    codes = industry if isinstance(industry, frozenset) else (industry if isinstance(industry, str) else None,)
    found = frozenset().union(*(row.grades(code, numbers) for code in codes))
    return next(iter(found)) if len(found) == 1 else found


def _clamped(frame: Frame, of: Value, cap: Value | None, floor: Value | None) -> Span:
    found = frame.number(of)
    if cap is not None:
        found = least([found, frame.number(cap)])
    return greatest([found, frame.number(floor)]) if floor is not None else found


def _outcome(value: Fraction | int | str | bool | date | tuple[str, ...], scale: int = 1) -> Outcome:
    match value:
        case bool() | str() | tuple():
            return value
        case date():
            return Span.exactly(value.toordinal())
        case _:
            return Span.exactly(Fraction(value, scale) if scale != 1 else value)


def _unknown(type_: Type, span: Span) -> Outcome:
    return span if type_.kind is Kind.NUMBER else ANYTHING if type_.kind is Kind.DATE else None


def _unknown_number(take: Value) -> Span:
    return take.span if isinstance(take, Fact | FieldOf) else ANYTHING


def _stale_since(found: Known, oldest: date) -> date | None:
    """The day of a value that is too old to be believed; one without a day is somebody's word for today."""
    day = found.source.as_of if found.source is not None else None
    return day if day is not None and day < oldest else None


def _added(spans: Iterator[Span]) -> Span:
    total = _NOTHING
    for span in spans:
        total = total + span
    return total


def _multiplied(spans: Iterator[Span]) -> Span:
    total = Span.exactly(1)
    for span in spans:
        total = total * span
    return total
