"""What the rows of a list come to for their firms: some, how many, how much, the greatest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from subsidy_match.matching.vector import measuring, views
from subsidy_match.matching.vector.spans import ANY_DAY, Bools, Ints, Spans, wide
from subsidy_match.matching.vector.truths import Truths, all_of

if TYPE_CHECKING:
    from subsidy_match.matching.vector.views import FirmView, RowView, View

__all__ = ["chosen", "count", "each_sum", "greatest", "some", "total"]


def chosen(firms: FirmView, rows_id: int) -> tuple[RowView, Truths]:
    """The rows that a ``ROWS`` node means, and how far each of them counts."""
    node = firms.nodes[rows_id]
    listed = firms.listed(str(node.params[0]))
    return listed, all_of([listed.decide(child) for child in node.children])


def some(view: View, rows_id: int) -> Truths:
    """Whether some row counts."""
    firms = _firms(view)
    listed, truth = chosen(firms, rows_id)
    unseen = firms.is_open(listed.collection)
    asked = None
    if truth.asked is not None:
        asked = _any(truth.asked[0], listed), _any(truth.asked[1], listed) | unseen
    return Truths(_any(truth.sure, listed), _any(truth.possible, listed) | unseen, asked)


def count(view: View, rows_id: int) -> Spans:
    """How many rows count."""
    firms = _firms(view)
    listed, truth = chosen(firms, rows_id)
    lo = _counted(truth.sure, listed)
    hi = lo if truth.sure is truth.possible else _counted(truth.possible, listed)
    unseen = firms.is_open(listed.collection)
    most = int(hi.max(initial=0))
    if not unseen.any():
        return Spans(lo, hi, bound=most)
    return Spans(lo, np.where(unseen, 0, hi), no_hi=unseen, bound=most)


def total(view: View, rows_id: int, take_id: int, *, takes_away: bool) -> Spans:
    """The sum of a value over the rows that count; an unseen row may add anything, or take away."""
    firms = _firms(view)
    listed, truth = chosen(firms, rows_id)
    value = measuring.maybe(truth.sure, truth.possible, measuring.number(listed, take_id))
    unseen = firms.is_open(listed.collection)
    return each_sum(value, listed, unseen if takes_away else None, unseen)


def each_sum(value: Spans, listed: RowView, no_lo: Bools | None, no_hi: Bools | None) -> Spans:
    """Add up a value of rows by firm, with further reasons why there may be no bound."""
    longest = int(np.diff(listed.starts).max(initial=0))
    bound = value.bound * longest
    lo = _summed(value.lo, listed, bound)
    hi = lo if value.lo is value.hi else _summed(value.hi, listed, bound)
    gone_lo, gone_hi = _missing(value.no_lo, listed, no_lo), _missing(value.no_hi, listed, no_hi)
    lo, hi = (end if gone is None else np.where(gone, 0, end) for end, gone in ((lo, gone_lo), (hi, gone_hi)))
    return Spans(lo, hi, value.den, gone_lo, gone_hi, bound)


def greatest(view: View, rows_id: int, take_id: int, *, is_number: bool) -> Spans:
    """The greatest value over the rows that count; with no row nothing, and the beginning of time."""
    firms = _firms(view)
    listed, truth = chosen(firms, rows_id)
    value = measuring.number(listed, take_id)
    empty = 0 if is_number else -ANY_DAY
    unseen = firms.is_open(listed.collection)
    lows = np.where(truth.sure if value.no_lo is None else truth.sure & ~value.no_lo, value.lo, empty)
    lo = np.maximum(_most(lows, listed, empty), empty)
    hi = np.maximum(_most(np.where(truth.possible, value.hi, empty), listed, empty), empty)
    bound = max(value.bound, abs(empty))
    if not is_number:
        return Spans(lo, np.where(unseen, ANY_DAY, hi), value.den, bound=bound)
    no_hi = _missing(None if value.no_hi is None else value.no_hi & truth.possible, listed, unseen)
    return Spans(lo, hi if no_hi is None else np.where(no_hi, 0, hi), value.den, None, no_hi, bound)


def _firms(view: View) -> FirmView:
    """Lists are a firm's, whatever row is at hand."""
    return view.firms if isinstance(view, views.RowView) else view


# --- by firm ---


def _any(mask: Bools, listed: RowView) -> Bools:
    return np.asarray(_counted(mask, listed) > 0)


def _counted(mask: Bools, listed: RowView) -> Ints:
    return _differences(np.cumsum(np.broadcast_to(mask, listed.size)), listed)


def _summed(values: Ints, listed: RowView, bound: int) -> Ints:
    # sums of int64 wrap around and back: a difference is right whenever the sum itself fits
    return _differences(np.cumsum(wide(np.broadcast_to(values, listed.size), bound)), listed)


def _differences(running: Ints, listed: RowView) -> Ints:
    whole = np.concatenate([np.zeros(1, running.dtype), running])
    found = whole[listed.starts[1:]] - whole[listed.starts[:-1]]
    return np.asarray(found)


def _most(values: Ints, listed: RowView, empty: int) -> Ints:
    filled = np.flatnonzero(np.diff(listed.starts))
    found = np.full(len(listed.starts) - 1, empty, dtype=values.dtype if values.dtype == object else np.int64)
    if len(filled):
        found[filled] = np.maximum.reduceat(np.broadcast_to(values, listed.size), listed.starts[:-1][filled])
    return found


def _missing(mask: Bools | None, listed: RowView, more: Bools | None) -> Bools | None:
    found = None if mask is None else _any(mask, listed)
    if more is None or not more.any():
        return found
    return more if found is None else found | more
