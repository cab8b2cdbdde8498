"""Deciding conditions: every node of the language, with the reason for what it came to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, assert_never

from subsidy_match.rules.comparing import compare, inside, is_within
from subsidy_match.rules.reasons import Outcome, Reason
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import (
    All,
    Any,
    AtLeastN,
    Between,
    Compare,
    Condition,
    Has,
    Includes,
    Is,
    Manual,
    Mark,
    Not,
    OneOfCodes,
    Quantified,
    Rows,
    Stated,
    Status,
    Within,
    WithinLast,
)
from subsidy_match.rules.truth import MANUAL, TRUE, UNKNOWN, Truth, all_of, any_of, at_least_n, known, negate

if TYPE_CHECKING:
    from subsidy_match.rules.frame import Frame

__all__ = ["decide"]


def decide(frame: Frame, node: Condition) -> Reason:
    """Decide one condition and say why."""
    match node:
        case All(of=of):
            children = tuple(frame.decide(child) for child in of)
            return Reason(node, all_of(c.truth for c in children), children=children)
        case Any(of=of):
            children = tuple(frame.decide(child) for child in of)
            return Reason(node, any_of(c.truth for c in children), children=children)
        case AtLeastN(of=of, count=count):
            children = tuple(frame.decide(child) for child in of)
            return Reason(node, at_least_n(count, (c.truth for c in children)), children=children)
        case Not(of=child):
            inner = frame.decide(child)
            return Reason(node, negate(inner.truth), children=(inner,))
        case Stated(of=child):
            inner = frame.decide(child)
            return Reason(node, inner.truth, children=(inner,))
        case Quantified(rows=rows, none=none):
            return _quantified(frame, node, rows, none=none)
        case Status():
            return _status(frame, node)
        case Manual():
            return Reason(node, MANUAL)
        case Compare() | Between() | WithinLast() | Is() | OneOfCodes() | Within() | Includes():
            return _compared(frame, node)
        case _:
            assert_never(node)


# --- rows and statuses ---


def _quantified(frame: Frame, node: Quantified, rows: Rows, *, none: bool) -> Reason:
    children = _row_reasons(frame, rows)
    open_rows = not frame.is_complete(rows.collection)
    truths = [child.truth for child in children]
    some = any_of([*truths, UNKNOWN] if open_rows else truths)
    return Reason(node, negate(some) if none else some, children=children, open_rows=open_rows)


def _row_reasons(frame: Frame, rows: Rows) -> tuple[Reason, ...]:
    found = []
    for key, inner, accepted in frame.rows(rows.collection):
        here = Mark(frame.policy.condition.mark.at)
        reason = inner.decide(rows.where) if rows.where is not None else Reason(All(here, ()), TRUE)
        if accepted is not None:  # an item that may not count makes no row sure
            both = (accepted, reason)
            reason = Reason(All(here, ()), all_of(part.truth for part in both), children=both)
        reason.key = key
        found.append(reason)
    return tuple(found)


def _status(frame: Frame, node: Status) -> Reason:
    children = _row_reasons(frame, node.rows)
    open_rows = not frame.is_complete(node.rows.collection)
    granted = tuple(reason for p in node.granted_by if (reason := frame.case.granted(p)) is not None)
    truths = [child.truth for child in (*children, *granted)]
    truth = any_of([*truths, UNKNOWN] if open_rows else truths)
    return Reason(node, truth, children=(*children, *granted), open_rows=open_rows)


# --- comparisons ---

_Comparison: TypeAlias = Compare | Between | WithinLast | Is | OneOfCodes | Within | Includes


def _compared(frame: Frame, node: _Comparison) -> Reason:
    start = len(frame.log)
    seen: Outcome = None
    wanted: tuple[Outcome, ...] = ()
    if isinstance(node, Is) and isinstance(node.value, Has):
        inner = frame.decide(node.value.of)
        same = inner.truth if node.code is True else negate(inner.truth)
        return Reason(node, negate(same) if node.negated else same, children=(inner,))
    seen = frame.measure(node.value)
    match node:
        case Compare(op=op, against=against):
            limit = frame.number(against)
            wanted, truth = (limit,), compare(_span(seen), op, limit)
        case Between(low=low, high=high):
            ends = frame.number(low), frame.number(high)
            wanted, truth = ends, inside(_span(seen), ends[0], ends[1])
        case WithinLast(length=length, anchor=anchor):
            last = frame.day(anchor)
            ends = Span.exactly(length.before(last).toordinal()), Span.exactly(last.toordinal())
            wanted, truth = ends, inside(_span(seen), ends[0], ends[1])
        case Is(code=code, negated=negated):
            wanted, truth = (code,), _agreed(seen, lambda one: (one == code) is not negated)
        case OneOfCodes(codes=codes):
            wanted, truth = (codes,), _agreed(seen, lambda one: one in codes)
        case Within():
            wanted = (node.inside,)
            truth = _agreed(seen, lambda one: is_within(str(one), node.prefixes, node.barred))
        case Includes(codes=codes):
            held = seen if isinstance(seen, tuple) else None
            wanted, truth = (codes,), known(None if held is None else set(codes) <= set(held))
        case _:
            assert_never(node)
    return Reason(node, truth, seen, wanted, tuple(frame.log[start:]))


def _agreed(seen: Outcome, test: Callable[[Outcome], bool | None]) -> Truth:
    """What a test says of a code; of one that is not known, what it says of every code that is possible."""
    if seen is None:
        return UNKNOWN
    said = {test(code) for code in seen} if isinstance(seen, frozenset) else {test(seen)}
    return known(said.pop()) if len(said) == 1 else UNKNOWN


def _span(outcome: Outcome) -> Span:
    if not isinstance(outcome, Span):
        raise TypeError(f"a number or a date was expected, not {outcome!r}")
    return outcome
