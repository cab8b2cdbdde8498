"""The next day on which anything about a firm can change by time alone, for all firms of a block at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from subsidy_match.matching.vector import measuring, spans
from subsidy_match.matching.vector.blocks import Block
from subsidy_match.matching.vector.clocks import NEVER, Clock, Hand
from subsidy_match.matching.vector.moving import Watch
from subsidy_match.matching.vector.nodes import Do
from subsidy_match.matching.vector.plan import Plan
from subsidy_match.matching.vector.spans import Bools, Ints
from subsidy_match.matching.vector.views import FirmView, RowView, View

__all__ = ["Flips", "flips"]


@dataclass
class Flips:
    """The watches of a plan, with no more of the plan than they look at."""

    plan: Plan
    watches: tuple[tuple[Watch, str | None], ...]

    @cached_property
    def hands(self) -> dict[Clock, Hand]:
        """What the clocks show from the day of the plan on."""
        return {clock: clock.hand(self.plan.as_of) for clock in {watch.clock for watch, _ in self.watches}}

    def next_days(self, block: Block) -> Ints:
        """For each firm the ordinal of the next day on which an answer may change; ``NEVER`` where there is none."""
        view = FirmView(self.plan.nodes, self.plan.policies, block)
        found = np.full(block.size, NEVER, np.int64)
        for watch, collection in self.watches:
            if collection is None:
                np.minimum(found, self._days(watch, view), out=found)
            else:
                rows = view.listed(collection)
                np.minimum(found, _earliest(self._days(watch, rows), rows), out=found)
        return found

    def _days(self, watch: Watch, view: View) -> Ints:
        """When a clock gets to either end of what an answer is compared with."""
        plus, minus = ([measuring.number(view, node) for node in some] for some in (watch.plus, watch.minus))
        limit = spans.subtract(spans.add(plus), minus) if minus else spans.add(plus)
        hand = self.hands[watch.clock]
        ends = [(limit.lo, limit.no_lo)] if limit.is_exact else [(limit.lo, limit.no_lo), (limit.hi, limit.no_hi)]
        days = [_next(hand, end, limit.den, gone, strict=watch.strict) for end, gone in ends]
        return days[0] if len(days) == 1 else np.minimum(*days)


def flips(plan: Plan, policies: Collection[str]) -> Flips:
    """The watches of some policies of a plan."""
    wanted = [one for one in plan.lowered if one.policy.id in policies]
    several = list(dict.fromkeys(plan.moving.below(wanted)))
    nodes, places = plan.nodes.only(*(node for watch, _ in several for node in (*watch.plus, *watch.minus)))
    for _, collection in several:
        if collection is not None:
            nodes.add(Do.ROWS, [], collection)  # so that the list is fetched
    moved = tuple((_moved(watch, places), collection) for watch, collection in several)
    return Flips(Plan(plan.policies, plan.as_of, nodes, ()), moved)


def _moved(watch: Watch, places: dict[int, int]) -> Watch:
    plus, minus = (tuple(places[node] for node in some) for some in (watch.plus, watch.minus))
    return Watch(watch.clock, plus, minus, watch.strict)


def _next(hand: Hand, end: Ints, den: int, gone: Bools | None, *, strict: bool) -> Ints:
    whole = end if den == 1 else end // den if strict else -(-end // den)  # a clock shows whole days
    days = hand.next_days(np.clip(whole, -NEVER, NEVER).astype(np.int64), strict=strict)
    return days if gone is None else np.where(gone, NEVER, days)


def _earliest(days: Ints, rows: RowView) -> Ints:
    """The earliest day of each firm's rows."""
    found = np.full(len(rows.starts) - 1, NEVER, np.int64)
    filled = np.flatnonzero(np.diff(rows.starts))
    if len(filled):
        found[filled] = np.minimum.reduceat(np.broadcast_to(days, rows.size), rows.starts[:-1][filled])
    return found
