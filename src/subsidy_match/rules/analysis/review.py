"""The review of a library: every check of the analysis, less what the policies accept with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from subsidy_match.errors import Finding
from subsidy_match.rules.analysis.cliffs import cliffs
from subsidy_match.rules.analysis.finding import Doubt
from subsidy_match.rules.analysis.lints import double_funding, gaps, lints
from subsidy_match.rules.analysis.reaching import unreached
from subsidy_match.rules.policy import PolicySet

__all__ = ["Review", "review"]


@dataclass(frozen=True, slots=True)
class Review:
    """What the analysis found: open findings, and those that a policy accepts."""

    findings: tuple[Finding, ...]
    accepted: tuple[Doubt, ...]


def review(policies: PolicySet, *, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Review:
    """Check a loaded library; ``progress`` hears how many versions are done, of how many."""
    doubts: list[Doubt] = [*gaps(policies), *double_funding(policies)]
    for done, policy in enumerate(policies.policies, 1):
        if not policy.needs_source:
            doubts += [*lints(policies, policy), *unreached(policies, policy), *cliffs(policies, policy)]
        progress(done, len(policies.policies))
    accepted = tuple(one for one in doubts if one.is_accepted)
    found = [one.finding for one in doubts if not one.is_accepted]
    found += _unused(policies, accepted)
    once = dict.fromkeys(found)
    return Review(tuple(sorted(once, key=lambda f: (f.at.path, f.at.line or 0) if f.at else ("", 0))), accepted)


def _unused(policies: PolicySet, accepted: tuple[Doubt, ...]) -> Iterator[Finding]:
    """P023: an acceptance of something that is not found (any more)."""
    used = {(one.policy.key, one.finding.code, one.clause) for one in accepted}
    for policy in policies.policies:
        for a in policy.accepts:
            if not any(
                key == policy.key and code == a.code and a.clause in (None, clause) for key, code, clause in used
            ):
                zh, en = f"接受了并不存在的发现:{a.code}", f"accepts {a.code}, which is not found here"
                yield Finding("P023", zh, en, a.at, "remove the entry of accept", "warning")
            if not a.reason.strip():
                yield Finding("P023", "接受发现必须写明理由", "an acceptance gives its reason", a.at, None, "warning")
