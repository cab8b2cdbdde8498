"""Measuring plan nodes: every value of the language for all rows of a view at once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from subsidy_match.matching.vector import lookups, rows, spans
from subsidy_match.matching.vector.codes import Codes, Flags, Names
from subsidy_match.matching.vector.comparing import Quotients, compare, divided, quotient
from subsidy_match.matching.vector.nodes import Do, Node
from subsidy_match.matching.vector.spans import Bools, Spans
from subsidy_match.rules.span import Span

if TYPE_CHECKING:
    from subsidy_match.matching.vector.blocks import Column
    from subsidy_match.matching.vector.views import View

__all__ = ["measure", "number", "numeric"]

_NOTHING = spans.constant(0)


def measure(view: View, node: Node) -> Column:  # noqa: C901 (one arm a node of the plan)
    """Work out a value for every row."""
    several = node.children
    match node.do:
        case Do.FACT:
            return view.fact(node)  # type: ignore[union-attr]  # a fact is never local, so the view is one of firms
        case Do.FIELD:
            return view.field(node)  # type: ignore[union-attr]  # and a field is only met in a row
        case Do.NUMBER:
            return spans.constant(_number(node.params[0]))
        case Do.CODE:
            return _code(node.params[0])
        case Do.SLOT:
            return view.slots[int(str(node.params[0]))]
        case Do.TRUTH:
            truth = view.decide(several[0])
            return Flags(truth.sure, truth.sure | ~truth.possible)
        case Do.ADD:
            return spans.add(_numbers(view, several))
        case Do.SUBTRACT:
            first, *others = _numbers(view, several)
            return spans.subtract(first, others)
        case Do.DAYS:
            return spans.days(number(view, several[0]), number(view, several[1]))
        case Do.MULTIPLY:
            return _product(_numbers(view, several))
        case Do.RATIO:
            return quotient(number(view, several[0]), number(view, several[1]))
        case Do.LEAST | Do.GREATEST:
            return spans.extremes(_numbers(view, several), least=node.do is Do.LEAST)
        case Do.BAND:
            return _band(view, node)
        case Do.FIRST:
            return _first(view, node)
        case Do.EACH:
            return _each(view, node)
        case Do.COUNT:
            return rows.count(view, several[0])
        case Do.SUM:
            return rows.total(view, several[0], several[1], takes_away=bool(node.params[0]))
        case Do.EXTREME:
            return rows.greatest(view, several[0], several[1], is_number=bool(node.params[0]))
        case Do.PARAM:
            return lookups.entries(view, node)
        case Do.GRADE:
            return lookups.grades(view, node)
        case Do.ROUND:
            step, mode = node.params
            return spans.rounded(number(view, several[0]), step, mode)  # type: ignore[arg-type]
        case (
            Do.ROWS | Do.ALL | Do.ANY | Do.AT_LEAST_N | Do.NOT | Do.COMPARE | Do.BETWEEN | Do.AGREE | Do.INCLUDES
            | Do.SOME | Do.KEYED | Do.MANUAL
        ):  # fmt: skip
            raise TypeError(f"{node.do} is not a value")
        case _:
            assert_never(node.do)


def numeric(view: View, node_id: int) -> Spans | Quotients:
    """Measure a number, a day, or a ratio that is only going to be compared."""
    found = view.measure(node_id)
    if not isinstance(found, Spans | Quotients):
        raise TypeError(f"{view.nodes[node_id].do} is not a number")
    return found


def number(view: View, node_id: int) -> Spans:
    """Measure a number or a day."""
    found = numeric(view, node_id)
    return found if isinstance(found, Spans) else divided(found)


def _numbers(view: View, node_ids: Sequence[int]) -> list[Spans]:
    return [number(view, node_id) for node_id in node_ids]


def _number(stored: Any) -> Span | Fraction:
    return Span(*stored) if isinstance(stored, tuple) else stored


def _code(value: Any) -> Codes | Flags:
    if isinstance(value, bool):
        return Flags(np.array([value]), np.array([True]))
    names = Names()
    return Codes(names.places([str(value)]), names)


def _product(columns: Sequence[Spans]) -> Spans:
    total = columns[0]
    for column in columns[1:]:
        total = spans.multiply(total, column)
    return total


# --- tables and branches ---


class _Hull:
    """The possible values of each row so far, until one of them is sure."""

    def __init__(self) -> None:
        self._open: Bools = np.array([True])
        self._masks: list[Bools] = []
        self._values: list[Spans] = []

    def offer(self, possible: Bools, sure: Bools, value: Spans) -> None:
        """A branch in its turn: it counts where none before it was sure."""
        self._masks.append(self._open & possible)
        self._values.append(value)
        self._open = self._open & ~sure

    @property
    def is_closed(self) -> bool:
        """Whether every row has a value for sure."""
        return not self._open.any()

    def value(self) -> Spans:
        """The smallest interval of all possible values."""
        return spans.merged(self._masks, self._values)


def _band(view: View, node: Node) -> Spans:
    of, *steps, otherwise = node.children
    measured, found = numeric(view, of), _Hull()
    for edge, value in zip(steps[::2], steps[1::2], strict=True):
        truth = compare(measured, node.params[0], number(view, edge))  # type: ignore[arg-type]
        found.offer(truth.possible, truth.sure, number(view, value))
    found.offer(np.array([True]), np.array([True]), number(view, otherwise))
    return found.value()


def _first(view: View, node: Node) -> Spans:
    *branches, otherwise = node.children
    found = _Hull()
    for when, then in zip(branches[::2], branches[1::2], strict=True):
        truth = view.decide(when)
        found.offer(truth.possible, truth.sure, number(view, then))
    found.offer(np.array([True]), np.array([True]), number(view, otherwise))
    return found.value()


def _each(view: View, node: Node) -> Spans:
    has_rest = bool(node.params[0])
    branches = node.children[:-1] if has_rest else node.children
    truths = [view.decide(when) for when in branches[::2]]
    parts = [maybe(t.sure, t.possible, number(view, then)) for t, then in zip(truths, branches[1::2], strict=True)]
    if has_rest:
        none_sure, none_possible = np.array([True]), np.array([True])
        for truth in truths:
            none_sure, none_possible = none_sure & ~truth.possible, none_possible & ~truth.sure
        parts.append(maybe(none_sure, none_possible, number(view, node.children[-1])))
    return spans.add(parts) if parts else _NOTHING


def maybe(sure: Bools, possible: Bools, value: Spans) -> Spans:
    """A value that counts for sure, perhaps, or not at all: then it is nothing."""
    return spans.merged([possible, ~sure], [value, _NOTHING])
