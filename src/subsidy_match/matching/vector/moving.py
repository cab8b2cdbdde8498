"""Which conditions of a plan the day alone can change, and by what: so that everything else need not be asked again.

A look-back from the day of evaluation is a clock. Where a clock, or the number of days between it and a day of the firm, is only
compared with something that stays, the day on which the answer changes can be told: that is a watch. Where a clock goes anywhere
else (an amount by the day, the later of today and another day) the node moves every day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from subsidy_match.matching.vector.clocks import Clock
from subsidy_match.matching.vector.lowering import Lowered
from subsidy_match.matching.vector.nodes import Do, Node, Nodes
from subsidy_match.rules.tree import Op

__all__ = ["Moving", "Watch", "moving"]

_FLIPPED = {
    Op.AT_LEAST: Op.AT_MOST, Op.ON_OR_AFTER: Op.AT_MOST, Op.AT_MOST: Op.AT_LEAST, Op.MORE_THAN: Op.BEFORE,
    Op.LESS_THAN: Op.MORE_THAN, Op.BEFORE: Op.MORE_THAN,
}  # fmt: skip
_PAST = (Op.MORE_THAN, Op.AT_MOST)  # change once the clock is past the limit; the others when it gets there


@dataclass(frozen=True, slots=True)
class Watch:
    """When ``clock`` reaches (``strict``: is past) the sum of some nodes less others, an answer may change."""

    clock: Clock
    plus: tuple[int, ...]
    minus: tuple[int, ...]
    strict: bool


@dataclass(slots=True)
class Moving:
    """What moves in a plan: ``daily`` nodes every day, ``watches`` when their day comes."""

    nodes: Nodes
    daily: list[bool] = field(default_factory=list)
    watches: dict[int, tuple[Watch, ...]] = field(default_factory=dict)
    watched: list[bool] = field(default_factory=list)  # whether there is a watch at a node or below

    def below(self, several: Sequence[Lowered]) -> Iterator[tuple[Watch, str | None]]:
        """The watches of some policies, each once, with the list at whose rows it looks."""
        seen: set[tuple[int, str | None]] = set()
        for one in several:
            for node, collection in self._from(_roots(one), seen):
                yield from ((watch, collection) for watch in self.watches.get(node, ()))

    def _from(
        self, waiting: list[tuple[int, str | None]], seen: set[tuple[int, str | None]]
    ) -> Iterator[tuple[int, str | None]]:
        while waiting:
            place, collection = waiting.pop()
            node = self.nodes[place]
            here = place, collection if node.local else None
            if not self.watched[place] or here in seen:
                continue
            seen.add(here)
            yield here
            inside = _collection(self.nodes, node) or here[1]
            waiting += [(child, inside) for child in node.children]


def moving(nodes: Nodes) -> Moving:
    """Look through all nodes, children first."""
    found = Moving(nodes)
    for node in nodes.all:
        below = [found.daily[child] for child in node.children]
        watches = _watches(nodes, node, found.daily) if any(below) else None
        if watches:
            found.watches[node.id] = watches
        found.daily.append((node.do is Do.NUMBER and len(node.params) > 1) or (any(below) and not watches))
        found.watched.append(bool(watches) or any(found.watched[child] for child in node.children))
    return found


def _roots(one: Lowered) -> list[tuple[int, str | None]]:
    each = None if one.policy.for_each is None else one.policy.for_each.collection
    roots = ((one.condition, None), (one.items, None), (one.each, each), (one.total, None), (one.cap, None))
    return [(node, collection) for node, collection in roots if node is not None]


def _collection(nodes: Nodes, node: Node) -> str | None:
    """The list whose rows the children of a node look at, where it changes here."""
    if node.do is Do.ROWS:
        return str(node.params[0])
    return str(nodes[node.children[0]].params[0]) if node.do in (Do.SUM, Do.EXTREME) else None


def _watches(nodes: Nodes, node: Node, daily: Sequence[bool]) -> tuple[Watch, ...] | None:
    """The watches of a node that only compares; None where it does more with what moves."""
    found = []
    for seen, op, limit in _comparisons(node, daily):
        if daily[seen] or daily[limit]:
            watch = _watch(nodes, (seen, op, limit), daily)
            if watch is None:
                return None
            found.append(watch)
    return tuple(found)


def _comparisons(node: Node, daily: Sequence[bool]) -> Iterator[tuple[int, Op, int]]:
    first, *others = node.children
    match node.do:
        case Do.COMPARE:
            yield first, Op(str(node.params[0])), others[0]
        case Do.BETWEEN:
            yield first, Op.AT_LEAST, others[0]
            yield first, Op.AT_MOST, others[1]
        case Do.BAND if not any(daily[value] for value in (*others[1::2], others[-1])):
            yield from ((first, Op(str(node.params[0])), edge) for edge in others[:-1:2])


def _watch(nodes: Nodes, comparison: tuple[int, Op, int], daily: Sequence[bool]) -> Watch | None:
    """A clock, or the days from or to one, against what stays."""
    seen, op, limit = comparison
    if daily[limit]:
        seen, op, limit = limit, _FLIPPED[op], seen
    if daily[limit]:
        return None
    node = nodes[seen]
    if node.do is Do.NUMBER:
        return Watch(_clock(node), (limit,), (), op in _PAST)
    if node.do is not Do.DAYS:
        return None
    start, end = node.children
    if not daily[start] and nodes[end].do is Do.NUMBER:
        return Watch(_clock(nodes[end]), (start, limit), (), op in _PAST)
    if not daily[end] and nodes[start].do is Do.NUMBER:
        return Watch(_clock(nodes[start]), (end,), (limit,), _FLIPPED[op] in _PAST)
    return None


def _clock(node: Node) -> Clock:
    clock = node.params[1]
    if not isinstance(clock, Clock):
        raise TypeError(f"{node.params!r} is no clock")
    return clock
