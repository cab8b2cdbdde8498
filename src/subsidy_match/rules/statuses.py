"""Policies that grant a status and policies that ask for it: the graph between them must have no cycle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from subsidy_match.errors import Location
from subsidy_match.rules.fields import Findings
from subsidy_match.rules.policy import Policy
from subsidy_match.rules.tree import Status
from subsidy_match.rules.walking import nodes_below

__all__ = ["check_status_cycles"]


def check_status_cycles(policies: list[Policy], findings: Findings) -> None:
    """Record a finding for every policy whose status needs itself."""
    needs: dict[str, set[str]] = defaultdict(set)
    for policy in policies:
        needs[policy.id].update(p for status in _statuses(policy) for p in status.granted_by)
    for policy in policies:
        if _reaches(policy.id, policy.id, needs):
            at = Location(policy.path, 1, 1)
            findings.add("P008", "资质互为前提", f"the status that {policy.id} grants needs itself", at)


def _statuses(policy: Policy) -> Iterator[Status]:
    """What it asks for anywhere: in its conditions, for its elements, and in rows and branches below them."""
    item_if = policy.for_each.item_if if policy.for_each is not None else None
    return (node for node in nodes_below(policy.condition, item_if) if isinstance(node, Status))


def _reaches(start: str, goal: str, needs: dict[str, set[str]]) -> bool:
    seen: set[str] = set()
    waiting = list(needs[start])
    while waiting:
        current = waiting.pop()
        if current == goal:
            return True
        if current not in seen:
            seen.add(current)
            waiting.extend(needs[current])
    return False
