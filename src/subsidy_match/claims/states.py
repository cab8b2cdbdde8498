"""The states of a claim and the events that move it, with their names in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["EVENT_NAMES", "FINAL", "OCCUPYING", "STATE_NAMES", "Event", "State"]


class State(StrEnum):
    """Where a claim stands."""

    # filing
    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    NOT_ACCEPTED = "NOT_ACCEPTED"
    ACCEPTED = "ACCEPTED"
    # correction
    CORRECTION = "CORRECTION"
    LAPSED = "LAPSED"
    # review
    IN_REVIEW = "IN_REVIEW"
    IN_RECHECK = "IN_RECHECK"
    # decision
    IN_APPROVAL = "IN_APPROVAL"
    REJECTED = "REJECTED"
    APPROVED = "APPROVED"
    # notices
    PUBLISHED = "PUBLISHED"
    # payment
    PAYABLE = "PAYABLE"
    IN_PAYMENT = "IN_PAYMENT"
    PAY_FAILED = "PAY_FAILED"
    PAID = "PAID"
    COMPLETED = "COMPLETED"
    # ending
    WITHDRAWN = "WITHDRAWN"


class Event(StrEnum):
    """What happens to a claim."""

    # filing
    DRAFT = "draft"
    SUBMIT = "submit"
    ACCEPT = "accept"
    REFUSE = "refuse"
    # correction
    REQUEST_CORRECTION = "request_correction"
    RESUBMIT = "resubmit"
    LAPSE = "lapse"
    # review
    ASSIGN = "assign"
    PASS = "pass"  # noqa: S105  # the event's name, no secret
    RETURN = "return"
    # tasks
    OPEN_TASK = "open_task"
    ANSWER_TASK = "answer_task"
    DROP_TASK = "drop_task"
    # decision
    RESERVE = "reserve"
    ENDORSE = "endorse"
    APPROVE = "approve"
    REJECT = "reject"
    # notices
    PUBLISH = "publish"
    CLEAR = "clear"
    # accounts
    SET_ACCOUNT = "set_account"
    # payment
    BATCH = "batch"
    UNBATCH = "unbatch"
    APPROVE_PAYMENT = "approve_payment"
    SETTLE = "settle"
    FAIL = "fail"
    COMPLETE = "complete"
    # ending
    WITHDRAW = "withdraw"
    HOLD = "hold"
    UNHOLD = "unhold"


STATE_NAMES: Mapping[State, tuple[str, str]] = {
    # filing
    State.DRAFT: ("待提交", "draft"),
    State.SUBMITTED: ("已提交", "submitted"),
    State.NOT_ACCEPTED: ("不予受理", "not accepted"),
    State.ACCEPTED: ("已受理", "accepted"),
    # correction
    State.CORRECTION: ("待补正", "awaiting correction"),
    State.LAPSED: ("视为撤回", "lapsed"),
    # review
    State.IN_REVIEW: ("初审", "in review"),
    State.IN_RECHECK: ("复核", "in re-examination"),
    # decision
    State.IN_APPROVAL: ("审批", "in approval"),
    State.REJECTED: ("不予支持", "rejected"),
    State.APPROVED: ("已审批", "approved"),
    # notices
    State.PUBLISHED: ("公示中", "in public notice"),
    # payment
    State.PAYABLE: ("待兑付", "payable"),
    State.IN_PAYMENT: ("兑付中", "in payment"),
    State.PAY_FAILED: ("退票", "payment failed"),
    State.PAID: ("已兑付", "paid"),
    State.COMPLETED: ("办结", "completed"),
    # ending
    State.WITHDRAWN: ("已撤回", "withdrawn"),
}

EVENT_NAMES: Mapping[Event, tuple[str, str]] = {
    # filing
    Event.DRAFT: ("填报", "draft"),
    Event.SUBMIT: ("提交", "submit"),
    Event.ACCEPT: ("受理", "accept"),
    Event.REFUSE: ("不予受理", "refuse"),
    # correction
    Event.REQUEST_CORRECTION: ("一次性告知补正", "request correction"),
    Event.RESUBMIT: ("补正提交", "resubmit"),
    Event.LAPSE: ("逾期视为撤回", "lapse"),
    # review
    Event.ASSIGN: ("交办", "assign"),
    Event.PASS: ("通过", "pass"),
    Event.RETURN: ("退回", "return"),
    # tasks
    Event.OPEN_TASK: ("发起协办", "open a task"),
    Event.ANSWER_TASK: ("协办答复", "answer a task"),
    Event.DROP_TASK: ("撤销协办", "drop a task"),
    # decision
    Event.RESERVE: ("候补占用资金", "reserve from the waitlist"),
    Event.ENDORSE: ("会签", "endorse"),
    Event.APPROVE: ("审批", "approve"),
    Event.REJECT: ("不予支持", "reject"),
    # notices
    Event.PUBLISH: ("公示", "put into a notice"),
    Event.CLEAR: ("公示期满", "clear for payment"),
    # accounts
    Event.SET_ACCOUNT: ("登记收款账户", "set the account"),
    # payment
    Event.BATCH: ("编入支付批次", "put into a batch"),
    Event.UNBATCH: ("退出支付批次", "take out of the batch"),
    Event.APPROVE_PAYMENT: ("支付复核", "approve the payment"),
    Event.SETTLE: ("到账", "settle"),
    Event.FAIL: ("退票", "payment failed"),
    Event.COMPLETE: ("办结", "complete"),
    # ending
    Event.WITHDRAW: ("撤回", "withdraw"),
    Event.HOLD: ("暂缓", "hold"),
    Event.UNHOLD: ("解除暂缓", "unhold"),
}

_UNPAID_ENDS = frozenset({State.NOT_ACCEPTED, State.LAPSED, State.REJECTED, State.WITHDRAWN})

FINAL = _UNPAID_ENDS | {State.COMPLETED}
"""States in which nobody owes a step."""

OCCUPYING = frozenset(State) - _UNPAID_ENDS
"""States in which a claim bars another one for the same enterprise, policy, period and subject."""
