"""What one policy comes to for the firms of a block: every match that is not refused, with its amount.

A match is a firm, or a firm and one row of the list that the policy is claimed for. The rules are those of the reference
evaluator: one match a row where a claim is for one row, and another without a subject for rows that were not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from subsidy_match.matching.vector import measuring, rows, spans
from subsidy_match.matching.vector.lowering import Lowered
from subsidy_match.matching.vector.spans import Ints, Spans, constant
from subsidy_match.matching.vector.truths import Truths, all_of
from subsidy_match.matching.vector.views import FirmView, RowView
from subsidy_match.rules.span import INFINITY, Span

__all__ = ["Claims", "claims_for_rows", "rounded_amount"]

_NOTHING = constant(0)
_ANY_MORE = constant(Span(0, INFINITY))


@dataclass(frozen=True, slots=True)
class Claims:
    """Matches of one policy: the firm of each in the block, the row in its list (-1 for none), truth and amount.

    ``unseen``: they stand for rows that were not seen, beside those that were.
    """

    firms: Ints
    rows: Ints
    truth: Truths
    amount: Spans | None
    unseen: bool = False


def claims_for_rows(view: FirmView, lowered: Lowered, firms: Ints, truth: Truths) -> list[Claims]:
    """The matches of a policy that is claimed for rows of a list.

    Args:
        view: all firms of the block.
        lowered: the policy.
        firms: those that the conditions on the firm do not refuse.
        truth: of these firms, by the conditions on the firm.
    """
    each = lowered.policy.for_each
    if each is None or lowered.items is None:
        raise AssertionError(lowered.policy.key)
    some = FirmView(view.nodes, view.policies, view.block, firms)
    listed, accepted = rows.chosen(some, lowered.items)
    unseen = np.broadcast_to(some.is_open(each.collection), len(firms))
    none = listed.starts[1:] == listed.starts[:-1]
    if each.together:
        return [_together(some, lowered, truth, np.arange(len(firms)))]
    found = [_one_each(some, lowered, truth, listed, accepted)]
    found.append(_together(some, lowered, truth, np.flatnonzero(none)))
    return [*found, _unseen(some, lowered, truth, np.flatnonzero(~none & unseen))]


def _one_each(some: FirmView, lowered: Lowered, truth: Truths, listed: RowView, accepted: Truths) -> Claims:
    """A match for each row."""
    both = all_of([truth.take(listed.owner), accepted])
    possible = np.flatnonzero(np.broadcast_to(both.possible, listed.size))
    owners = listed.owner[possible]
    at = listed.some(possible)
    one = FirmView(some.nodes, some.policies, some.block, _block_rows(some, owners))
    amount = None
    if lowered.total is not None:
        amount = measuring.number(one, lowered.total)
    elif lowered.each is not None:
        inner = RowView(one, listed.collection, np.arange(len(owners) + 1), np.arange(len(owners)), at["places"])
        amount = measuring.number(inner, lowered.each)
    return Claims(_block_rows(some, owners), at["places"], both.take(possible), rounded_amount(one, lowered, amount))


def _together(some: FirmView, lowered: Lowered, truth: Truths, firms: Ints) -> Claims:
    """One match for all rows, or for none."""
    here = some.some(firms)
    if lowered.items is None:
        raise AssertionError(lowered.policy.key)
    both = all_of([truth.take(firms), rows.some(here, lowered.items)])
    kept = np.flatnonzero(np.broadcast_to(both.possible, len(firms)))
    one = here.some(kept)
    raw = measuring.number(one, lowered.total) if lowered.total is not None else _sum(one, lowered)
    return Claims(
        _block_rows(some, firms[kept]), np.full(len(kept), -1), both.take(kept), rounded_amount(one, lowered, raw)
    )


def _unseen(some: FirmView, lowered: Lowered, truth: Truths, firms: Ints) -> Claims:
    """A match for rows that were not seen: never sure."""
    kept = firms[np.broadcast_to(truth.possible, some.size)[firms]]
    one = some.some(kept)
    never = np.zeros(len(kept), np.bool_)
    raw = measuring.number(one, lowered.total) if lowered.total is not None else _ANY_MORE
    amount = rounded_amount(one, lowered, raw)
    return Claims(_block_rows(some, kept), np.full(len(kept), -1), Truths(never, ~never), amount, unseen=True)


def _sum(firms: FirmView, lowered: Lowered) -> Spans | None:
    """Add up the rows that may count; a doubtful one may add nothing, an unseen one anything more."""
    if lowered.each is None or lowered.items is None:
        return None
    listed, accepted = rows.chosen(firms, lowered.items)
    value = measuring.number(listed, lowered.each)
    unseen = firms.is_open(listed.collection)
    alone = (np.diff(listed.starts) == 1) & ~unseen
    certain = accepted.sure | (alone[listed.owner] & accepted.possible)
    counted = measuring.maybe(certain, accepted.possible, value)
    return rows.each_sum(counted, listed, None, unseen)


def rounded_amount(firms: FirmView, lowered: Lowered, raw: Spans | None) -> Spans | None:
    """Capped and rounded once; none where the policy pays nothing."""
    terms = lowered.policy.amount
    if terms is None:
        return None
    found = _NOTHING if raw is None else raw
    if lowered.cap is not None:
        found = spans.extremes([found, measuring.number(firms, lowered.cap)], least=True)
    return spans.rounded(found, terms.step, terms.mode)


def _block_rows(some: FirmView, firms: Ints) -> Ints:
    return firms if some.rows is None else some.rows[firms]
