"""Batches, receipts and returned payments; only the office fires these (rows 16–18, 20)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import ClockEffect, Door, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]


_RECEIPT = ("batch", "instruction", "bank_ref")
_RECONCILER = frozenset({Role.RECONCILER})


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    yield from _batching()
    yield from _answers()
    yield from _returns()


def _batching() -> Iterator[Transition]:
    yield Transition(
        "16",
        (State.PAYABLE,),
        Event.BATCH,
        State.IN_PAYMENT,
        frozenset({Role.MAKER}),
        Duty.MAKER,
        (
            Guard.NOT_HELD,
            Guard.NO_WITHDRAWAL_ASKED,
            Guard.MAY_USE_FUNDS,
            Guard.ACCOUNT_OF_FIRM,
            Guard.ACCOUNT_VERIFIED,
            Guard.ACCOUNT_INDEPENDENT,
            Guard.ACCOUNT_NOT_REFUSED,
            Guard.NO_OPEN_LINE,
            Guard.NOTHING_PARKED,
            Guard.CREDIT_CLEAR,
        ),
        needs=("batch", "instruction"),
        door=Door.PAYOUTS,
    )
    yield Transition(
        "16a",
        (State.IN_PAYMENT,),
        Event.APPROVE_PAYMENT,
        None,
        frozenset({Role.CHECKER}),
        Duty.CHECKER,
        (Guard.NOT_HELD, Guard.NOTHING_PARKED, Guard.MAY_USE_FUNDS),
        needs=("batch", "instruction"),
        door=Door.PAYOUTS,
    )
    yield Transition(
        "16b",
        (State.IN_PAYMENT,),
        Event.UNBATCH,
        State.PAYABLE,
        frozenset({Role.CHECKER}),
        Duty.CHECKER,
        (Guard.MAY_USE_FUNDS,),
        needs=("batch", "instruction", "reason_code"),
        takes=("note",),
        door=Door.PAYOUTS,
    )
    yield Transition(
        "16c",
        (State.IN_PAYMENT,),
        Event.CANCEL_PAYMENT,
        State.PAYABLE,
        frozenset({Role.MAKER, Role.CHECKER, Role.SUPERVISOR}),
        None,
        (Guard.NOT_FILER, Guard.MAY_USE_FUNDS),
        needs=("batch", "instruction", "reason_code"),
        takes=("note",),
        door=Door.PAYOUTS,
    )


def _answers() -> Iterator[Transition]:
    yield Transition(
        "17",
        (State.IN_PAYMENT,),
        Event.SETTLE,
        State.PAID,
        _RECONCILER,
        guards=(Guard.NOT_FILER,),
        fund=FundEffect.PAY,
        needs=_RECEIPT,
        door=Door.PAYOUTS,
    )
    yield Transition(
        "17a",
        (State.PAID,),
        Event.COMPLETE,
        State.COMPLETED,
        frozenset({Role.SYSTEM}),
        clock=ClockEffect.END,
        door=Door.PAYOUTS,
    )
    # What the bank said had failed was paid after all; no account is refused and no firm barred once the money is gone.
    yield Transition(
        "17b",
        (State.PAY_FAILED, State.PAYABLE),
        Event.SETTLE,
        State.PAID,
        frozenset({Role.SUPERVISOR}),
        guards=(Guard.NOT_FILER, Guard.MAY_USE_FUNDS, Guard.NO_OPEN_LINE, Guard.COMMITTED_AS_PAID),
        fund=FundEffect.PAY,
        needs=_RECEIPT,
        door=Door.PAYOUTS,
    )
    yield Transition(
        "18",
        (State.IN_PAYMENT,),
        Event.FAIL,
        State.PAY_FAILED,
        _RECONCILER,
        guards=(Guard.NOT_FILER,),
        needs=(*_RECEIPT, "failure_code"),
        door=Door.PAYOUTS,
    )


def _returns() -> Iterator[Transition]:
    yield Transition(
        "20",
        (State.PAID, State.COMPLETED),
        Event.BANK_RETURN,
        State.PAY_FAILED,
        _RECONCILER,
        guards=(Guard.NOT_FILER,),
        fund=FundEffect.RETURN,
        clock=ClockEffect.REOPEN,
        needs=(*_RECEIPT, "return_ref", "failure_code"),
        door=Door.PAYOUTS,
    )
    # What the bank sends back needs no recovery any more, and what was given up has come back after all.
    yield Transition(
        "20r",
        (State.RECOVERING, State.WRITTEN_OFF),
        Event.BANK_RETURN,
        State.RECOVERED,
        _RECONCILER,
        guards=(Guard.NOT_FILER, Guard.RETURN_SETTLES_RECOVERY),
        fund=FundEffect.RECOVER_RETURN,
        needs=(*_RECEIPT, "return_ref", "failure_code"),
        door=Door.PAYOUTS,
    )
