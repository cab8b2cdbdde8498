"""Coded reasons: why a claim was refused, rejected, returned, held or withdrawn, countable and in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from subsidy_match.claims.registry import merge
from subsidy_match.claims.states import Event
from subsidy_match.errors import InputError

__all__ = ["REASONS", "Reason", "check_reason"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason and the events that may carry it."""

    code: str
    zh: str
    en: str
    events: frozenset[Event]


def _reason(code: str, zh: str, en: str, *events: Event) -> Reason:
    return Reason(code, zh, en, frozenset(events))


_REFUSAL = (
    _reason("out_of_scope", "不属于受理范围", "outside the scope of the policy", Event.REFUSE, Event.REJECT),
    _reason("out_of_window", "不在申报期内", "outside the application window", Event.REFUSE),
    _reason("wrong_office", "不属于本部门职权", "another office is in charge", Event.REFUSE),
    _reason("incomplete", "材料不齐且未补正", "incomplete and not corrected", Event.REFUSE, Event.REJECT),
    _reason("duplicate", "重复申报", "claimed twice", Event.REFUSE, Event.REJECT),
)
_DECISION = (
    _reason("condition_not_met", "不符合申报条件", "a condition is not met", Event.REJECT),
    _reason("discredited", "存在失信或取消资格情形", "discredited or barred", Event.REJECT),
    _reason("false_statement", "材料不实", "a statement is false", Event.REJECT),
    _reason("no_budget", "资金预算不足", "the budget is exhausted", Event.REJECT),
)
_RETURN = (
    _reason("facts_unclear", "事实不清,需重新核查", "facts need another look", Event.RETURN),
    _reason("amount_wrong", "金额有误", "the amount is wrong", Event.RETURN),
    _reason("procedure", "程序不当", "procedure was not followed", Event.RETURN),
)
_NOTICES = (
    _reason("notice_error", "公示内容有误", "the notice was in error", Event.UNPUBLISH),
    _reason("allocation_error", "下达文件有误", "the document of allocation was in error", Event.RECALL),
)
_OBJECTIONS = (
    _reason("objection_unfounded", "异议不成立", "unfounded", Event.ANSWER_OBJECTION, Event.DISMISS_OBJECTION),
    _reason("facts_to_recheck", "事实需重新核查", "facts need to be checked again", Event.UPHOLD_OBJECTION),
    _reason("ground_established", "异议查实,不符合条件", "the ground is established", Event.REVOKE),
)
_HOLD = (
    _reason("under_inquiry", "涉嫌问题核查中", "under inquiry", Event.HOLD),
    _reason("by_law", "依法暂缓", "held by law or order", Event.HOLD),
    _reason("cleared", "核查结束", "the inquiry is over", Event.UNHOLD),
)
_WITHDRAWAL = (
    _reason("payment_under_way", "已进入支付环节", "payment is under way", Event.REFUSE_WITHDRAWAL),
    _reason("under_investigation", "正在核查,不宜撤回", "under investigation", Event.REFUSE_WITHDRAWAL),
)
_GROUNDS = (Event.REVOKE, Event.PROPOSE_RECOVERY)
_UNDOING = (
    _reason("fraud", "提供虚假材料或骗取资金", "obtained by false documents", *_GROUNDS),
    _reason("not_qualified", "经核查不符合条件", "found not to qualify", *_GROUNDS),
    _reason("overpaid", "多付", "too much was paid", Event.PROPOSE_RECOVERY),
    _reason("paid_twice", "重复享受", "paid twice for the same", *_GROUNDS),
    _reason("promise_broken", "未履行承诺", "what was promised was not done", *_GROUNDS),
    _reason("court_or_audit", "依据判决、审计或巡察意见", "by judgment, audit or inspection", *_GROUNDS),
)
_WRITE_OFF = (
    _reason(
        "dissolved",
        "企业已注销或破产且无财产",
        "the firm is dissolved or bankrupt without assets",
        Event.PROPOSE_WRITE_OFF,
    ),
    _reason("uncollectable", "穷尽措施仍无法追回", "nothing more can be collected", Event.PROPOSE_WRITE_OFF),
    _reason("costs_exceed", "追回成本高于金额", "collecting costs more than it brings", Event.PROPOSE_WRITE_OFF),
)
_PAYMENT = (
    _reason("batch_error", "批次编制有误", "the batch was made in error", Event.UNBATCH, Event.CANCEL_PAYMENT),
    _reason("payment_stopped", "停止支付", "payment is stopped", Event.CANCEL_PAYMENT),
)
_ANY = (_reason("other", "其他(见说明)", "other, see the note", *Event),)

REASONS: Mapping[str, Reason] = merge(
    *(
        {reason.code: reason}
        for topic in (
            _REFUSAL,
            _DECISION,
            _RETURN,
            _NOTICES,
            _OBJECTIONS,
            _HOLD,
            _WITHDRAWAL,
            _UNDOING,
            _WRITE_OFF,
            _PAYMENT,
            _ANY,
        )
        for reason in topic
    )
)
"""Every reason by its code; a topic has a tuple of its own."""


def check_reason(code: str, event: Event) -> Reason:
    """Find a reason that ``event`` may carry.

    Raises:
        InputError: ``reason_unknown``.
    """
    reason = REASONS.get(code)
    if reason is None or event not in reason.events:
        known = ", ".join(r.code for r in REASONS.values() if event in r.events)
        raise InputError("reason_unknown", f"理由代码不适用:{code}", f"no such reason here: {code}", hint=known)
    return reason
