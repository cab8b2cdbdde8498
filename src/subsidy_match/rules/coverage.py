"""What the cases of a library have been through: conditions seen true, false and unknown, and branches taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from subsidy_match.errors import Location
from subsidy_match.rules.analysis.places import placed
from subsidy_match.rules.cases import Case
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.reasons import Reason
from subsidy_match.rules.tree import Condition, Fact, FieldOf, Manual, Rows
from subsidy_match.rules.walking import nodes_below

__all__ = ["Gap", "Seen", "covered"]


class Seen(StrEnum):
    """What a condition came to."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Gap:
    """A condition that no case has seen come to something."""

    at: Location
    clause: str
    never: tuple[Seen, ...]


def covered(
    policies: PolicySet, cases: Sequence[Case], *, of: Sequence[Policy] | None = None
) -> tuple[int, tuple[Gap, ...]]:
    """How many conditions there are, and which of them the cases leave out.

    A clause that many policies inherit, or a condition that several versions share, counts once for its place. A manual
    clause is covered when it was asked for; what cannot be unknown need not be. ``of`` asks about some policies only, less
    the clauses that they inherit.
    """
    seen: dict[Location, set[Seen]] = defaultdict(set)
    for case in cases:
        _run(policies, case, seen)
    wanted = dict(_wanted(policies.policies if of is None else of, shared=of is None))
    gaps = [
        Gap(at, clause, tuple(one for one in Seen if one in asked and one not in seen[at]))
        for at, (clause, asked) in wanted.items()
    ]
    return len(wanted), tuple(gap for gap in gaps if gap.never)


def _run(policies: PolicySet, case: Case, seen: dict[Location, set[Seen]]) -> None:
    def hear(node: Condition, reason: Reason) -> None:
        decided = reason.truth.decided
        seen[node.mark.at].add(Seen.UNKNOWN if decided is None else Seen.TRUE if decided else Seen.FALSE)

    Evaluator(policies, case.enterprise, case.as_of, observer=hear).match(case.policy)


def _wanted(policies: Sequence[Policy], *, shared: bool) -> Iterator[tuple[Location, tuple[str, frozenset[Seen]]]]:
    for policy in policies:
        for spot in placed(policy):
            node = spot.node
            if (
                isinstance(node, Condition)
                and node.mark.at.path
                and not policy.needs_source
                and node is not policy.condition
                and (shared or node.mark.at.path == policy.path)
            ):
                yield node.mark.at, (f"{policy.id} {node.mark.id or ''}".strip(), _asked(node))


def _asked(node: Condition) -> frozenset[Seen]:
    if isinstance(node, Manual):
        return frozenset({Seen.UNKNOWN})
    below = list(nodes_below(node))
    if any(isinstance(one, Manual) for one in below):
        return frozenset({Seen.UNKNOWN})
    if not any(isinstance(one, Fact | FieldOf | Rows) for one in below):
        return frozenset({Seen.TRUE, Seen.FALSE})
    return frozenset(Seen)
