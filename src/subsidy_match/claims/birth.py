"""How a claim comes into being: its row, and the shares of the funds that bear it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.assessment import Assessment
from subsidy_match.claims.fund.funds import fund
from subsidy_match.claims.fund.pooling import check_modes
from subsidy_match.claims.fund.shares import split
from subsidy_match.claims.handling.channels import note_chain
from subsidy_match.claims.records import ClaimRow, ClaimShare
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict

__all__ = ["draft_row", "insert_claim"]


def draft_row(
    assessment: Assessment, *, uscc: str, policy_id: str, period: str, subject: str | None, filer: str, at: datetime
) -> ClaimRow:
    """Fill the row of a new claim from what matching says; nothing is stored yet."""
    return ClaimRow(
        claim_no="",
        uscc=uscc,
        enterprise_name=assessment.enterprise_name,
        policy_id=policy_id,
        policy_zh=assessment.policy_zh,
        policy_en=assessment.policy_en,
        policy_hash=assessment.policy_hash,
        period=period,
        subject=subject or "",
        channel=assessment.channel,
        state=str(State.DRAFT),
        version=0,
        occupies=True,
        held=False,
        waiting=False,
        with_recheck=assessment.with_recheck,
        notice_counts=assessment.notice_counts,
        sla_days=assessment.sla_days,
        notice_days=assessment.notice_days,
        verdict=assessment.verdict,
        amount_min=assessment.amount_min,
        amount_max=assessment.amount_max,
        snapshot_id=assessment.snapshot_id,
        filer=filer,
        corrections=0,
        created_at=at,
        updated_at=at,
    )


def insert_claim(session: Session, row: ClaimRow, assessment: Assessment, *, year: int) -> None:
    """Store a new claim with its number and shares.

    Raises:
        Conflict: ``duplicate_claim``.
        NotFound: ``fund_unknown``.
        InputError: ``shares_wrong``, ``funds_mixed``.
    """
    _check_unique(session, row)
    row.claim_no = uuid.uuid4().hex  # replaced once the id is known
    _flush(session, row, _duplicate(row))
    row.claim_no = f"{year}{row.id:08d}"
    note_chain(session, row.id, assessment.chain)
    _insert_shares(session, row, assessment)


def _check_unique(session: Session, row: ClaimRow) -> None:
    same = select(ClaimRow.claim_no).where(
        ClaimRow.uscc == row.uscc,
        ClaimRow.policy_id == row.policy_id,
        ClaimRow.period == row.period,
        ClaimRow.subject == row.subject,
        ClaimRow.occupies,
    )
    if (number := session.scalars(same).first()) is not None:
        raise _duplicate(row, number)


def _insert_shares(session: Session, row: ClaimRow, assessment: Assessment) -> None:
    split(0, {part.fund_id: part.share for part in assessment.funding})
    check_modes([fund(session, part.fund_id) for part in assessment.funding])
    for part in assessment.funding:
        share = ClaimShare(
            claim_id=row.id,
            fund_id=part.fund_id,
            numerator=part.share.numerator,
            denominator=part.share.denominator,
            reserved=0,
            committed=0,
            paid=0,
        )
        session.add(share)
    session.flush()


def _flush(session: Session, row: ClaimRow, error: Conflict) -> None:
    # A rival may have taken the same place since it was looked up; the unique index has the last word.
    session.add(row)
    try:
        session.flush()
    except IntegrityError as clash:
        raise error from clash


def _duplicate(row: ClaimRow, number: str | None = None) -> Conflict:
    known = f"({number})" if number else ""
    zh, en = f"该企业本期已申报此政策{known}", f"this firm has a claim for this policy and period {known}".rstrip()
    return Conflict("duplicate_claim", zh, en, hint=f"{row.policy_id} {row.period} {row.subject}".strip())
