"""What a row of the transition table says: states, event, actors, guards and effects, all by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import Event, State
from subsidy_match.store.users import Role

__all__ = ["Branch", "ClockEffect", "Door", "FundEffect", "Guard", "Transition"]


class Branch(StrEnum):
    """Which attribute of the claim picks one of several rows for the same state and event."""

    # review
    WITH_RECHECK = "with_recheck"
    WITHOUT_RECHECK = "without_recheck"
    # notices
    WITH_NOTICE = "with_notice"
    WITHOUT_NOTICE = "without_notice"
    # correction
    ASKED_IN_SUBMITTED = "asked_in_submitted"
    ASKED_IN_ACCEPTED = "asked_in_accepted"
    ASKED_IN_REVIEW = "asked_in_in_review"
    ASKED_IN_RECHECK = "asked_in_in_recheck"
    # appeals
    APPEALED_NOT_ACCEPTED = "appealed_not_accepted"
    APPEALED_REJECTED = "appealed_rejected"
    APPEALED_REVOKED = "appealed_revoked"


class Guard(StrEnum):
    """A condition that must hold, by name; ``claims.guards`` has the code."""

    # filing
    MAY_FILE = "may_file"
    POLICY_OPEN = "policy_open"
    OWN_CHANNEL = "own_channel"
    FAVOURABLE_OR_REASON = "favourable_or_reason"
    FAVOURABLE = "favourable"
    MATERIALS_COMPLETE = "materials_complete"
    PAPERS_SEEN = "papers_seen"
    # amounts
    AMOUNT_KNOWN = "amount_known"
    AMOUNT_WITHIN_BOUNDS = "amount_within_bounds"
    # accounts
    ACCOUNT_GIVEN = "account_given"
    ACCOUNT_OF_FIRM = "account_of_firm"
    ACCOUNT_VERIFIED = "account_verified"
    ACCOUNT_INDEPENDENT = "account_independent"
    # holds
    NOT_HELD = "not_held"
    HELD = "held"
    # review
    ASSIGNEE_FIT = "assignee_fit"
    ASSIGNED_TO_ACTOR = "assigned_to_actor"
    # channels
    PASSES_BY_ITSELF = "passes_by_itself"
    # tasks
    TASK_NEW = "task_new"
    TASK_OF_ACTOR = "task_of_actor"
    TASK_OPEN = "task_open"
    QUORUM_REACHED = "quorum_reached"
    # endorsements
    ENDORSEMENT_WANTED = "endorsement_wanted"
    ENDORSED_ENOUGH = "endorsed_enough"
    # money
    RESERVED_IN_FULL = "reserved_in_full"
    MAY_USE_FUNDS = "may_use_funds"
    FIRST_IN_LINE = "first_in_line"
    # pooled funds
    SHARE_WITHIN_ASKED = "share_within_asked"
    ALLOTTED = "allotted"
    # correction
    BEFORE_CORRECTION_DUE = "before_correction_due"
    AFTER_CORRECTION_DUE = "after_correction_due"
    DUE_IN_TIME = "due_in_time"
    # notices
    NOTICE_OVER = "notice_over"
    ALLOCATED = "allocated"
    NOT_ALLOCATED = "not_allocated"
    # objections
    LAST_OBJECTION = "last_objection"
    OTHER_OBJECTIONS = "other_objections"
    OBJECTION_DECIDER_NEW = "objection_decider_new"
    # payment
    CREDIT_CLEAR = "credit_clear"
    NO_OPEN_LINE = "no_open_line"
    ACCOUNT_NOT_REFUSED = "account_not_refused"
    NOTHING_PARKED = "nothing_parked"
    COMMITTED_AS_PAID = "committed_as_paid"
    # undoing
    NOT_FILER = "not_filer"
    NEW_DECIDER = "new_decider"
    AMENDS = "amends"
    RENAMES = "renames"
    APPEAL_IN_TIME = "appeal_in_time"
    NOT_APPEALED = "not_appealed"
    PLACE_FREE = "place_free"
    NO_WITHDRAWAL_ASKED = "no_withdrawal_asked"
    WITHDRAWAL_ASKED = "withdrawal_asked"
    # recovery
    NO_OPEN_RECOVERY = "no_open_recovery"
    RECOVERABLE = "recoverable"
    PLAN_ADDS_UP = "plan_adds_up"
    RECOVERY_PROPOSED = "recovery_proposed"
    RECOVERY_OPEN = "recovery_open"
    RECEIPT_FITS = "receipt_fits"
    RECOVERY_SETTLED = "recovery_settled"
    RETURN_SETTLES_RECOVERY = "return_settles_recovery"
    NO_WRITE_OFF_PROPOSED = "no_write_off_proposed"
    WRITE_OFF_PROPOSED = "write_off_proposed"
    WRITE_OFF_BY_ANOTHER = "write_off_by_another"
    # deadlines
    SILENCE_OVER = "silence_over"
    SILENCE_RUNNING = "silence_running"
    DRAFT_EXPIRED = "draft_expired"
    DATES_MOVED = "dates_moved"
    # evidence
    DOCUMENTS_KNOWN = "documents_known"
    MATERIAL_OWED = "material_owed"
    NOTHING_OWED = "nothing_owed"
    MACHINE_UNOPPOSED = "machine_unopposed"
    ITEMS_FREE = "items_free"
    EXCLUSIVE_FREE = "exclusive_free"
    WITHIN_CAP = "within_cap"
    RISK_OPEN = "risk_open"
    RISKS_ANSWERED = "risks_answered"
    # year end
    CARRIED_OVER = "carried_over"
    PAYMENT_NOT_BEGUN = "payment_not_begun"


class FundEffect(StrEnum):
    """What a transition does with the money."""

    NONE = "none"
    # reserving
    RESERVE = "reserve"
    RESERVE_OR_WAIT = "reserve_or_wait"
    ADJUST = "adjust"
    # ending
    RELEASE = "release"
    # decision
    COMMIT = "commit"
    # objections
    REOPEN = "reopen"
    # payment
    PAY = "pay"
    RETURN = "return"
    # correction
    REBASE = "rebase"
    # recovery
    RECOVER = "recover"
    RECOVER_RETURN = "recover_return"
    # year end
    REHOME = "rehome"


class ClockEffect(StrEnum):
    """What a transition does with the total clock."""

    NONE = "none"
    START = "start"
    STOP = "stop"
    RESUME = "resume"
    TURN = "turn"
    END = "end"
    REOPEN = "reopen"
    # tasks
    STOP_FOR_TASK = "stop_for_task"
    RESUME_FROM_TASK = "resume_from_task"


class Door(StrEnum):
    """Through which part of the library a row may be fired."""

    DESK = "desk"
    PAYOUTS = "payouts"
    RUNS = "runs"
    NOTICES = "notices"
    ALLOCATIONS = "allocations"
    FUNDS = "funds"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table."""

    row: str
    sources: tuple[State, ...]
    event: Event
    target: State | None
    roles: frozenset[Role]
    duty: Duty | None = None
    guards: tuple[Guard, ...] = ()
    fund: FundEffect = FundEffect.NONE
    clock: ClockEffect = ClockEffect.NONE
    when: Branch | None = None
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    reassess: bool = False
    door: Door = Door.DESK

    def lands_in(self, source: State) -> State:
        """The state after this row fired from ``source``."""
        return source if self.target is None else self.target
