"""What undoes or mends a decision: revocation, appeal (row 22), amendment (row 25), a firm's new name (row 25a)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.table.common import FILERS, LIVE, STAGES
from subsidy_match.claims.transition import Branch, ClockEffect, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]

_DECIDED = (State.NOT_ACCEPTED, State.REJECTED, State.REVOKED)
_SUPERVISOR = frozenset({Role.SUPERVISOR})
# A payment under way, or made, was made out to the old name.
_NOT_IN_PAYMENT = tuple(state for state in LIVE if state not in (State.IN_PAYMENT, State.PAID, State.RECOVERING))


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    yield Transition(
        "14r",
        (State.APPROVED, State.PUBLISHED, State.PAYABLE, State.PAY_FAILED),
        Event.REVOKE,
        State.REVOKED,
        _SUPERVISOR,
        guards=(Guard.NEW_DECIDER, Guard.NOTHING_PARKED),
        fund=FundEffect.RELEASE,
        clock=ClockEffect.END,
        needs=("reason_code", "note"),
    )
    yield from _appeal()
    yield from _amendment()
    yield from _rename()


def _appeal() -> Iterator[Transition]:
    yield Transition(
        "22",
        _DECIDED,
        Event.APPEAL,
        State.APPEAL,
        FILERS,
        Duty.FILER,
        (Guard.MAY_FILE, Guard.NOT_APPEALED, Guard.APPEAL_IN_TIME),
        needs=("reason",),
    )
    yield Transition(
        "22a",
        (State.APPEAL,),
        Event.UPHOLD_APPEAL,
        State.IN_REVIEW,
        _SUPERVISOR,
        guards=(Guard.NEW_DECIDER, Guard.PLACE_FREE),
        fund=FundEffect.RESERVE_OR_WAIT,
        clock=ClockEffect.REOPEN,
        needs=("note",),
    )
    for when, target in (
        (Branch.APPEALED_NOT_ACCEPTED, State.NOT_ACCEPTED),
        (Branch.APPEALED_REJECTED, State.REJECTED),
        (Branch.APPEALED_REVOKED, State.REVOKED),
    ):
        yield Transition(
            "22b",
            (State.APPEAL,),
            Event.DISMISS_APPEAL,
            target,
            _SUPERVISOR,
            guards=(Guard.NEW_DECIDER,),
            fund=FundEffect.RELEASE,  # there is nothing to release: an unpaid end holds no money, whatever led to it
            when=when,
            needs=("note",),
        )


def _amendment() -> Iterator[Transition]:
    for source, role, duty, guards in STAGES[:-1]:
        yield Transition(
            "25",
            (source,),
            Event.AMEND,
            None,
            frozenset({role}),
            duty,
            (*guards, Guard.AMENDS),
            FundEffect.ADJUST,
            needs=("note",),
            takes=("amount", "account_id"),
        )


def _rename() -> Iterator[Transition]:
    yield Transition(
        "25a",
        _NOT_IN_PAYMENT,
        Event.RENAME,
        None,
        frozenset({Role.CLERK, Role.LEAD}),
        guards=(Guard.NOT_FILER, Guard.RENAMES, Guard.NO_OPEN_LINE),
        needs=("enterprise_name", "document_no", "note"),
    )
