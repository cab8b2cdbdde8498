"""Recoveries: never more than was paid, by a plan that adds up, decided by somebody else, received once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from sqlalchemy import func, select

from subsidy_match.claims.duties import DUTY_NAMES
from subsidy_match.claims.occasion import Occasion, past_duties, shares_of
from subsidy_match.claims.payment.parking import parked_for_another
from subsidy_match.claims.payment.payout_records import LineRow
from subsidy_match.claims.payment.references import used_for
from subsidy_match.claims.payment.returned_recoveries import parked, settled_by_return
from subsidy_match.claims.people.records import DeputyRow
from subsidy_match.claims.records import ClaimRow, ClaimStep
from subsidy_match.claims.recovery import RecoveryState, live_recovery, open_write_off
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import Event
from subsidy_match.claims.transition import Guard
from subsidy_match.claims.undo_records import RecoveryRow, WriteOffRow
from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.money import yuan_text
from subsidy_match.store.users import logins_of, persons_of

__all__ = ["GUARDS", "PERSONAL"]


def _no_open_recovery(occasion: Occasion) -> None:
    query = (
        select(ClaimRow.claim_no)
        .join(RecoveryRow, RecoveryRow.claim_id == ClaimRow.id)
        .where(ClaimRow.uscc == occasion.claim.uscc, RecoveryRow.state == str(RecoveryState.OPEN))
    )
    number = occasion.session.scalars(query.limit(1)).first()
    if number is not None:
        zh = f"该企业有资金正在追回({number}),追回完毕前不能申报"
        en = f"money of the claim {number} is being recovered from this firm: no new claims until that is done"
        raise Conflict("recovery_bars", zh, en, hint=number)


def _recoverable(occasion: Occasion) -> None:
    if live_recovery(occasion.session, occasion.claim.id) is not None:
        raise Conflict("recovery_exists", "该件已有未办结的追回", "the claim has a recovery that is not finished")
    _check_paid(occasion, occasion.payload["amount"])


def _plan_adds_up(occasion: Occasion) -> None:
    plan, amount = occasion.payload["plan"], occasion.payload["amount"]
    days = [date.fromisoformat(entry["due_on"]) for entry in plan]
    if sum(entry["amount"] for entry in plan) != amount:
        raise InputError("plan_wrong", "分期金额之和须等于追回金额", "the instalments must add up to the amount")
    if days != sorted(set(days)) or days[0] <= occasion.on:
        zh = "分期日期须逐期递增且晚于当日"
        raise InputError("plan_wrong", zh, "the instalments must be due after today, one day after another")


def _proposed(occasion: Occasion) -> None:
    recovery = _live(occasion, RecoveryState.PROPOSED)
    _check_paid(occasion, recovery.amount)


def _open(occasion: Occasion) -> None:
    _live(occasion, RecoveryState.OPEN)


def _receipt_fits(occasion: Occasion) -> None:
    recovery, given = _live(occasion, RecoveryState.OPEN), occasion.payload
    _check_reference(occasion, given["reference"])
    rest = recovery.amount - recovery.recovered
    if given["amount"] > rest:
        zh = f"超过尚待追回的{yuan_text(rest)}"
        raise Conflict("recovery_above_rest", zh, f"more than the {yuan_text(rest, lang='en')} still to come back")
    _check_received(occasion, given["received_on"])


def _check_reference(occasion: Occasion, reference: str) -> None:
    if (used := used_for(occasion.session, reference)) is not None:
        zh, en = (
            f"该流水号已登记过:{reference}({used[0]})",
            f"this reference was entered before: {reference} ({used[1]})",
        )
        raise Conflict("recovery_reference_used", zh, en)
    if (other := parked_for_another(occasion.session, reference, occasion.claim.id)) is not None:
        zh, en = f"该流水号是支付令{other}的退票:{reference}", f"{reference} is the return of {other}"
        raise Conflict("recovery_reference_used", zh, en)


def _check_received(occasion: Occasion, received_on: date) -> None:
    if received_on > occasion.on:
        raise InputError("field_invalid", "到账日期不得晚于当日", "money cannot have been received after today")
    settled = select(func.min(LineRow.settled_on)).where(LineRow.claim_id == occasion.claim.id)
    paid_on = occasion.session.scalar(settled)
    if paid_on is not None and received_on < paid_on:
        zh, en = f"到账日期早于付款到账日期{paid_on}", f"received before the payment was settled on {paid_on}"
        raise InputError("field_invalid", zh, en)


def _settled(occasion: Occasion) -> None:
    recovery = _live(occasion, RecoveryState.OPEN)
    if recovery.recovered != recovery.amount:
        raise Conflict("recovery_not_settled", "款项尚未全部追回", "not all of it has come back yet")


def _return_settles(occasion: Occasion) -> None:
    instruction, reference = occasion.payload["instruction"], occasion.payload["return_ref"]
    line = occasion.session.scalars(select(LineRow).where(LineRow.instruction == instruction)).one()
    if settled_by_return(occasion.session, occasion.claim, line, reference) is None:
        told = parked(occasion.claim, line, reference)
        raise Conflict(told.code, told.zh, told.en)


def _no_write_off_proposed(occasion: Occasion) -> None:
    recovery = _live(occasion, RecoveryState.OPEN)
    if open_write_off(occasion.session, recovery.id) is not None:
        raise Conflict("write_off_proposed", "已提出核销,尚待决定", "a write-off has been proposed already")


def _write_off_proposed(occasion: Occasion) -> None:
    _write_off(occasion)


def _write_off_by_another(occasion: Occasion) -> None:
    actor, persons = occasion.actor.id, {person.person for person in occasion.people}
    if _write_off(occasion).proposed_by in logins_of(occasion.session, occasion.people):
        zh = "提出核销的人员不得批准核销"
        raise Forbidden("duty_conflict", zh, "whoever proposed the write-off cannot decide on it")
    for past in past_duties(occasion.session, occasion.claim.id):
        if past.person in persons:
            zh, en = DUTY_NAMES[past.duty]
            raise Forbidden(
                "duty_conflict",
                f"职责不相容:{actor}曾为本件{zh},不得决定核销",
                f"{actor} was the {en} of this claim and cannot decide on its write-off",
            )
    _check_not_proposed_for(occasion)


def _check_not_proposed_for(occasion: Occasion) -> None:
    # A deputy's proposal is that of the person in whose place it was made as well.
    latest = (
        select(DeputyRow.principal)
        .join(ClaimStep, (ClaimStep.claim_id == DeputyRow.claim_id) & (ClaimStep.version == DeputyRow.version))
        .where(ClaimStep.claim_id == occasion.claim.id, ClaimStep.event == str(Event.PROPOSE_WRITE_OFF))
        .where(ClaimStep.at == _write_off(occasion).proposed_at)
    )
    principals = persons_of(occasion.session, occasion.session.scalars(latest).all()).values()
    if any(person.person in principals for person in occasion.people):
        zh = "核销由他人代为提出的,委托人也不得批准"
        raise Forbidden("duty_conflict", zh, "the write-off was proposed in this person's place")


def _write_off(occasion: Occasion) -> WriteOffRow:
    proposal = open_write_off(occasion.session, _live(occasion, RecoveryState.OPEN).id)
    if proposal is None:
        raise Conflict("write_off_not_proposed", "尚未提出核销", "no write-off has been proposed")
    return proposal


def _live(occasion: Occasion, state: RecoveryState) -> RecoveryRow:
    recovery = live_recovery(occasion.session, occasion.claim.id)
    wanted = occasion.payload.get("recovery")
    if wanted is not None and (recovery is None or recovery.id != wanted):
        raise NotFound("recovery_unknown", f"该件没有进行中的追回:{wanted}", f"no recovery {wanted} in hand here")
    if recovery is None or recovery.state != state:
        zh, en = "没有处于此步骤的追回", "no recovery of this claim is at that point"
        raise Conflict("recovery_state", zh, en)
    return recovery


def _check_paid(occasion: Occasion, amount: int) -> None:
    paid = sum(share.paid for share in shares_of(occasion.session, occasion.claim.id))
    if amount > paid:
        zh = f"追回金额超过已付未追回的{yuan_text(paid)}"
        en = f"more than the {yuan_text(paid, lang='en')} that were paid and have not come back"
        raise Conflict("recovery_above_paid", zh, en)


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.NO_OPEN_RECOVERY: _no_open_recovery,
    Guard.RECOVERABLE: _recoverable,
    Guard.PLAN_ADDS_UP: _plan_adds_up,
    Guard.RECOVERY_PROPOSED: _proposed,
    Guard.RECOVERY_OPEN: _open,
    Guard.RECEIPT_FITS: _receipt_fits,
    Guard.RECOVERY_SETTLED: _settled,
    Guard.RETURN_SETTLES_RECOVERY: _return_settles,
    Guard.NO_WRITE_OFF_PROPOSED: _no_write_off_proposed,
    Guard.WRITE_OFF_PROPOSED: _write_off_proposed,
    Guard.WRITE_OFF_BY_ANOTHER: _write_off_by_another,
}
PERSONAL: Mapping[Guard, Callable[[Occasion], None]] = {Guard.WRITE_OFF_BY_ANOTHER: _write_off_by_another}
