"""What a row does once its guards hold: to the claim's own fields, to the money and to the clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import assert_never

from sqlalchemy import or_, select, update

from subsidy_match.claims.assessment import Assessment
from subsidy_match.claims.fund_records import Op
from subsidy_match.claims.funds import Posting, lock_funds, post
from subsidy_match.claims.guards import others_waiting
from subsidy_match.claims.occasion import Occasion, current_amount, shares_of
from subsidy_match.claims.records import ClaimItem, ClaimPause, ClaimRow, ClaimShare
from subsidy_match.claims.shares import split
from subsidy_match.claims.states import OCCUPYING, Event, State
from subsidy_match.claims.transition import ClockEffect, FundEffect

__all__ = ["apply_clock", "apply_fields", "apply_funds", "copy_assessment", "release_items"]

_BEFORE_PASS = frozenset({State.SUBMITTED, State.ACCEPTED, State.IN_REVIEW})


def copy_assessment(claim: ClaimRow, assessment: Assessment) -> None:
    """Take over what the newest assessment says of the amount and of the text and data it rests on."""
    claim.verdict = assessment.verdict
    claim.amount_min, claim.amount_max = assessment.amount_min, assessment.amount_max
    claim.policy_hash, claim.snapshot_id = assessment.policy_hash, assessment.snapshot_id


def apply_fields(occasion: Occasion) -> None:
    """Write what the event itself says into the claim."""
    claim, payload = occasion.claim, occasion.payload
    if occasion.assessment is not None:
        copy_assessment(claim, occasion.assessment)
    match occasion.transition.event:
        case Event.SUBMIT | Event.SET_ACCOUNT | Event.BATCH:
            account = occasion.account()
            claim.account_id = None if account is None else account.id
            claim.amount_claimed = payload.get("amount", claim.amount_claimed)
        case Event.ACCEPT:
            claim.accepted_at, claim.accepted_on = occasion.at, occasion.on
        case Event.REQUEST_CORRECTION:
            claim.asked_in, claim.correction_due = claim.state, payload["due_on"]
            claim.corrections += 1
        case Event.RESUBMIT:
            _resubmit(occasion)
        case Event.HOLD | Event.UNHOLD as event:
            claim.held = event is Event.HOLD
        case _:
            _apply_decision(occasion)


def apply_funds(occasion: Occasion) -> Mapping[str, int]:
    """Move the money that the row moves, all or nothing; gives the movements as ``op fund`` → 分."""
    match occasion.transition.fund:
        case FundEffect.NONE:
            return {}
        case FundEffect.RESERVE_OR_WAIT:
            return _reserve_or_wait(occasion)
        case FundEffect.RESERVE:
            occasion.claim.waiting = False
            return _adjust(occasion)
        case FundEffect.ADJUST:
            return _adjust(occasion) if _holds_reserve(occasion) else {}
        case FundEffect.RELEASE:
            occasion.claim.waiting = False
            return _move(occasion, (Op.RELEASE, _reserved(occasion)), (Op.UNCOMMIT, _committed(occasion)))
        case FundEffect.COMMIT:
            return _move(occasion, (Op.COMMIT, _reserved(occasion)))
        case FundEffect.PAY:
            return _move(occasion, (Op.PAY, _committed(occasion)))
        case other:
            assert_never(other)


def apply_clock(occasion: Occasion) -> None:
    """Stop, resume or end the total clock; it starts with the day of acceptance."""
    claim = occasion.claim
    match occasion.transition.clock:
        case ClockEffect.STOP:
            if claim.accepted_on is not None and not _notice_that_counts(occasion):
                _stop(occasion)
        case ClockEffect.RESUME:
            _resume(occasion)
        case ClockEffect.END:
            _resume(occasion)
            claim.ended_on = occasion.on
        case ClockEffect.NONE | ClockEffect.START:
            pass  # it starts by itself: accepted_on is set with the event
        case other:
            assert_never(other)


def release_items(occasion: Occasion) -> None:
    """Free what a claim used up once it has ended unpaid."""
    if occasion.claim.state in OCCUPYING:
        return
    mine = update(ClaimItem).where(ClaimItem.claim_id == occasion.claim.id)
    occasion.session.execute(mine.values(occupies=False).execution_options(synchronize_session=False))


def _apply_decision(occasion: Occasion) -> None:
    claim, payload = occasion.claim, occasion.payload
    match occasion.transition.event:
        case Event.ASSIGN:
            claim.assignee = payload.get("assignee", occasion.actor.id)
        case Event.PASS if claim.state == State.IN_REVIEW:
            claim.amount_proposed = payload.get("amount", current_amount(claim))
        case Event.APPROVE:
            claim.amount_approved = current_amount(claim)
        case Event.PUBLISH:
            claim.notice_until = occasion.calendar.add_working_days(occasion.on, claim.notice_days).on
        case _:
            pass  # the other events say nothing beyond their state, money and clock


def _resubmit(occasion: Occasion) -> None:
    claim = occasion.claim
    claim.asked_in = claim.correction_due = None
    claim.amount_claimed = occasion.payload.get("amount", claim.amount_claimed)
    if occasion.transition.target in _BEFORE_PASS:
        claim.amount_proposed = None  # the pass that proposed it is void


def _reserve_or_wait(occasion: Occasion) -> Mapping[str, int]:
    shares = shares_of(occasion.session, occasion.claim.id)
    rows = lock_funds(occasion.session, [share.fund_id for share in shares])
    parts = _parts(current_amount(occasion.claim), shares)
    fits = all(
        not row.frozen and row.allocated - row.reserved - row.committed - row.paid >= parts[row.id] for row in rows
    )
    if not fits or others_waiting(occasion, before_claim=False):
        occasion.claim.waiting = True
        return {}
    return _adjust(occasion)


def _holds_reserve(occasion: Occasion) -> bool:
    return occasion.claim.accepted_on is not None and not occasion.claim.waiting


def _adjust(occasion: Occasion) -> Mapping[str, int]:
    """Bring what is reserved to what the claim is worth now."""
    shares = shares_of(occasion.session, occasion.claim.id)
    parts = _parts(current_amount(occasion.claim), shares)
    more = {share.fund_id: parts[share.fund_id] - share.reserved for share in shares}
    up = {fund: delta for fund, delta in more.items() if delta > 0}
    down = {fund: -delta for fund, delta in more.items() if delta < 0}
    return _move(occasion, (Op.RELEASE, down), (Op.RESERVE, up))


def _parts(amount: int, shares: Iterable[ClaimShare]) -> dict[str, int]:
    return split(amount, {share.fund_id: Fraction(share.numerator, share.denominator) for share in shares})


def _reserved(occasion: Occasion) -> dict[str, int]:
    return {share.fund_id: share.reserved for share in shares_of(occasion.session, occasion.claim.id)}


def _committed(occasion: Occasion) -> dict[str, int]:
    return {share.fund_id: share.committed for share in shares_of(occasion.session, occasion.claim.id)}


def _move(occasion: Occasion, *moves: tuple[Op, Mapping[str, int]]) -> Mapping[str, int]:
    shares = {share.fund_id: share for share in shares_of(occasion.session, occasion.claim.id)}
    lock_funds(occasion.session, shares)
    moved: dict[str, int] = {}
    for op, parts in moves:
        for fund_id, amount in sorted(parts.items()):
            if amount:
                _post(occasion, op, fund_id, amount)
                _hold(shares[fund_id], op, amount)
                moved[f"{op} {fund_id}"] = amount
    return moved


def _post(occasion: Occasion, op: Op, fund_id: str, amount: int) -> None:
    key = f"claim:{occasion.claim.id}:{occasion.next_version}:{op}:{fund_id}"
    posting = Posting(fund_id, op, amount, key, occasion.at, occasion.actor.id, occasion.claim.id)
    post(occasion.session, posting)


def _hold(share: ClaimShare, op: Op, amount: int) -> None:
    match op:
        case Op.RESERVE:
            share.reserved += amount
        case Op.RELEASE:
            share.reserved -= amount
        case Op.COMMIT:
            share.reserved -= amount
            share.committed += amount
        case Op.UNCOMMIT:
            share.committed -= amount
        case Op.PAY:
            share.committed -= amount
            share.paid += amount
        case Op.ALLOCATE:
            raise AssertionError("a claim never allocates")
        case other:
            assert_never(other)


def _notice_that_counts(occasion: Occasion) -> bool:
    return occasion.transition.event is Event.PUBLISH and occasion.claim.notice_counts


def _stop(occasion: Occasion) -> None:
    # A notice ends on a known day: whoever clears the claim late does so on our time, not on the notice's.
    known_end = occasion.claim.notice_until if occasion.transition.event is Event.PUBLISH else None
    pause = ClaimPause(
        claim_id=occasion.claim.id,
        version=occasion.next_version,
        reason=str(occasion.transition.target),
        start_on=occasion.on,
        end_on=known_end,
    )
    occasion.session.add(pause)


def _resume(occasion: Occasion) -> None:
    still_on = or_(ClaimPause.end_on.is_(None), ClaimPause.end_on > occasion.on)
    mine = select(ClaimPause).where(ClaimPause.claim_id == occasion.claim.id, still_on)
    for pause in occasion.session.scalars(mine):
        pause.end_on = occasion.on
