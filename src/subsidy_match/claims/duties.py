"""Who may not be the same person: the duties table, kept over the whole history of a claim.

Reassignment, delegation, correction or an administrator's role change nothing: what counts is who once did what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from subsidy_match.claims.refusals import Forbidden

__all__ = ["DUTY_NAMES", "FORBIDDEN", "Duty", "PastDuty", "check_duties", "is_barred"]


class Duty(StrEnum):
    """A part that a person plays in one claim."""

    # filing
    FILER = "filer"
    CLERK = "clerk"
    # review
    REVIEWER = "reviewer"
    RECHECKER = "rechecker"
    # decision
    APPROVER = "approver"
    # payment
    MAKER = "batch_maker"
    CHECKER = "batch_checker"


DUTY_NAMES: Mapping[Duty, tuple[str, str]] = {
    # filing
    Duty.FILER: ("申报人", "filer"),
    Duty.CLERK: ("受理人", "clerk"),
    # review
    Duty.REVIEWER: ("初审人", "reviewer"),
    Duty.RECHECKER: ("复核人", "re-examiner"),
    # decision
    Duty.APPROVER: ("审批人", "approver"),
    # payment
    Duty.MAKER: ("制单人", "batch maker"),
    Duty.CHECKER: ("支付复核人", "batch checker"),
}

_NEVER_WITH: Mapping[Duty, tuple[Duty, ...]] = {
    Duty.CLERK: (Duty.FILER,),
    Duty.REVIEWER: (Duty.FILER,),
    Duty.RECHECKER: (Duty.FILER, Duty.REVIEWER),
    Duty.APPROVER: (Duty.FILER, Duty.CLERK, Duty.REVIEWER, Duty.RECHECKER),
    Duty.MAKER: (Duty.FILER, Duty.REVIEWER, Duty.RECHECKER, Duty.APPROVER),
    Duty.CHECKER: (Duty.FILER, Duty.REVIEWER, Duty.RECHECKER, Duty.APPROVER, Duty.MAKER),
}

FORBIDDEN: frozenset[frozenset[Duty]] = frozenset(
    frozenset({duty, other}) for duty, others in _NEVER_WITH.items() for other in others
)
"""Every pair that must be two people, whichever came first."""


@dataclass(frozen=True, slots=True)
class PastDuty:
    """A duty that somebody did on the claim."""

    person: str
    duty: Duty


def is_barred(person: str, duty: Duty, history: Iterable[PastDuty]) -> Duty | None:
    """Give the earlier duty that bars ``person`` from ``duty``, if any."""
    mine = (past.duty for past in history if past.person == person)
    return next((past for past in mine if frozenset({past, duty}) in FORBIDDEN), None)


def check_duties(person: str, duty: Duty, history: Iterable[PastDuty], *, called: str | None = None) -> None:
    """Refuse a person, ``called`` so in the message, whose earlier part in the claim forbids this one.

    Raises:
        Forbidden: ``duty_conflict``.
    """
    earlier = is_barred(person, duty, history)
    if earlier is None:
        return
    (was_zh, was_en), (now_zh, now_en) = DUTY_NAMES[earlier], DUTY_NAMES[duty]
    name = called or person
    zh = f"职责不相容:{name}曾为本件{was_zh},不得担任{now_zh}"
    raise Forbidden("duty_conflict", zh, f"{name} was the {was_en} of this claim and cannot be its {now_en}")
