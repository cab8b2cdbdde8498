"""One firm as commands look at it: its document, what it was paid, its claims in hand, and what answers are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from subsidy_match.claims.pending import pending_of
from subsidy_match.cli.context import platform
from subsidy_match.cli.output import print_json
from subsidy_match.matching.exclusivity import Pending
from subsidy_match.matching.history import Payment
from subsidy_match.matching.report import made_from
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.policy import PolicySet

__all__ = ["FirmAtHand", "firm_at_hand"]


@dataclass(frozen=True, slots=True)
class FirmAtHand:
    """Everything that an answer about one firm rests on, all of one moment."""

    policies: PolicySet
    snapshot_id: str
    enterprise: Enterprise
    payments: Sequence[Payment]
    pending: Sequence[Pending]

    def print_report(self, report: Mapping[str, Any]) -> None:
        """Print an answer as JSON, with what it was made from."""
        print_json({"uscc": self.enterprise.uscc, **made_from(self.policies, self.snapshot_id), **report})


@contextmanager
def firm_at_hand(uscc: str) -> Iterator[FirmAtHand]:
    """Look a firm up on the policies and the snapshot in force.

    Raises:
        NotFound: no such firm, nothing published, or nothing imported.
    """
    with platform() as wired:
        snapshot = wired.snapshot()
        enterprise = snapshot.enterprise(uscc)
        code = enterprise.uscc
        yield FirmAtHand(
            wired.policies(), snapshot.id, enterprise, wired.payments(code), pending_of(wired.engine, code)
        )
