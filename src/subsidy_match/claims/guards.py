"""The code behind each guard that the transition table names; a guard returns, or raises and nothing has happened."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping

from sqlalchemy import and_, or_, select

from subsidy_match.claims.duties import Duty, check_duties
from subsidy_match.claims.occasion import Occasion, current_amount, past_duties, shares_of
from subsidy_match.claims.records import AccountRow, ClaimRow, ClaimShare
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict, InputError
from subsidy_match.store.users import Role, user_by_login

__all__ = ["GUARDS", "check_guards", "others_waiting"]

_DEFERRED = "deferred"


def check_guards(occasion: Occasion) -> None:
    """Check every guard of the row, in its order."""
    for guard in occasion.transition.guards:
        GUARDS[guard](occasion)


def others_waiting(occasion: Occasion, *, before_claim: bool) -> bool:
    """Whether other claims wait for money of the same funds; ``before_claim`` counts those accepted earlier only."""
    claim = occasion.claim
    funds = [share.fund_id for share in shares_of(occasion.session, claim.id)]
    query = (
        select(ClaimRow.id)
        .join(ClaimShare, ClaimShare.claim_id == ClaimRow.id)
        .where(ClaimRow.waiting, ClaimRow.id != claim.id, ClaimShare.fund_id.in_(funds))
    )
    if before_claim:
        same_moment = and_(ClaimRow.accepted_at == claim.accepted_at, ClaimRow.id < claim.id)
        query = query.where(or_(ClaimRow.accepted_at < claim.accepted_at, same_moment))
    return occasion.session.scalars(query.limit(1)).first() is not None


def _may_file(occasion: Occasion) -> None:
    if not occasion.actor.is_machine and not occasion.actor.may_file_for(occasion.claim.uscc):
        raise Forbidden("not_your_firm", "无权代表该企业办理", "you may not act for this firm")


def _policy_open(occasion: Occasion) -> None:
    if not occasion.require_assessment().is_open:
        raise Conflict("policy_not_open", "该政策不在申报期内", "the policy is not open for claims")


def _own_channel(occasion: Occasion) -> None:
    if not occasion.actor.is_machine:
        return
    if occasion.claim.channel != "no_apply":
        raise Forbidden("channel_needs_person", "仅免申即享可由系统发起", "only no-apply policies start by themselves")
    if occasion.assessment is not None and not occasion.assessment.automatic:
        zh, en = "结论或金额尚不确定,不能免申办理", "verdict or amount is not certain: somebody has to apply"
        raise Conflict("not_automatic", zh, en)


def _favourable_or_reason(occasion: Occasion) -> None:
    assessment = occasion.require_assessment()
    if not assessment.is_favourable and "reason" not in occasion.payload:
        zh = f"比对结果为{assessment.verdict},须说明理由"
        raise Conflict("verdict_needs_reason", zh, f"the verdict is {assessment.verdict}: give a reason")


def _favourable(occasion: Occasion) -> None:
    assessment = occasion.require_assessment()
    if not assessment.is_favourable:
        zh = f"重新比对结果为{assessment.verdict},不能审批"
        raise Conflict("verdict_changed", zh, f"assessed again, the verdict is {assessment.verdict}: not approvable")


def _amount_known(occasion: Occasion) -> None:
    assessment, claimed = occasion.require_assessment(), occasion.payload.get("amount")
    if claimed is None and assessment.amount_max in (None, 0):
        raise Conflict("amount_unknown", "无法测算金额,请填写申报金额", "no amount can be estimated: state the amount")
    if claimed is not None and assessment.amount_max is not None and claimed > assessment.amount_max:
        zh = "申报金额超过按规则测算的上限"
        raise Conflict("amount_above_rules", zh, "the amount claimed is above what the rules give")


def _materials_complete(occasion: Occasion) -> None:
    if occasion.actor.is_machine:
        return
    given = occasion.payload.get("materials", {})
    for material in occasion.require_assessment().materials:
        handed_in = given.get(material.id)
        if material.required and (handed_in is None or (handed_in == _DEFERRED and not material.deferrable)):
            raise Conflict("material_missing", f"缺少材料:{material.zh}", f"missing document: {material.en}")
    if _DEFERRED in given.values() and "deferred_until" not in occasion.payload:
        raise InputError("field_missing", "容缺须写明补交日期", "documents to follow need a date: deferred_until")


def _account_given(occasion: Occasion) -> None:
    if occasion.account() is None and not occasion.actor.is_machine:
        raise Conflict("account_missing", "未登记收款账户", "no bank account is on record")


def _account_of_firm(occasion: Occasion) -> None:
    account, claim = _account(occasion), occasion.claim
    if _plain(account.holder) != _plain(claim.enterprise_name):
        raise Conflict("payee_mismatch", "收款账户户名与申报企业不一致", "the account is not in the claimant's name")


def _account_verified(occasion: Occasion) -> None:
    if _account(occasion).verified_by is None:
        raise Conflict("account_unverified", "收款账户尚未经第二人核验", "nobody has verified the account")


def _account_independent(occasion: Occasion) -> None:
    account = _account(occasion)
    if occasion.actor.id in (account.entered_by, account.verified_by):
        zh = "登记或核验收款账户的人员不得制单"
        raise Forbidden("duty_conflict", zh, "whoever entered or verified the account cannot make the batch")


def _not_held(occasion: Occasion) -> None:
    if occasion.claim.held:
        raise Conflict("claim_held", "该件已暂缓办理", "the claim is on hold")


def _held(occasion: Occasion) -> None:
    if not occasion.claim.held:
        raise Conflict("claim_not_held", "该件未被暂缓", "the claim is not on hold")


def _assignee_fit(occasion: Occasion) -> None:
    name = occasion.payload.get("assignee", occasion.actor.id)
    if name != occasion.actor.id and Role.LEAD not in occasion.actor.roles:
        raise Forbidden("not_lead", "仅负责人可交办他人", "only a lead may assign to others")
    assignee = user_by_login(occasion.session, name)
    if Role.REVIEWER not in assignee.roles:
        raise Conflict("assignee_unfit", f"{name}不是初审人员", f"{name} is no reviewer")
    check_duties(name, Duty.REVIEWER, past_duties(occasion.session, occasion.claim.id))


def _assigned_to_actor(occasion: Occasion) -> None:
    if occasion.claim.assignee != occasion.actor.id:
        zh = f"该件已交办{occasion.claim.assignee}"
        raise Forbidden("not_assignee", zh, f"the claim is assigned to {occasion.claim.assignee}")


def _amount_within_bounds(occasion: Occasion) -> None:
    claim, assessed = occasion.claim, occasion.assessment
    low, high = claim.amount_min, claim.amount_max
    if assessed is not None:
        low, high = assessed.amount_min, assessed.amount_max
    amount = occasion.payload.get("amount", current_amount(claim))
    if claim.amount_proposed is not None and assessed is not None and amount != claim.amount_proposed:
        raise Conflict("amount_not_proposed", "与初审金额不一致,请退回", "not the amount proposed: return the claim")
    if amount <= 0:
        raise Conflict("amount_unknown", "金额未确定", "the amount is not known")
    within = (low or 0) <= amount and (high is None or amount <= high)
    if not within and "reason" not in occasion.payload:
        raise Conflict("amount_out_of_bounds", "金额超出规则测算范围,须说明理由", "outside the rules: give a reason")


def _reserved_in_full(occasion: Occasion) -> None:
    held = sum(share.reserved for share in shares_of(occasion.session, occasion.claim.id))
    if occasion.claim.waiting or held != current_amount(occasion.claim):
        raise Conflict("not_reserved", "资金未占用(候补中),不能审批", "no money is reserved: the claim is waiting")


def _may_use_funds(occasion: Occasion) -> None:
    for share in shares_of(occasion.session, occasion.claim.id):
        if not occasion.actor.may_use_fund(share.fund_id):
            raise Forbidden("fund_not_yours", f"无权使用资金:{share.fund_id}", f"not your fund: {share.fund_id}")


def _first_in_line(occasion: Occasion) -> None:
    if not occasion.claim.waiting:
        raise Conflict("not_waiting", "该件不在候补", "the claim is not waiting for money")
    if others_waiting(occasion, before_claim=True):
        raise Conflict("not_first_in_line", "前面还有候补件", "claims accepted earlier are still waiting")


def _before_correction_due(occasion: Occasion) -> None:
    due = occasion.claim.correction_due
    if due is not None and occasion.on > due:
        raise Conflict("correction_overdue", f"补正期限已过:{due}", f"the correction was due on {due}")


def _after_correction_due(occasion: Occasion) -> None:
    due = occasion.claim.correction_due
    if due is None or occasion.on <= due:
        raise Conflict("correction_not_overdue", "补正期限未到", "the correction is not overdue yet")


def _due_in_future(occasion: Occasion) -> None:
    if occasion.payload["due_on"] <= occasion.on:
        raise InputError("field_invalid", "补正期限须晚于当日", "the correction must be due after today")


def _notice_over(occasion: Occasion) -> None:
    until = occasion.claim.notice_until
    if until is None or occasion.on <= until:
        raise Conflict("notice_running", f"公示至{until},尚未届满", f"the public notice runs until {until}")


def _credit_clear(occasion: Occasion) -> None:
    standing = occasion.standing
    if standing is None or standing.clear is None:
        raise Conflict("credit_unknown", "无法核对信用名单,不能支付", "the credit lists could not be read")
    if not standing.clear:
        raise Conflict("credit_bad", f"信用核查未通过:{standing.zh}", f"the credit lists bar payment: {standing.en}")


def _account(occasion: Occasion) -> AccountRow:
    account = occasion.account()
    if account is None:
        raise Conflict("account_missing", "未登记收款账户", "no bank account is on record")
    return account


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.MAY_FILE: _may_file,
    Guard.POLICY_OPEN: _policy_open,
    Guard.OWN_CHANNEL: _own_channel,
    Guard.FAVOURABLE_OR_REASON: _favourable_or_reason,
    Guard.FAVOURABLE: _favourable,
    Guard.AMOUNT_KNOWN: _amount_known,
    Guard.MATERIALS_COMPLETE: _materials_complete,
    Guard.ACCOUNT_GIVEN: _account_given,
    Guard.ACCOUNT_OF_FIRM: _account_of_firm,
    Guard.ACCOUNT_VERIFIED: _account_verified,
    Guard.ACCOUNT_INDEPENDENT: _account_independent,
    Guard.NOT_HELD: _not_held,
    Guard.HELD: _held,
    Guard.ASSIGNEE_FIT: _assignee_fit,
    Guard.ASSIGNED_TO_ACTOR: _assigned_to_actor,
    Guard.AMOUNT_WITHIN_BOUNDS: _amount_within_bounds,
    Guard.RESERVED_IN_FULL: _reserved_in_full,
    Guard.MAY_USE_FUNDS: _may_use_funds,
    Guard.FIRST_IN_LINE: _first_in_line,
    Guard.BEFORE_CORRECTION_DUE: _before_correction_due,
    Guard.AFTER_CORRECTION_DUE: _after_correction_due,
    Guard.DUE_IN_FUTURE: _due_in_future,
    Guard.NOTICE_OVER: _notice_over,
    Guard.CREDIT_CLEAR: _credit_clear,
}
