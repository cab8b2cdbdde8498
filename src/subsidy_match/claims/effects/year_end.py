"""Rehomed: the share of a claim, and all that is held for it, leaves a closed fund and arrives in the next year's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from subsidy_match.claims.effects.fields import nothing_more
from subsidy_match.claims.effects.moving import move
from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.fund.rehoming_records import RehomingRow
from subsidy_match.claims.fund.rehomings import carry_between
from subsidy_match.claims.occasion import Occasion, forget_shares, shares_of
from subsidy_match.claims.records import ClaimShare
from subsidy_match.claims.states import Event
from subsidy_match.claims.transition import FundEffect
from subsidy_match.store import audit

__all__ = ["FIELDS", "MONEY"]


def _rehome(occasion: Occasion) -> Mapping[str, int]:
    source_id, target_id = occasion.payload["fund"], occasion.payload["to_fund"]
    share = next(s for s in shares_of(occasion.session, occasion.claim.id) if s.fund_id == source_id)
    reserved, committed = share.reserved, share.committed
    _take_in(occasion, share, target_id)
    moved = move(
        occasion,
        (Op.RELEASE, {source_id: reserved}),
        (Op.UNCOMMIT, {source_id: committed}),
        (Op.RESERVE, {target_id: reserved + committed}),
        (Op.COMMIT, {target_id: committed}),
    )
    _give_up(occasion, share)
    _write_down(occasion, reserved, committed)
    return moved


def _take_in(occasion: Occasion, share: ClaimShare, target_id: str) -> None:
    """Let the target bear what the share bore, beside what it may bear already."""
    shares = {one.fund_id: one for one in shares_of(occasion.session, occasion.claim.id)}
    part = Fraction(share.numerator, share.denominator)
    if (taker := shares.get(target_id)) is None:
        taker = ClaimShare(claim_id=occasion.claim.id, fund_id=target_id, reserved=0, committed=0, paid=0)
        occasion.session.add(taker)
    else:
        part += Fraction(taker.numerator, taker.denominator)
    taker.numerator, taker.denominator = part.numerator, part.denominator
    occasion.session.flush()
    forget_shares(occasion.session)


def _give_up(occasion: Occasion, share: ClaimShare) -> None:
    occasion.session.delete(share)
    occasion.session.flush()
    forget_shares(occasion.session)


def _write_down(occasion: Occasion, reserved: int, committed: int) -> None:
    session, given = occasion.session, occasion.payload
    source_id, target_id = given["fund"], given["to_fund"]
    carry = carry_between(session, source_id, target_id)
    if carry is None:
        raise AssertionError("the guard has seen the carry-over")
    row = RehomingRow(
        claim_id=occasion.claim.id,
        version=occasion.next_version,
        source_id=source_id,
        target_id=target_id,
        closing_id=carry.closing_id,
        document_no=given["document_no"],
        reserved=reserved,
        committed=committed,
        at=occasion.at,
        actor=occasion.actor.id,
    )
    session.add(row)
    told = {"claim": row.claim_id, "from": source_id, "to": target_id, "document": row.document_no}
    told |= {"reserved": reserved, "committed": committed}
    for fund_id in sorted((source_id, target_id)):
        audit.append(session, f"fund:{fund_id}", at=row.at, actor=row.actor, action=str(Event.REHOME), detail=told)


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {Event.REHOME: nothing_more}

MONEY: Mapping[FundEffect, Callable[[Occasion], Mapping[str, int]]] = {FundEffect.REHOME: _rehome}
