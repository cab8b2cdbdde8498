"""A finding of the analysis, with the node it is about and whether the policy has accepted it."""

from __future__ import annotations

from dataclasses import dataclass

from subsidy_match.errors import Finding, Location
from subsidy_match.rules.policy import Policy
from subsidy_match.rules.tree import Mark

__all__ = ["Doubt", "doubt"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that may be meant: a finding that ``accept`` can answer."""

    finding: Finding
    policy: Policy
    clause: str | None
    node: object = None

    @property
    def is_accepted(self) -> bool:
        """Whether the policy says that it is known and meant."""
        return any(a.code == self.finding.code and a.clause in (None, self.clause) for a in self.policy.accepts)


def doubt(
    code: str, policy: Policy, mark: Mark | None, zh: str, en: str, node: object = None, hint: str | None = None
) -> Doubt:
    """A doubt at the place of a mark; without one, at the head of the file."""
    at = mark.at if mark is not None and mark.at.path else Location(policy.path, 1, 1)
    name = f"“{mark.id}”:" if mark is not None and mark.id else ""
    here = f"{mark.id}: " if mark is not None and mark.id else ""
    return Doubt(Finding(code, name + zh, here + en, at, hint, "warning"), policy, mark.id if mark else None, node)
