"""A plan: all policies in force on one day as shared nodes, and what of a snapshot they need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from subsidy_match.matching.vector.lowering import Lowered, Lowering
from subsidy_match.matching.vector.nodes import Do, Nodes
from subsidy_match.rules.policy import PolicySet

__all__ = ["Plan", "make_plan"]


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
    def lists(self) -> frozenset[str]:
        """The lists that it looks at."""
        return frozenset(str(node.params[0]) for node in self.nodes.all if node.do is Do.ROWS)


def make_plan(policies: PolicySet, as_of: date) -> Plan:
    """Lower all policies in force on a day."""
    lowering = Lowering(policies, as_of)
    lowered = tuple(lowering.policy(policy) for policy in policies.in_force(as_of))
    return Plan(policies, as_of, lowering.nodes, lowered)
