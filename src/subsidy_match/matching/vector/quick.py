"""Quick forms of conditions for one firm: a fact against a number, the ratio of two, or a code, in plain Python numbers.

A truth is four bits: sure, possible, confirmed, allowed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from subsidy_match.matching.vector.deciding import agreement
from subsidy_match.matching.vector.leaves import COMPARING
from subsidy_match.matching.vector.nodes import Do, Node, Nodes
from subsidy_match.rules.comparing import compare
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Kind
from subsidy_match.rules.truth import Truth, Verdict

__all__ = ["ALL", "OPPOSITE", "POSSIBLE", "Quick", "bits_of", "quick_test", "verdict_of"]

Known: TypeAlias = Mapping[int, Any]  # the stored values of facts by node; None where one is unknown
Quick: TypeAlias = Callable[[Known], int | None]  # None where the long way must be gone

SURE, POSSIBLE, CONFIRMED, ALL = 1, 2, 4, 15
_OPEN = 10
# NOT: what was sure is impossible, what was confirmed is no longer allowed
OPPOSITE = [sum(bit for bit, other in ((1, 2), (2, 1), (4, 8), (8, 4)) if not bits & other) for bits in range(16)]


def bits_of(truth: Truth) -> int:
    """A truth in four bits."""
    return truth.sure + 2 * truth.possible + 4 * truth.confirms + 8 * (not truth.denies)


def verdict_of(bits: int) -> Verdict:
    """The verdict of a policy that is at least possible."""
    return Verdict.ELIGIBLE if bits & SURE else Verdict.TO_CONFIRM if bits & CONFIRMED else Verdict.UNKNOWN


def quick_test(nodes: Nodes, node: Node) -> Quick | None:
    """The quick form of a condition, if it has one."""
    if node.do is Do.AGREE and nodes[node.children[0]].do is Do.FACT:
        return _code_test(nodes[node.children[0]], node)
    if node.do is not Do.COMPARE or nodes[node.children[1]].do is not Do.NUMBER:
        return None
    seen, limit = nodes[node.children[0]], nodes[node.children[1]].params[0]
    if not isinstance(limit, Fraction):
        return None
    if seen.do is Do.FACT:
        return _number_test(seen, node, limit)
    facts = [nodes[child] for child in seen.children]
    return _ratio_test(facts, node, limit) if seen.do is Do.RATIO and all(f.do is Do.FACT for f in facts) else None


def _code_test(fact: Node, node: Node) -> Quick:
    test, said, place = agreement(*node.params), {None: _OPEN}, fact.id

    def quick(known: Known) -> int:
        value = known[place]
        if value not in said:
            answer = test(value)
            said[value] = ALL if answer is True else _OPEN if answer is None else 0
        return said[value]

    return quick


def _number_test(fact: Node, node: Node, limit: Fraction) -> Quick:
    _, kind, scale, span, _ = fact.params
    is_day, meets, stored = kind is Kind.DATE, COMPARING[node.params[0]], limit * int(str(scale))  # type: ignore[index]
    whole: int | Fraction = stored.numerator if stored.denominator == 1 else stored
    unknown = Span(-math.inf, math.inf) if is_day else Span(*span)  # type: ignore[misc]
    place, open_bits = fact.id, bits_of(compare(unknown, node.params[0], Span.exactly(limit)))  # type: ignore[arg-type]

    def quick(known: Known) -> int:
        value = known[place]
        if value is None:
            return open_bits
        return ALL if meets(value.toordinal() if is_day else value, whole) else 0

    return quick


def _ratio_test(facts: Sequence[Node], node: Node, limit: Fraction) -> Quick:
    top, bottom = facts
    above, below = top.id, bottom.id
    left, right = limit.denominator * int(str(bottom.params[2])), limit.numerator * int(str(top.params[2]))
    meets = COMPARING[node.params[0]]  # type: ignore[index]

    def quick(known: Known) -> int | None:
        over, under = known[above], known[below]
        if over is None or under is None or under <= 0:
            return None
        return ALL if meets(over * left, under * right) else 0

    return quick
