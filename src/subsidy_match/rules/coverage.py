"""What the cases of a library have been through: conditions seen true, false and unknown, and branches taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from subsidy_match.errors import Location
from subsidy_match.rules.analysis.places import placed, places
from subsidy_match.rules.analysis.reaching import steps_of
from subsidy_match.rules.cases import Case
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.frame import Frame
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
    """A condition that no case has seen come to something, or a band or branch that no case has taken."""

    at: Location
    clause: str
    never: tuple[str, ...]


def covered(
    policies: PolicySet, cases: Sequence[Case], *, of: Sequence[Policy] | None = None
) -> tuple[int, tuple[Gap, ...]]:
    """How many conditions, bands and branches there are, and which of them the cases leave out.

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
    asked = [p for p in (policies.policies if of is None else of) if not p.needs_source]
    steps = [one for policy in asked for one in _steps(policies, policy, cases)]
    gaps += [gap for gap, taken in steps if not taken]
    return len(wanted) + len(steps), tuple(gap for gap in gaps if gap.never)


def _steps(policies: PolicySet, policy: Policy, cases: Sequence[Case]) -> Iterator[tuple[Gap, bool]]:
    """Every band and branch of a policy's own text, and whether a case took it."""
    mine = [case for case in cases if case.policy is policy]
    frames = [Frame(Evaluator(policies, case.enterprise, case.as_of), policy) for case in mine]
    for spot in placed(policy):
        for number, (step, _) in enumerate(steps_of(spot), 1):
            if step.mark.at.path == policy.path:
                taken = any(place.decide(step).truth.sure for frame in frames for place in places(frame, spot.element))
                yield Gap(step.mark.at, f"{policy.id} {step.mark.id or ''}".strip(), (f"band {number}",)), taken


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
