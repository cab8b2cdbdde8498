"""Dated tables and standards for all rows at once: what they say of each distinct code, looked up row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from subsidy_match.matching.vector import measuring
from subsidy_match.matching.vector.codes import Choices, Codes
from subsidy_match.matching.vector.comparing import compare
from subsidy_match.matching.vector.nodes import Node
from subsidy_match.matching.vector.spans import Bools, Ints, Spans, constant
from subsidy_match.rules.comparing import is_within
from subsidy_match.rules.grading import GRADES, NOT_COVERED, Line, StandardRow
from subsidy_match.rules.span import ANYTHING, Num, Span, hull
from subsidy_match.rules.tree import Op

if TYPE_CHECKING:
    from subsidy_match.matching.vector.views import View

__all__ = ["entries", "grades"]

_NAMES = (*GRADES, NOT_COVERED)
_UNCOVERED = 1 << len(GRADES)


# --- dated tables ---


def entries(view: View, node: Node) -> Spans:
    """The entry of a dated table for each row's key; a key that is not known may be any."""
    name, start, whole = node.params
    row = view.policies.parameters[str(name)].row(_day(start))
    values = row.values if row is not None else {}
    unknown = hull(map(Span.exactly, values.values())) if whole is True else ANYTHING
    key = view.measure(node.children[0])
    match key:
        case Codes(index=index, names=names):
            found = [_entry(values, [name]) for name in list(names.names)]
            return _stacked([*found, unknown]).take(index)
        case Choices(bits=bits):
            sets = [
                [n for place, n in enumerate(key.names) if code >> place & 1] for code in range(1 << len(key.names))
            ]
            return _stacked([_entry(values, some) if some else unknown for some in sets]).take(bits)
        case _:
            raise TypeError("a table is keyed by codes")


def _entry(values: Mapping[str | None, Num], keys: Iterable[str]) -> Span:
    found = [values.get(key) for key in keys]
    return hull(Span.exactly(number) if number is not None else ANYTHING for number in found)


def _stacked(spans: Sequence[Span]) -> Spans:
    """Intervals one below the other; an index of -1 takes the last."""
    columns = [constant(span) for span in spans]
    den = int(np.lcm.reduce(np.array([column.den for column in columns], dtype=object)))
    lo = [int(c.lo[0]) * (den // c.den) for c in columns]
    hi = [int(c.hi[0]) * (den // c.den) for c in columns]
    bound = max(map(abs, (*lo, *hi)))
    kind = np.int64 if bound < 1 << 62 else object
    no_lo, no_hi = (
        [gone is not None for gone in ends] for ends in zip(*((c.no_lo, c.no_hi) for c in columns), strict=True)
    )
    # a column of one element stands for equal values everywhere: two keep the look-up a look-up
    pad = 1 if len(columns) == 1 else 0
    low, high = (np.array(end + end[:pad], dtype=kind) for end in (lo, hi))
    return Spans(low, high, den, _mask(no_lo, pad), _mask(no_hi, pad), bound)


def _mask(gone: list[bool], pad: int) -> Bools | None:
    return np.array(gone + gone[:pad]) if any(gone) else None


# --- standards ---


def grades(view: View, node: Node) -> Choices:
    """The grades that are possible by a standard, for each row's industry and numbers."""
    name, start, numbers = node.params
    row = view.policies.standards[str(name)].row(_day(start)) if start is not None else None
    if row is None:
        return Choices(np.zeros(1, np.int64), _NAMES)
    industry, *values = node.children
    seen = view.measure(industry)
    if not isinstance(seen, Codes):
        raise TypeError("a standard looks at one industry")
    columns = {str(n): measuring.number(view, value) for n, value in zip(numbers, values, strict=True)}  # type: ignore[call-overload]
    lines, open_ends = _lines_of(row, list(seen.names.names))
    bits = open_ends[seen.index]
    for place, line in enumerate(row.scopes):
        wanted = lines[place][seen.index]
        if wanted.any():
            bits = bits | np.where(wanted, _line_bits(line, columns), 0)
    return Choices(bits, _NAMES)


def _lines_of(row: StandardRow, industries: list[str]) -> tuple[Ints, Ints]:
    """For each industry, and last for an unknown one: the lines that may be its own, and whether none may be."""
    answers = [[is_within(one, line.prefixes, line.barred) for line in row.scopes] for one in industries]
    sure = [True in held for held in answers]
    may = [[held is True if s else held is not False for held in said] for said, s in zip(answers, sure, strict=True)]
    may.append([True] * len(row.scopes))
    uncovered = [0 if s else _UNCOVERED for s in sure] + [_UNCOVERED]
    return np.array(may, dtype=np.bool_).T, np.array(uncovered, dtype=np.int64)


def _line_bits(line: Line, columns: Mapping[str, Spans]) -> Ints:
    """The grades from the worst that is possible to the best, as bits."""
    worst, best = (_reached(line, columns, sure=sure) for sure in (True, False))
    return np.asarray((np.int64(2) << best) - (np.int64(1) << worst))


def _reached(line: Line, columns: Mapping[str, Spans], *, sure: bool) -> Ints:
    found = np.array([len(GRADES)])
    for name, limits in line.limits.items():
        reached = np.zeros(1, np.int64)
        for limit in limits:
            truth = compare(columns[name], Op.AT_LEAST, constant(limit))
            reached = reached + (truth.sure if sure else truth.possible)
        found = np.minimum(found, reached)
    return found


def _day(day: object) -> date:
    if not isinstance(day, date):
        raise TypeError(f"{day!r} is not a day")
    return day
