"""The transition table of a claim, as data: code, documentation, diagram and property tests all read these rows.

Row numbers are those of the specification. A row fires from any of its ``sources``; where two rows share state and
event, ``when`` says which attribute of the claim chooses between them. ``target=None`` stays in the state.
"""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import FINAL, Event, State
from subsidy_match.claims.transition import Branch, ClockEffect, Door, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["TRANSITIONS", "rows_for"]

_S, _E, _R, _G, _D = State, Event, Role, Guard, Duty
_FILERS = frozenset({Role.APPLICANT, Role.AGENT})
_LIVE = tuple(state for state in State if state not in FINAL)
_STAGES = (
    (State.SUBMITTED, Role.CLERK, Duty.CLERK, ()),
    (State.ACCEPTED, Role.CLERK, Duty.CLERK, ()),
    (State.IN_REVIEW, Role.REVIEWER, Duty.REVIEWER, (Guard.ASSIGNED_TO_ACTOR,)),
    (State.IN_RECHECK, Role.RECHECKER, Duty.RECHECKER, ()),
    (State.IN_APPROVAL, Role.APPROVER, Duty.APPROVER, (Guard.MAY_USE_FUNDS,)),
)


def _filing() -> Iterator[Transition]:
    starters = _FILERS | {Role.PUSH}
    filing = (_G.MAY_FILE, _G.POLICY_OPEN, _G.OWN_CHANNEL, _G.FAVOURABLE_OR_REASON)
    yield Transition("1", (), _E.DRAFT, _S.DRAFT, starters, _D.FILER, filing, takes=("reason",), reassess=True)
    yield Transition(
        "2",
        (_S.DRAFT,),
        _E.SUBMIT,
        _S.SUBMITTED,
        starters,
        _D.FILER,
        (*filing, _G.AMOUNT_KNOWN, _G.MATERIALS_COMPLETE, _G.ACCOUNT_GIVEN),
        takes=("amount", "reason", "note", "account_id", "materials", "deferred_until"),
        reassess=True,
    )
    yield Transition(
        "3",
        (_S.SUBMITTED,),
        _E.ACCEPT,
        _S.ACCEPTED,
        frozenset({_R.CLERK, _R.PUSH}),
        _D.CLERK,
        (_G.NOT_HELD, _G.OWN_CHANNEL),
        FundEffect.RESERVE_OR_WAIT,
        ClockEffect.START,
        takes=("note",),
    )
    yield Transition(
        "4",
        (_S.SUBMITTED,),
        _E.REFUSE,
        _S.NOT_ACCEPTED,
        frozenset({_R.CLERK}),
        _D.CLERK,
        needs=("reason_code",),
        takes=("note",),
    )


def _correction() -> Iterator[Transition]:
    for source, role, duty, guards in _STAGES[:-1]:
        yield Transition(
            "5",
            (source,),
            _E.REQUEST_CORRECTION,
            _S.CORRECTION,
            frozenset({role}),
            duty,
            (*guards, _G.DUE_IN_FUTURE),
            clock=ClockEffect.STOP,
            needs=("items", "due_on"),
            takes=("note",),
        )
    for when, target in (
        (Branch.ASKED_IN_SUBMITTED, _S.SUBMITTED),
        (Branch.ASKED_IN_ACCEPTED, _S.ACCEPTED),
        (Branch.ASKED_IN_REVIEW, _S.IN_REVIEW),
        (Branch.ASKED_IN_RECHECK, _S.IN_RECHECK),
    ):
        yield Transition(
            "6",
            (_S.CORRECTION,),
            _E.RESUBMIT,
            target,
            _FILERS,
            _D.FILER,
            (_G.MAY_FILE, _G.BEFORE_CORRECTION_DUE, _G.FAVOURABLE_OR_REASON, _G.AMOUNT_KNOWN),
            FundEffect.ADJUST,
            ClockEffect.RESUME,
            when,
            takes=("amount", "reason", "note", "materials", "deferred_until"),
            reassess=True,
        )
    yield Transition(
        "7",
        (_S.CORRECTION,),
        _E.LAPSE,
        _S.LAPSED,
        frozenset({_R.SYSTEM}),
        guards=(_G.AFTER_CORRECTION_DUE,),
        fund=FundEffect.RELEASE,
        clock=ClockEffect.END,
    )


def _review() -> Iterator[Transition]:
    assigners = frozenset({_R.LEAD, _R.REVIEWER})
    for source in (_S.ACCEPTED, _S.IN_REVIEW):
        yield Transition(
            "8", (source,), _E.ASSIGN, _S.IN_REVIEW, assigners, guards=(_G.ASSIGNEE_FIT,), takes=("assignee", "note")
        )
    for when, target in ((Branch.WITH_RECHECK, _S.IN_RECHECK), (Branch.WITHOUT_RECHECK, _S.IN_APPROVAL)):
        yield Transition(
            "9",
            (_S.IN_REVIEW,),
            _E.PASS,
            target,
            frozenset({_R.REVIEWER}),
            _D.REVIEWER,
            (_G.ASSIGNED_TO_ACTOR, _G.AMOUNT_WITHIN_BOUNDS),
            FundEffect.ADJUST,
            when=when,
            takes=("amount", "reason", "note"),
        )
    yield Transition(
        "9a", (_S.IN_RECHECK,), _E.PASS, _S.IN_APPROVAL, frozenset({_R.RECHECKER}), _D.RECHECKER, takes=("note",)
    )
    for source, role, duty, guards in _STAGES[3:]:
        yield Transition(
            "9b",
            (source,),
            _E.RETURN,
            _S.IN_REVIEW,
            frozenset({role}),
            duty,
            guards,
            needs=("reason_code",),
            takes=("note",),
        )


def _decision() -> Iterator[Transition]:
    yield Transition(
        "3w",
        (_S.ACCEPTED, _S.IN_REVIEW, _S.IN_RECHECK, _S.IN_APPROVAL, _S.CORRECTION),
        _E.RESERVE,
        None,
        frozenset({_R.SYSTEM, _R.LEAD}),
        guards=(_G.FIRST_IN_LINE,),
        fund=FundEffect.RESERVE,
    )
    yield Transition(
        "10",
        (_S.IN_APPROVAL,),
        _E.APPROVE,
        _S.APPROVED,
        frozenset({_R.APPROVER}),
        _D.APPROVER,
        (_G.NOT_HELD, _G.MAY_USE_FUNDS, _G.RESERVED_IN_FULL, _G.FAVOURABLE, _G.AMOUNT_WITHIN_BOUNDS),
        FundEffect.COMMIT,
        takes=("amount", "reason", "note"),
        reassess=True,
    )
    for source, role, duty, guards in _STAGES[2:]:
        yield Transition(
            "11",
            (source,),
            _E.REJECT,
            _S.REJECTED,
            frozenset({role}),
            duty,
            guards,
            FundEffect.RELEASE,
            ClockEffect.END,
            needs=("reason_code",),
            takes=("note",),
        )
    yield Transition(
        "12",
        (_S.APPROVED,),
        _E.PUBLISH,
        _S.PUBLISHED,
        frozenset({_R.NOTICE}),
        clock=ClockEffect.STOP,
        when=Branch.WITH_NOTICE,
        takes=("notice_no", "note"),
    )
    clearers = frozenset({_R.SYSTEM, _R.NOTICE})
    yield Transition(
        "15",
        (_S.PUBLISHED,),
        _E.CLEAR,
        _S.PAYABLE,
        clearers,
        guards=(_G.NOTICE_OVER,),
        clock=ClockEffect.RESUME,
        takes=("note",),
    )
    yield Transition("15", (_S.APPROVED,), _E.CLEAR, _S.PAYABLE, clearers, when=Branch.WITHOUT_NOTICE, takes=("note",))


def _payment() -> Iterator[Transition]:
    payouts = Door.PAYOUTS
    yield Transition(
        "16",
        (_S.PAYABLE,),
        _E.BATCH,
        _S.IN_PAYMENT,
        frozenset({_R.MAKER}),
        _D.MAKER,
        (
            _G.NOT_HELD,
            _G.MAY_USE_FUNDS,
            _G.ACCOUNT_OF_FIRM,
            _G.ACCOUNT_VERIFIED,
            _G.ACCOUNT_INDEPENDENT,
            _G.CREDIT_CLEAR,
        ),
        needs=("batch", "instruction"),
        door=payouts,
    )
    yield Transition(
        "16a",
        (_S.IN_PAYMENT,),
        _E.APPROVE_PAYMENT,
        None,
        frozenset({_R.CHECKER}),
        _D.CHECKER,
        (_G.NOT_HELD, _G.MAY_USE_FUNDS),
        needs=("batch", "instruction"),
        door=payouts,
    )
    yield Transition(
        "16b",
        (_S.IN_PAYMENT,),
        _E.UNBATCH,
        _S.PAYABLE,
        frozenset({_R.CHECKER}),
        _D.CHECKER,
        (_G.MAY_USE_FUNDS,),
        needs=("batch", "instruction", "reason_code"),
        takes=("note",),
        door=payouts,
    )
    receipt = ("batch", "instruction", "bank_ref")
    reconciler = frozenset({_R.RECONCILER})
    yield Transition(
        "17", (_S.IN_PAYMENT,), _E.SETTLE, _S.PAID, reconciler, fund=FundEffect.PAY, needs=receipt, door=payouts
    )
    yield Transition(
        "17a", (_S.PAID,), _E.COMPLETE, _S.COMPLETED, frozenset({_R.SYSTEM}), clock=ClockEffect.END, door=payouts
    )
    yield Transition(
        "18",
        (_S.IN_PAYMENT,),
        _E.FAIL,
        _S.PAY_FAILED,
        reconciler,
        needs=(*receipt, "failure_code"),
        door=payouts,
    )


def _account() -> Iterator[Transition]:
    early = (_S.DRAFT, _S.SUBMITTED, _S.ACCEPTED, _S.CORRECTION, _S.IN_REVIEW, _S.IN_RECHECK, _S.IN_APPROVAL)
    yield Transition(
        "2a",
        (*early, _S.APPROVED, _S.PUBLISHED, _S.PAYABLE),
        _E.SET_ACCOUNT,
        None,
        _FILERS,
        _D.FILER,
        (_G.MAY_FILE, _G.ACCOUNT_GIVEN, _G.ACCOUNT_OF_FIRM),
        needs=("account_id",),
    )
    yield Transition(
        "19",
        (_S.PAY_FAILED,),
        _E.SET_ACCOUNT,
        _S.PAYABLE,
        _FILERS,
        _D.FILER,
        (_G.MAY_FILE, _G.ACCOUNT_GIVEN, _G.ACCOUNT_OF_FIRM, _G.ACCOUNT_VERIFIED),
        needs=("account_id",),
    )


def _ending() -> Iterator[Transition]:
    free = (_S.DRAFT, _S.SUBMITTED, _S.ACCEPTED, _S.CORRECTION, _S.IN_REVIEW, _S.IN_RECHECK)
    yield Transition(
        "23",
        free,
        _E.WITHDRAW,
        _S.WITHDRAWN,
        _FILERS,
        _D.FILER,
        (_G.MAY_FILE,),
        FundEffect.RELEASE,
        ClockEffect.END,
        takes=("note",),
    )
    yield Transition(
        "23a",
        (_S.IN_APPROVAL, _S.APPROVED, _S.PUBLISHED, _S.PAYABLE),
        _E.WITHDRAW,
        _S.WITHDRAWN,
        frozenset({_R.SUPERVISOR}),
        None,
        (),
        FundEffect.RELEASE,
        ClockEffect.END,
        needs=("reason_code", "note"),
    )
    supervisor = frozenset({_R.SUPERVISOR})
    for event, guard in ((_E.HOLD, _G.NOT_HELD), (_E.UNHOLD, _G.HELD)):
        yield Transition("24", _LIVE, event, None, supervisor, guards=(guard,), needs=("reason_code",), takes=("note",))


TRANSITIONS: tuple[Transition, ...] = (
    *_filing(),
    *_correction(),
    *_review(),
    *_decision(),
    *_account(),
    *_payment(),
    *_ending(),
)


def rows_for(state: State | None, event: Event) -> tuple[Transition, ...]:
    """The rows that ``event`` may take from ``state``; ``None`` is before the claim exists."""
    if state is None:
        return tuple(row for row in TRANSITIONS if row.event is event and not row.sources)
    return tuple(row for row in TRANSITIONS if row.event is event and state in row.sources)
