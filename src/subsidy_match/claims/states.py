"""The states of a claim and the events that move it, with their names in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["EVENT_NAMES", "FINAL", "OCCUPYING", "STATE_NAMES", "UNDOING", "Event", "State"]


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
    # objections
    OBJECTION = "OBJECTION"
    REVOKED = "REVOKED"
    # payment
    PAYABLE = "PAYABLE"
    IN_PAYMENT = "IN_PAYMENT"
    PAY_FAILED = "PAY_FAILED"
    PAID = "PAID"
    COMPLETED = "COMPLETED"
    # ending
    WITHDRAWN = "WITHDRAWN"
    # undoing
    APPEAL = "APPEAL"
    # recovery
    RECOVERING = "RECOVERING"
    RECOVERED = "RECOVERED"
    WRITTEN_OFF = "WRITTEN_OFF"


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
    # pooled funds
    ALLOT = "allot"
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
    UNPUBLISH = "unpublish"
    CLEAR = "clear"
    RECALL = "recall"
    # objections
    OBJECT = "object"
    ANSWER_OBJECTION = "answer_objection"
    DISMISS_OBJECTION = "dismiss_objection"
    UPHOLD_OBJECTION = "uphold_objection"
    REVOKE = "revoke"
    # accounts
    SET_ACCOUNT = "set_account"
    # payment
    BATCH = "batch"
    UNBATCH = "unbatch"
    APPROVE_PAYMENT = "approve_payment"
    SETTLE = "settle"
    FAIL = "fail"
    COMPLETE = "complete"
    CANCEL_PAYMENT = "cancel_payment"
    BANK_RETURN = "bank_return"
    # ending
    WITHDRAW = "withdraw"
    HOLD = "hold"
    UNHOLD = "unhold"
    REQUEST_WITHDRAWAL = "request_withdrawal"
    CONSENT_WITHDRAWAL = "consent_withdrawal"
    REFUSE_WITHDRAWAL = "refuse_withdrawal"
    # undoing
    AMEND = "amend"
    RENAME = "rename"
    APPEAL = "appeal"
    UPHOLD_APPEAL = "uphold_appeal"
    DISMISS_APPEAL = "dismiss_appeal"
    # recovery
    PROPOSE_RECOVERY = "propose_recovery"
    APPROVE_RECOVERY = "approve_recovery"
    REFUSE_RECOVERY = "refuse_recovery"
    RECEIVE_RECOVERY = "receive_recovery"
    CLOSE_RECOVERY = "close_recovery"
    PROPOSE_WRITE_OFF = "propose_write_off"
    APPROVE_WRITE_OFF = "approve_write_off"
    REFUSE_WRITE_OFF = "refuse_write_off"
    # deadlines
    DEEM_ACCEPT = "deem_accept"
    REDATE = "redate"
    # evidence
    SUPPLY = "supply"
    ACKNOWLEDGE_RISK = "acknowledge_risk"
    # year end
    REHOME = "rehome"


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
    # objections
    State.OBJECTION: ("异议处理", "under objection"),
    State.REVOKED: ("已撤销", "revoked"),
    # payment
    State.PAYABLE: ("待兑付", "payable"),
    State.IN_PAYMENT: ("兑付中", "in payment"),
    State.PAY_FAILED: ("退票", "payment failed"),
    State.PAID: ("已兑付", "paid"),
    State.COMPLETED: ("办结", "completed"),
    # ending
    State.WITHDRAWN: ("已撤回", "withdrawn"),
    # undoing
    State.APPEAL: ("复议中", "under appeal"),
    # recovery
    State.RECOVERING: ("追回中", "being recovered"),
    State.RECOVERED: ("已追回", "recovered"),
    State.WRITTEN_OFF: ("已核销", "written off"),
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
    # pooled funds
    Event.ALLOT: ("统筹分配", "allot the share of a pooled fund"),
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
    Event.UNPUBLISH: ("撤下公示", "take out of the notice"),
    Event.CLEAR: ("公示期满", "clear for payment"),
    Event.RECALL: ("资金下达作废", "recall from payment"),
    # objections
    Event.OBJECT: ("提出异议", "object"),
    Event.ANSWER_OBJECTION: ("答复一项异议", "answer one of several objections"),
    Event.DISMISS_OBJECTION: ("异议不成立", "dismiss the objection"),
    Event.UPHOLD_OBJECTION: ("异议需重新核查", "uphold the objection: look again"),
    Event.REVOKE: ("撤销审批", "revoke"),
    # accounts
    Event.SET_ACCOUNT: ("登记收款账户", "set the account"),
    # payment
    Event.BATCH: ("编入支付批次", "put into a batch"),
    Event.UNBATCH: ("退出支付批次", "take out of the batch"),
    Event.APPROVE_PAYMENT: ("支付复核", "approve the payment"),
    Event.SETTLE: ("到账", "settle"),
    Event.FAIL: ("付款失败", "payment failed"),
    Event.COMPLETE: ("办结", "complete"),
    Event.CANCEL_PAYMENT: ("撤销支付批次", "cancel the batch"),
    Event.BANK_RETURN: ("银行退票", "come back from the bank"),
    # ending
    Event.WITHDRAW: ("撤回", "withdraw"),
    Event.HOLD: ("暂缓", "hold"),
    Event.UNHOLD: ("解除暂缓", "unhold"),
    Event.REQUEST_WITHDRAWAL: ("申请撤回", "ask to withdraw"),
    Event.CONSENT_WITHDRAWAL: ("同意撤回", "consent to the withdrawal"),
    Event.REFUSE_WITHDRAWAL: ("不同意撤回", "refuse the withdrawal"),
    # undoing
    Event.AMEND: ("更正", "amend"),
    Event.RENAME: ("企业更名", "take over the new name of the firm"),
    Event.APPEAL: ("申请复议", "appeal"),
    Event.UPHOLD_APPEAL: ("复议支持", "uphold the appeal"),
    Event.DISMISS_APPEAL: ("复议驳回", "dismiss the appeal"),
    # recovery
    Event.PROPOSE_RECOVERY: ("提出追回", "propose a recovery"),
    Event.APPROVE_RECOVERY: ("批准追回", "approve the recovery"),
    Event.REFUSE_RECOVERY: ("不同意追回", "refuse the recovery"),
    Event.RECEIVE_RECOVERY: ("追回到账", "receive a recovery"),
    Event.CLOSE_RECOVERY: ("追回办结", "close the recovery"),
    Event.PROPOSE_WRITE_OFF: ("提出核销", "propose a write-off"),
    Event.APPROVE_WRITE_OFF: ("批准核销", "approve the write-off"),
    Event.REFUSE_WRITE_OFF: ("不同意核销", "refuse the write-off"),
    # deadlines
    Event.DEEM_ACCEPT: ("视为受理", "deem accepted"),
    Event.REDATE: ("期限重算", "tell the dates anew"),
    # evidence
    Event.SUPPLY: ("补交容缺材料", "hand in a document that was to follow"),
    Event.ACKNOWLEDGE_RISK: ("确认风险", "answer for a risk"),
    # year end
    Event.REHOME: ("转列", "rehome in the fund of the next year"),
}

_UNPAID_ENDS = frozenset({State.NOT_ACCEPTED, State.LAPSED, State.REJECTED, State.REVOKED, State.WITHDRAWN})

FINAL = _UNPAID_ENDS | {State.COMPLETED, State.RECOVERED, State.WRITTEN_OFF}
"""States in which nobody owes a step; only what undoes a decision leads out of them."""

UNDOING = frozenset({Event.APPEAL, Event.APPROVE_RECOVERY, Event.BANK_RETURN})
"""Events that lead out of a final state."""

OCCUPYING = frozenset(State) - _UNPAID_ENDS - {State.APPEAL}
"""States in which a claim bars another one for the same enterprise, policy, period and subject."""
