"""免申即享: what is certain, exact and vouched for by departments becomes a claim without an application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from subsidy_match.claims.service import ClaimDesk
from subsidy_match.errors import Conflict, Finding, InputError
from subsidy_match.matching.runs import Run
from subsidy_match.push.news import favourable
from subsidy_match.rules.policy import Channel, PolicySet

__all__ = ["AutomaticReport", "start_automatic_claims"]


@dataclass(slots=True)
class AutomaticReport:
    """How many claims were started, were there already, lost to another claim, or failed."""

    started: int = 0
    present: int = 0
    used: int = 0
    findings: list[Finding] = field(default_factory=list)

    def note(self, error: Conflict) -> None:
        """Count a claim that was not started."""
        match error.code:
            case "duplicate_claim":  # the claim is there: that is what "once" means, not a failure
                self.present += 1
            case "item_already_used" | "exclusive_taken" | "cap_exhausted":  # another claim stands in the way
                self.used += 1
            case _:
                self.findings.append(error.as_finding())


def start_automatic_claims(
    desk: ClaimDesk,
    run: Run,
    policies: PolicySet,
    *,
    at: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> AutomaticReport:
    """Start a claim for every automatic result of a no-application policy that pays; calling it again starts nothing twice.

    Each claim is a transaction of its own, judged anew on the policies and the snapshot in force now.
    """
    report = AutomaticReport()
    day = run.manifest.as_of
    paying = {
        p.id
        for p in policies.in_force(day)
        if p.channel is Channel.NO_APPLY and p.amount is not None and p.is_open(day)
    }
    due = [(uscc, told) for uscc, told in favourable(run.table()) if told.automatic and told.policy_id in paying]
    for number, (uscc, told) in enumerate(due, start=1):
        try:
            desk.start_no_apply(
                uscc=uscc, policy_id=told.policy_id, period=told.period, subject=told.subject or None, at=at
            )
            report.started += 1
        except Conflict as error:
            report.note(error)
        except InputError as error:
            report.findings.append(error.as_finding())
        if progress is not None:
            progress(number, len(due))
    return report
