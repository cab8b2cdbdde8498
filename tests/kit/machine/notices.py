"""Put into a public notice, and cleared for payment."""

from __future__ import annotations

from claims_world import CALENDAR

from machine.model import Attempt, Model, ModelClaim, Topic
from subsidy_match.claims.transition import Transition


def _publish(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.notice_until = CALENDAR.add_working_days(attempt.today, 5).on


def _notice_over(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    return claim.notice_until is not None and attempt.today > claim.notice_until


TOPIC = Topic(
    guards={"notice_over": _notice_over},
    apply={"publish": _publish},
    kinds={"PUBLISHED": "committed", "PAYABLE": "committed"},
    usual={"APPROVED": ("publish", "notice"), "PUBLISHED": ("clear", "notice")},
)
