"""Comparing what is known of two values: definite only where every possible pair agrees."""

from __future__ import annotations

from itertools import repeat
from typing import assert_never

from subsidy_match.rules.codes import region_prefixes
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Op
from subsidy_match.rules.truth import FALSE, TRUE, UNKNOWN, Truth, all_of

__all__ = ["compare", "inside", "is_within"]


def compare(seen: Span, op: Op, limit: Span) -> Truth:
    """Compare two spans: definite only where every possible pair agrees."""
    match op:
        case Op.AT_LEAST | Op.ON_OR_AFTER:
            return TRUE if seen.lo >= limit.hi else FALSE if seen.hi < limit.lo else UNKNOWN
        case Op.MORE_THAN:
            return TRUE if seen.lo > limit.hi else FALSE if seen.hi <= limit.lo else UNKNOWN
        case Op.AT_MOST:
            return TRUE if seen.hi <= limit.lo else FALSE if seen.lo > limit.hi else UNKNOWN
        case Op.LESS_THAN | Op.BEFORE:
            return TRUE if seen.hi < limit.lo else FALSE if seen.lo >= limit.hi else UNKNOWN
        case _:
            assert_never(op)


def inside(seen: Span, low: Span, high: Span) -> Truth:
    """Between two bounds, both included."""
    return all_of((compare(seen, Op.AT_LEAST, low), compare(seen, Op.AT_MOST, high)))


def is_within(code: str, prefixes: tuple[str, ...], barred: tuple[str, ...]) -> bool | None:
    """Whether a code lies inside; one too short to tell (``39`` asked for ``3963``) is unknown."""
    known = next(iter(region_prefixes(code)), code)  # 320800 says no more than 3208: which district is not known
    held, out = _under(known, prefixes), _under(known, barred)
    if held is False or out is True:
        return False
    return None if held is None or out is None else True


def _under(code: str, prefixes: tuple[str, ...]) -> bool | None:
    if code.startswith(prefixes):
        return True
    return None if any(map(str.startswith, prefixes, repeat(code))) else False
