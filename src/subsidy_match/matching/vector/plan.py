"""A plan: all policies in force on one day as shared nodes, and what of a snapshot they need."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from subsidy_match.errors import Location
from subsidy_match.matching.vector.lowering import Lowered, Lowering
from subsidy_match.matching.vector.moving import Moving, moving
from subsidy_match.matching.vector.nodes import Do, Node, Nodes
from subsidy_match.rules.catalogue import Catalogue
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.units import Duration

__all__ = ["Plan", "make_plan", "stale_after"]

_NOWHERE = Location("")


@dataclass(slots=False)
class Plan:
    """The policies of one set in force on one day; the same for every snapshot."""

    policies: PolicySet
    as_of: date
    nodes: Nodes
    lowered: tuple[Lowered, ...]

    @cached_property
    def facts(self) -> frozenset[str]:
        """The columns of firms that it looks at."""
        return frozenset(str(node.params[0]) for node in self.nodes.all if node.do is Do.FACT)

    @cached_property
    def aging(self) -> frozenset[str]:
        """Those of them that are unknown when they are too old."""
        found = (node for node in self.nodes.all if node.do is Do.FACT and node.params[-1] is not None)
        return frozenset(str(node.params[0]) for node in found)

    @cached_property
    def oldest(self) -> dict[str, date]:
        """For each of these the first day that is not too old."""
        facts = (node.params for node in self.nodes.all if node.do is Do.FACT)
        return {str(name): day for name, _, _, _, day in facts if isinstance(day, date)}

    def oldest_on(self, day: date) -> dict[str, date]:
        """The same on another day."""
        ages = {name: stale_after(self.policies.catalogue, name) for name in self.aging}
        return {name: age.before(day) for name, age in ages.items() if age is not None}

    @cached_property
    def watched(self) -> frozenset[str]:
        """The policies that a date of a firm can move."""
        held = self.moving.watched
        return frozenset(one.policy.id for one in self.lowered if any(held[root] for root in one.roots))

    @cached_property
    def lists(self) -> frozenset[str]:
        """The lists that it looks at."""
        return frozenset(str(node.params[0]) for node in self.nodes.all if node.do is Do.ROWS)

    def light(self) -> Plan:
        """The same plan without the texts and trees of policies: what another process needs to run it."""
        if not self.lowered:
            return self
        like = self.lowered[0].policy  # texts that nobody reads there are all those of one policy, and so sent once
        lowered = tuple(replace(one, policy=_light(one.policy, like)) for one in self.lowered)
        return Plan(replace(self.policies, policies=(), files={}), self.as_of, self.nodes, lowered)

    @cached_property
    def moving(self) -> Moving:
        """What of it the day alone can change."""
        return moving(self.nodes)

    def part(self, policies: Collection[str]) -> Plan:
        """The same nodes for some of the policies only, as far as they need them."""
        several = tuple(one for one in self.lowered if one.policy.id in policies)
        nodes, places = self.nodes.only(*(root for one in several for root in one.roots))
        return Plan(self.policies, self.as_of, nodes, tuple(one.moved(places) for one in several))

    def signatures(self) -> dict[str, str]:
        """For every policy what its results depend on besides the firms and their dates.

        Equal signatures give equal results, on other days too, for a firm of which no watched day came and no value grew too old in
        between. The text of a policy may change without its meaning, and its meaning without its text: with the year, with a dated
        table, with a clause that it inherits.
        """
        return self._signatures

    @cached_property
    def _signatures(self) -> dict[str, str]:
        names: list[str] = []
        clocks: dict[int, str] = {}  # where a node that moves is only compared, its name on every day
        for node in self.nodes.all:
            watched = node.id in self.moving.watches
            names.append(self._name(node, [(clocks.get(c) if watched else None) or names[c] for c in node.children]))
            if self.moving.daily[node.id]:
                shown = node.params[1:] if node.do is Do.NUMBER else node.params
                clocks[node.id] = _digest(node.do.name, [clocks.get(c, names[c]) for c in node.children], shown)
        return {one.policy.id: self._signature(one, names) for one in self.lowered}

    def _name(self, node: Node, inside: Sequence[str]) -> str:
        params = node.params
        if node.do is Do.FACT:  # how old it may be, not the day that this comes to
            params = (*params[:-1], stale_after(self.policies.catalogue, str(params[0])))
        return _digest(node.do.name, inside, [repr(param) for param in params], self._table(node))

    def _signature(self, one: Lowered, names: Sequence[str]) -> str:
        policy, terms = one.policy, one.policy.amount
        parts = [
            None if part is None else names[part] for part in (one.condition, one.items, one.each, one.total, one.cap)
        ]
        rounding = None if terms is None else (terms.step, terms.mode)
        each = (
            None
            if policy.for_each is None
            else (policy.for_each.collection, policy.for_each.key, policy.for_each.together)
        )
        return _digest(policy.id, policy.start, policy.period(self.as_of).id, parts, rounding, each)

    def _table(self, node: Node) -> str:
        """What a node looks up in the tables and lists of the policy set."""
        if node.do is Do.ROWS:
            spec = self.policies.catalogue.collections[str(node.params[0])]
            return repr((spec.complete_from, spec.stale_after))
        if node.do is Do.PARAM:
            row = self.policies.parameters[str(node.params[0])].row(node.params[1])  # type: ignore[arg-type]
            return repr(sorted(row.values.items(), key=repr)) if row else ""
        if node.do is Do.GRADE and node.params[1] is not None:
            return repr(self.policies.standards[str(node.params[0])].row(node.params[1]))  # type: ignore[arg-type]
        return ""


def make_plan(policies: PolicySet, as_of: date, only: Collection[str] | None = None) -> Plan:
    """Lower the policies in force on a day, all or some."""
    lowering = Lowering(policies, as_of)
    wanted = (policy for policy in policies.in_force(as_of) if only is None or policy.id in only)
    lowered = tuple(lowering.policy(policy) for policy in wanted)
    return Plan(policies, as_of, lowering.nodes, lowered)


def _light(policy: Policy, like: Policy) -> Policy:
    """A policy with its id, days, period, rows and rounding; conditions and formulas are nodes of the plan."""
    terms = None
    if policy.amount is not None:
        terms = replace(policy.amount, each=None, total=None, cap=None, at=_NOWHERE)
    each = None if policy.for_each is None else replace(policy.for_each, item_if=None)
    return replace(
        like, id=policy.id, start=policy.start, end=policy.end, claim=policy.claim, for_each=each, amount=terms
    )


def stale_after(catalogue: Catalogue, column: str) -> Duration | None:
    """How old a value of a column may be: that of a fact, of a fact and year, of what a department gave for one."""
    name = column.partition("@")[0]
    spec = catalogue.facts.get(name) or catalogue.facts[name.rpartition("_")[0]]
    return spec.stale_after


def _digest(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
