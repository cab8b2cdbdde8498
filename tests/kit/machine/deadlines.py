"""What time alone brings about, by a sweep: it does all that the model says is due, and nothing else."""

from __future__ import annotations

from claims_world import CALENDAR
from hypothesis.stateful import rule

from machine.base import Base
from machine.model import Attempt, ModelClaim, Topic
from subsidy_match.claims.deadline.sweeper import sweep
from subsidy_match.claims.transition import Transition

_DUE = ("lapse", "deem_accept", "clear", "reserve", "redate")
_DRAFT_DAYS, _SILENT_DAYS = 30, 5


class Deadlines(Base):
    """The sweeper comes by, now and then twice."""

    @rule()
    def sweep_up(self):
        report = sweep(self.world.desk, at=self.world.now)
        for task in report.done:
            if task.event is not None:
                self.follow({task.claim_id: self._row(task.claim_id, str(task.event))}, "system")
                self.model.serve_waitlist(self.today)
        left = [(n, event) for n in self.model.claims for event in _DUE if self._row(n, event) is not None]
        assert left == []
        assert sweep(self.world.desk, at=self.world.now).done == ()

    def _row(self, claim_id: int, event: str) -> Transition | None:
        return self.model.row(self.model.claims[claim_id], event, Attempt("system", self.today))


def _is_past(claim: ModelClaim, days: int, attempt: Attempt) -> bool:
    assert claim.since is not None
    return CALENDAR.working_days_between(claim.since, attempt.today) > days


TOPIC = Topic(
    guards={
        "silence_over": lambda model, claim, attempt: _is_past(claim, _SILENT_DAYS, attempt),
        "silence_running": lambda model, claim, attempt: claim.is_held or not _is_past(claim, _SILENT_DAYS, attempt),
        "draft_expired": lambda model, claim, attempt: _is_past(claim, _DRAFT_DAYS, attempt),
        "dates_moved": lambda model, claim, attempt: False,
    },
)
