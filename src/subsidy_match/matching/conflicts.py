"""Options and rules as bits: which sets are feasible, what each pays, which options can touch each other at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from subsidy_match.matching.options import AtMost, Cap, Choice, Constraint, Difference, Option, Payout, Use

__all__ = ["Problem", "Rooms"]

Rooms: TypeAlias = tuple[int, ...]  # what each cap has left


class Problem:
    """The options and rules as bits: the earlier an option, the higher its bit."""

    def __init__(self, options: Sequence[Option], constraints: Sequence[Constraint]) -> None:
        self.options = options
        self.place = {option.id: index for index, option in enumerate(options)}
        if len(self.place) != len(options):
            raise ValueError("two options have the same id")
        self.bits = [1 << (len(options) - 1 - index) for index in range(len(options))]
        self.limits = [rule for rule in constraints if isinstance(rule, AtMost)]
        self.caps = [rule for rule in constraints if isinstance(rule, Cap)]
        self.differences = [rule for rule in constraints if isinstance(rule, Difference) and rule.member in self.place]
        self.limit_bits = [(self.mask(r.members), self.mask(r.binding), r.room) for r in self.limits]
        self.checks = dict.fromkeys(self.limit_bits)  # many items of the same claims give the same limit
        self.rooms: Rooms = tuple(cap.room for cap in self.caps)
        self.caps_of = [[c for c, cap in enumerate(self.caps) if o.id in cap.members] for o in options]
        self.sources_of: list[list[int]] = [[] for _ in options]
        uses: list[set[Use]] = [set() for _ in options]
        for rule in self.differences:
            member = self.place[rule.member]
            earlier = {self.place[s] for s in rule.sources if self.place.get(s, member) < member}
            self.sources_of[member] = sorted({*self.sources_of[member], *earlier})
            uses[member].update(rule.used)
        taken = [sum(use.amount or 0 for use in found) for found in uses]
        self.certain = [max(0, o.amount - less) for o, less in zip(options, taken, strict=True)]
        self.possible = [max(0, o.possible - less) for o, less in zip(options, taken, strict=True)]
        self.blocked = [index for index, bit in enumerate(self.bits) if not self.is_feasible(bit)]

    def mask(self, ids: Iterable[str]) -> int:
        """The bits of some options."""
        return sum(self.bits[self.place[id_]] for id_ in set(ids) if id_ in self.place)

    def members(self, mask: int) -> list[int]:
        """The options of some bits, in their order."""
        return [index for index, bit in enumerate(self.bits) if mask & bit]

    def is_feasible(self, mask: int) -> bool:
        """Whether no limit is broken. A set that breaks one breaks it with more claims as well."""
        return all(not mask & binding or (mask & members).bit_count() <= room for members, binding, room in self.checks)

    def pay(self, index: int, amount: int, mask: int, paid: Sequence[int], rooms: Rooms) -> tuple[int, Rooms]:
        """What one claim gets after those of ``mask``, and what the caps have left then."""
        for source in self.sources_of[index]:
            if mask & self.bits[source]:
                amount -= paid[source]
        amount = max(0, min([amount, *(rooms[cap] for cap in self.caps_of[index])]))
        if amount and self.caps_of[index]:
            rooms = tuple(room - amount if c in self.caps_of[index] else room for c, room in enumerate(rooms))
        return amount, rooms

    def paid(self, mask: int, amounts: Sequence[int]) -> tuple[list[int], Rooms]:
        """What each claim of a set gets, by option, and what the caps have left."""
        paid, rooms = [0 for _ in self.options], self.rooms
        for index in self.members(mask):
            paid[index], rooms = self.pay(index, amounts[index], mask, paid, rooms)
        return paid, rooms

    def worth(self, mask: int) -> tuple[int, int, int]:
        """The rank of a set without its bits."""
        return sum(self.paid(mask, self.certain)[0]), sum(self.paid(mask, self.possible)[0]), -mask.bit_count()

    def choice(self, mask: int) -> Choice:
        """A set as plain data."""
        certain, possible = self.paid(mask, self.certain)[0], self.paid(mask, self.possible)[0]
        return Choice(tuple(Payout(self.options[i].id, certain[i], possible[i]) for i in self.members(mask)))

    def components(self) -> list[list[int]]:
        """The options that touch each other, in order; what cannot be chosen touches nothing."""
        free = sum(self.bits) - sum(self.bits[index] for index in self.blocked)
        parts = [bit for bit in self.bits if bit & free]
        for edge in self._edges(free):
            touched = [part for part in parts if part & edge]
            if touched:
                parts = [part for part in parts if not part & edge] + [sum(touched)]
        return [self.members(part) for part in sorted(parts, reverse=True)]

    def _edges(self, free: int) -> Iterable[int]:
        """Options that a rule can set against each other; a rule that cannot bite is none."""
        for members, binding, room in self.checks:
            if binding & free and (members & free).bit_count() > room:
                yield members & free
        for cap, room in zip(self.caps, self.rooms, strict=True):
            inside = self.mask(cap.members) & free
            if sum(self.possible[index] for index in self.members(inside)) > room:
                yield inside
        for index, sources in enumerate(self.sources_of):
            if self.bits[index] & free:
                for source in sources:
                    yield (self.bits[index] | self.bits[source]) & free
