"""A claim is drafted, submitted, and accepted or refused (rows 1–4)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.table.common import FILERS
from subsidy_match.claims.transition import ClockEffect, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    starters = FILERS | {Role.PUSH}
    filing = (Guard.MAY_FILE, Guard.POLICY_OPEN, Guard.OWN_CHANNEL, Guard.FAVOURABLE_OR_REASON)
    yield Transition(
        "1",
        (),
        Event.DRAFT,
        State.DRAFT,
        starters,
        Duty.FILER,
        (*filing, Guard.NO_OPEN_RECOVERY, Guard.MACHINE_UNOPPOSED),
        takes=("reason",),
        reassess=True,
    )
    yield Transition(
        "2",
        (State.DRAFT,),
        Event.SUBMIT,
        State.SUBMITTED,
        starters,
        Duty.FILER,
        (
            *filing,
            Guard.NO_OPEN_RECOVERY,
            Guard.AMOUNT_KNOWN,
            Guard.MATERIALS_COMPLETE,
            Guard.DOCUMENTS_KNOWN,
            Guard.ACCOUNT_GIVEN,
            Guard.ITEMS_FREE,
            Guard.EXCLUSIVE_FREE,
        ),
        takes=("amount", "reason", "note", "account_id", "materials", "deferred_until"),
        reassess=True,
    )
    yield Transition(
        "3",
        (State.SUBMITTED,),
        Event.ACCEPT,
        State.ACCEPTED,
        frozenset({Role.CLERK, Role.PUSH, Role.SYSTEM}),
        Duty.CLERK,
        (Guard.NOT_HELD, Guard.OWN_CHANNEL, Guard.PAPERS_SEEN),
        FundEffect.RESERVE_OR_WAIT,
        ClockEffect.START,
        takes=("note", "papers_seen"),
    )
    yield Transition(
        "4",
        (State.SUBMITTED,),
        Event.REFUSE,
        State.NOT_ACCEPTED,
        frozenset({Role.CLERK}),
        Duty.CLERK,
        (Guard.SILENCE_RUNNING,),
        clock=ClockEffect.END,
        needs=("reason_code",),
        takes=("note",),
    )
