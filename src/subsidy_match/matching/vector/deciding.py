"""Deciding plan nodes: every condition of the language for all rows of a view at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from subsidy_match.matching.vector import measuring, rows
from subsidy_match.matching.vector.codes import Choices, CodeLists, Codes, Flags, Inside, Test, agreed
from subsidy_match.matching.vector.comparing import compare, inside
from subsidy_match.matching.vector.nodes import Do, Node
from subsidy_match.matching.vector.truths import Truths, all_of, always, any_of, at_least_n, negate
from subsidy_match.rules.truth import MANUAL, TRUE

if TYPE_CHECKING:
    from subsidy_match.matching.vector.views import View

__all__ = ["agreement", "decide"]


def decide(view: View, node: Node) -> Truths:  # noqa: C901 (one arm a node of the plan)
    """Decide a condition for every row."""
    several = node.children
    match node.do:
        case Do.ALL:
            return all_of([view.decide(child) for child in several])
        case Do.ANY:
            return any_of([view.decide(child) for child in several])
        case Do.AT_LEAST_N:
            return at_least_n(int(str(node.params[0])), [view.decide(child) for child in several])
        case Do.NOT:
            return negate(view.decide(several[0]))
        case Do.COMPARE:
            seen, limit = (measuring.numeric(view, child) for child in several)
            return compare(seen, node.params[0], limit)  # type: ignore[arg-type]
        case Do.BETWEEN:
            low, high = (measuring.number(view, child) for child in several[1:])
            return inside(measuring.numeric(view, several[0]), low, high)
        case Do.AGREE:
            return _agree(view, node)
        case Do.INCLUDES:
            return _includes(view, node)
        case Do.SOME:
            return rows.some(view, several[0])
        case Do.KEYED:
            return _keyed(view, node)
        case Do.MANUAL:
            return always(MANUAL)
        case (
            Do.FACT | Do.FIELD | Do.NUMBER | Do.CODE | Do.SLOT | Do.TRUTH | Do.ADD | Do.SUBTRACT | Do.DAYS | Do.MULTIPLY | Do.RATIO
            | Do.LEAST | Do.GREATEST | Do.BAND | Do.FIRST | Do.EACH | Do.COUNT | Do.SUM | Do.EXTREME | Do.PARAM
            | Do.GRADE | Do.ROUND | Do.ROWS
        ):  # fmt: skip
            raise TypeError(f"{node.do} is not a condition")
        case _:
            assert_never(node.do)


def agreement(form: object, codes: Any, *barred: Any) -> Test:
    """The test that an ``AGREE`` node asks of a code."""
    match form:
        case "is":
            return lambda one: one == codes[0]
        case "is not":
            return lambda one: one != codes[0]
        case "one of":
            return lambda one: one in codes
        case _:
            return Inside(codes, *barred)


def _agree(view: View, node: Node) -> Truths:
    seen = view.measure(node.children[0])
    if not isinstance(seen, Codes | Choices | Flags):
        raise TypeError("only codes and truths can agree")
    return agreed(seen, node.id, agreement(*node.params))


def _includes(view: View, node: Node) -> Truths:
    seen = view.measure(node.children[0])
    if not isinstance(seen, CodeLists):
        raise TypeError("only lists of codes include others")
    held = np.array([True])
    for code in node.params[0]:  # type: ignore[attr-defined]
        held = held & seen.include(code)
    return Truths(seen.known & held, ~seen.known | held)


def _keyed(view: View, node: Node) -> Truths:
    key = view.measure(node.children[0])
    if not isinstance(key, Codes):
        return always(TRUE)
    return Truths(key.index >= 0, np.array([True]))
