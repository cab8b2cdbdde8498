"""Solving which claims pay most together: exact, one component of the conflict graph after the other.

A set of claims is feasible where no ``AtMost`` is broken. Its claims are paid in the order in which the options are given:
each gets its amount, less what its sources were paid before it, less what a cap no longer has room for, never below nothing.

Sets are ranked by (1) the certain total, (2) the total at the greatest possible amounts, (3) fewer claims, (4) the options
that are given earlier. A set is *settled* where no one claim more and no one claim less gives a feasible set that is better by
(1) to (3). The best set is settled; the alternatives are the settled sets next in rank. Ranks add up over components.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from subsidy_match.errors import InputError
from subsidy_match.matching.conflicts import Problem, Rooms
from subsidy_match.matching.options import AtMost, Cap, Cause, Constraint, Difference, Loss, Option, Solution

__all__ = ["components", "solve"]

_MOST_STEPS = 200_000  # a second or two; a city's real groups need some hundreds
_MOST_OPTIONS = 300  # in one component; the search goes as deep

Rank: TypeAlias = tuple[int, int, int, int]  # certain total, possible total, -claims, bits of the claims


def solve(options: Sequence[Option], constraints: Sequence[Constraint], *, alternatives: int = 3) -> Solution:
    """Find the claims that pay most together; amounts in 分.

    Args:
        options: all with different ids, in the order in which they would be paid.
        constraints: the rules between them; ids that are not among the options are passed over.
        alternatives: how many other sets to name.

    Raises:
        InputError: ``stacking_too_large``: one component needs more work than is allowed.
    """
    problem = Problem(options, constraints)
    parts = problem.components()
    best: list[Rank] = [(0, 0, 0, 0)]
    for part in parts:
        found = _Search(problem, part, alternatives + 1).run()
        sums = ((a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]) for a in best for b in found)
        best = sorted(sums, reverse=True)[: alternatives + 1]
    choices = [problem.choice(rank[3]) for rank in best]
    losses = [_loss(problem, index, part, best[0][3]) for part in parts for index in part]
    losses += [_blocked(problem, index, best[0][3]) for index in problem.blocked]
    order = {option.id: place for place, option in enumerate(options)}
    lost = sorted((loss for loss in losses if loss is not None), key=lambda loss: order[loss.option])
    return Solution(choices[0], tuple(choices[1:]), tuple(lost))


def components(options: Sequence[Option], constraints: Sequence[Constraint]) -> list[tuple[str, ...]]:
    """The options that may stand in each other's way, together; those that may not be chosen at all are left out."""
    problem = Problem(options, constraints)
    return [tuple(options[index].id for index in part) for part in problem.components()]


@dataclass(slots=True)
class _Search:
    """Branch and bound over one component: the best settled sets, or the best set that holds ``forced``."""

    problem: Problem
    part: list[int]
    wanted: int
    forced: int = 0
    found: list[Rank] = field(default_factory=list)
    steps: int = 0
    order: list[int] = field(default_factory=list)
    rest: list[int] = field(default_factory=list)  # bits of the options from here on
    sorted_certain: list[list[int]] = field(default_factory=list)
    sorted_possible: list[list[int]] = field(default_factory=list)
    certain: list[int] = field(default_factory=list)
    possible: list[int] = field(default_factory=list)
    bucket: dict[int, tuple[str, int]] = field(default_factory=dict)

    def run(self) -> list[Rank]:
        """The best ranks, best first."""
        problem = self.problem
        if len(self.part) > _MOST_OPTIONS:
            raise self._too_large()
        plain = not any(problem.caps_of[i] or problem.sources_of[i] for i in self.part)
        by_amount = sorted(self.part, key=lambda i: (-problem.certain[i], -problem.possible[i], i))
        self.order = by_amount if plain else self.part  # the order of payment matters only where payments meet
        self.certain, self.possible = [0 for _ in problem.options], [0 for _ in problem.options]
        self.bucket = {index: self._bucket(index) for index in self.part}
        tails = [self.order[start:] for start in range(len(self.order) + 1)]
        self.rest = [sum(problem.bits[i] for i in tail) for tail in tails]
        self.sorted_certain = [sorted(tail, key=lambda i: -problem.certain[i]) for tail in tails]
        self.sorted_possible = [sorted(tail, key=lambda i: -problem.possible[i]) for tail in tails]
        self._go(0, 0, (0, 0), (problem.rooms, problem.rooms))
        return self.found

    def _bucket(self, index: int) -> tuple[str, int]:
        """The one rule that bounds what an option can add: its tightest limit, else a cap, else none."""
        problem, bit = self.problem, self.problem.bits[index]
        limits = [
            (room, number)
            for number, (members, binding, room) in enumerate(problem.limit_bits)
            if members & bit and members == binding
        ]
        if limits:
            return "limit", min(limits)[1]
        return ("cap", problem.caps_of[index][0]) if problem.caps_of[index] else ("none", 0)

    def _go(self, at: int, mask: int, totals: tuple[int, int], rooms: tuple[Rooms, Rooms]) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise self._too_large()
        if len(self.found) == self.wanted and self._bound(at, mask, totals, rooms) <= self.found[-1]:
            return
        if at == len(self.order):
            self._note(mask, totals)
            return
        problem, index = self.problem, self.order[at]
        bit = problem.bits[index]
        if problem.is_feasible(mask | bit | self.forced):
            sure, left = problem.pay(index, problem.certain[index], mask, self.certain, rooms[0])
            most, open_ = problem.pay(index, problem.possible[index], mask, self.possible, rooms[1])
            if sure or most or self.forced & bit:  # one that is paid nothing moves nothing: better without it
                self.certain[index], self.possible[index] = sure, most
                self._go(at + 1, mask | bit, (totals[0] + sure, totals[1] + most), (left, open_))
        if not self.forced & bit:
            self._go(at + 1, mask, totals, rooms)

    def _note(self, mask: int, totals: tuple[int, int]) -> None:
        if self.forced or self._is_settled(mask, (*totals, -mask.bit_count())):
            rank = (*totals, -mask.bit_count(), mask)
            self.found = sorted([*self.found, rank], reverse=True)[: self.wanted]

    def _is_settled(self, mask: int, worth: tuple[int, int, int]) -> bool:
        others = (mask ^ self.problem.bits[index] for index in self.part)
        return not any(self.problem.is_feasible(other) and self.problem.worth(other) > worth for other in others)

    def _bound(self, at: int, mask: int, totals: tuple[int, int], rooms: tuple[Rooms, Rooms]) -> Rank:
        """No set that can still come has a rank above this."""
        problem = self.problem
        certain = totals[0] + self._more(self.sorted_certain[at], problem.certain, mask, rooms[0])
        possible = totals[1] + self._more(self.sorted_possible[at], problem.possible, mask, rooms[1])
        worst = self.found[-1]
        fewest = 0
        if (certain, possible) == worst[:2]:  # only a set that reaches both competes: so many claims it takes
            fewest = max(
                _fewest(worst[0] - totals[0], self.sorted_certain[at], problem.certain),
                _fewest(worst[1] - totals[1], self.sorted_possible[at], problem.possible),
            )
        return certain, possible, -(mask.bit_count() + fewest), mask | self.rest[at]

    def _more(self, tail: Sequence[int], amounts: Sequence[int], mask: int, rooms: Rooms) -> int:
        """At most so much can the options to come add, each bounded by the rule of its bucket."""
        limits: dict[int, int] = {}
        capped: dict[int, int] = {}
        total = 0
        for index in tail:
            kind, number = self.bucket[index]
            if kind == "limit" and self.problem.bits[index] & self.forced:
                kind = "none"  # its place is taken from the start
            if kind == "limit":
                members, _, room = self.problem.limit_bits[number]
                left = limits[number] if number in limits else room - (members & (mask | self.forced)).bit_count()
                limits[number] = left - 1
                total += amounts[index] if left > 0 else 0
            elif kind == "cap":
                capped[number] = capped.get(number, 0) + amounts[index]
            else:
                total += amounts[index]
        return total + sum(min(rooms[cap], amount) for cap, amount in capped.items())

    def _too_large(self) -> InputError:
        names = ", ".join(self.problem.options[index].id for index in self.part[:5])
        return InputError(
            "stacking_too_large",
            f"{len(self.part)}项申报互相牵制,组合过多,无法逐一比较",
            f"{len(self.part)} claims stand in each other's way in too many ways to compare",
            hint=f"{names}…",
        )


def _fewest(missing: int, tail: Sequence[int], amounts: Sequence[int]) -> int:
    """At least so many of the options to come are needed to add what is missing."""
    count = 0
    for index in tail:
        if missing <= 0:
            break
        missing -= amounts[index]
        count += 1
    return count


# --- why an option lost ---


def _loss(problem: Problem, index: int, part: list[int], best: int) -> Loss | None:
    bit = problem.bits[index]
    if best & bit:
        return None
    inside = best & sum(problem.bits[i] for i in part)
    with_it = _Search(problem, part, 1, bit).run()[0]
    return Loss(problem.options[index].id, _causes(problem, index, best), problem.worth(inside)[0] - with_it[0])


def _blocked(problem: Problem, index: int, best: int) -> Loss:
    return Loss(problem.options[index].id, _causes(problem, index, best), None)


def _causes(problem: Problem, index: int, best: int) -> tuple[Cause, ...]:
    """The limits that one more claim would break; where there is none, the rules that leave it nothing to gain."""
    both = best | problem.bits[index]
    broken = [
        rule
        for rule, (members, binding, room) in zip(problem.limits, problem.limit_bits, strict=True)
        if members & problem.bits[index] and both & binding and (members & both).bit_count() > room
    ]
    left = [problem.paid(both, amounts)[1] for amounts in (problem.certain, problem.possible)]
    full = [cap for c, cap in enumerate(problem.caps) if c in problem.caps_of[index] and 0 in (left[0][c], left[1][c])]
    rules: list[Constraint] = [*broken] or [*full, *_netted(problem, index, best)]
    causes = [Cause(rule, _winners(problem, rule, index, best)) for rule in rules]
    return tuple(cause for cause in causes if not _is_filled_by_itself(cause))


def _is_filled_by_itself(cause: Cause) -> bool:
    """Whether it is the option alone that fills a cap: that cuts it, but it loses to nothing there."""
    return isinstance(cause.rule, Cap) and not cause.winners and cause.rule.room > 0


def _netted(problem: Problem, index: int, best: int) -> list[Difference]:
    """The differences by which the option loses to chosen ones or to claims in hand, or takes from chosen ones."""
    return [
        rule
        for rule in problem.differences
        if _winners(problem, rule, index, best) or (problem.place[rule.member] == index and rule.used)
    ]


def _winners(problem: Problem, rule: Constraint, index: int, best: int) -> tuple[str, ...]:
    match rule:
        case AtMost() | Cap():
            mask = problem.mask(rule.members)
        case Difference():
            member = problem.place[rule.member]
            takes = index in problem.sources_of[member] and problem.options[index].id in rule.sources
            earlier = sum(problem.bits[i] for i in problem.sources_of[member])
            mask = problem.mask(rule.sources) & earlier if member == index else problem.bits[member] if takes else 0
        case _:
            assert_never(rule)
    return tuple(problem.options[i].id for i in problem.members(mask & best & ~problem.bits[index]))
