"""Who may file what: firm, window, channel, verdict, documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.handling.channels import accepts_by_itself
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.originals import given_so_far, unseen
from subsidy_match.claims.people.authorisations import check_authorised, check_firm_of
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict, InputError
from subsidy_match.store.users import PUSH, Role

__all__ = ["GUARDS", "PERSONAL"]

_NAMED = 10
_DEFERRED = "deferred"


def _may_file(occasion: Occasion) -> None:
    check_firm_of(occasion.actor, occasion.claim.uscc)
    check_authorised(occasion.session, occasion.actor, occasion.claim.uscc, occasion.claim.policy_id, occasion.on)


def _policy_open(occasion: Occasion) -> None:
    if not occasion.require_assessment().is_open:
        raise Conflict("policy_not_open", "该政策不在申报期内", "the policy is not open for claims")


def _own_channel(occasion: Occasion) -> None:
    if not occasion.actor.is_machine:
        return
    if occasion.actor.has_any({Role.SYSTEM}) and accepts_by_itself(occasion.session, occasion.claim):
        return
    if occasion.claim.channel != "no_apply" or occasion.actor.has_any({Role.SYSTEM}):
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


def _materials_complete(occasion: Occasion) -> None:
    # What the machine filed needs no documents, nor does its correction.
    if occasion.actor.is_machine or occasion.claim.filer == PUSH.id:
        return
    now = occasion.payload.get("materials", {})
    given = given_so_far(occasion.session, occasion.claim.id) | now
    for material in occasion.require_assessment().materials:
        handed_in = given.get(material.id)
        if material.required and (handed_in is None or (handed_in == _DEFERRED and not material.deferrable)):
            raise Conflict("material_missing", f"缺少材料:{material.zh}", f"missing document: {material.en}")
    if _DEFERRED in now.values() and "deferred_until" not in occasion.payload:
        raise InputError("field_missing", "容缺须写明补交日期", "documents to follow need a date: deferred_until")


def _papers_seen(occasion: Occasion) -> None:
    seen = occasion.payload.get("papers_seen", ())
    left = [name for name in unseen(occasion.session, occasion.claim.id) if name not in seen]
    if left:
        named, more_zh, more_en = left[:_NAMED], "", ""
        if left[_NAMED:]:
            more_zh, more_en = f"等{len(left)}项", f" … ({len(left)})"
        zh = f"须先核对原件并登记(papers_seen):{'、'.join(named)}{more_zh}"
        en = "originals have to be looked at and named in papers_seen first"
        raise Conflict("papers_unseen", zh, en, hint=", ".join(named) + more_en)


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.MAY_FILE: _may_file,
    Guard.POLICY_OPEN: _policy_open,
    Guard.OWN_CHANNEL: _own_channel,
    Guard.FAVOURABLE_OR_REASON: _favourable_or_reason,
    Guard.FAVOURABLE: _favourable,
    Guard.MATERIALS_COMPLETE: _materials_complete,
    Guard.PAPERS_SEEN: _papers_seen,
}
PERSONAL: Mapping[Guard, Callable[[Occasion], None]] = {Guard.MAY_FILE: _may_file}
