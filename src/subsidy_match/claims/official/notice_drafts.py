"""Drafts of public notices: what must be written in one, and which claims may be in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.canonical import canonical_key
from subsidy_match.claims.many_claims import Deed, lock_claims, refuse_batch
from subsidy_match.claims.occasion import current_amount
from subsidy_match.claims.official.document_states import NoticeState
from subsidy_match.claims.official.notice_records import NoticeClaimRow, PublicNoticeRow
from subsidy_match.claims.official.official_documents import check_listed, check_number, insert_numbered
from subsidy_match.claims.official.public_notices import Contact
from subsidy_match.claims.records import AccountRow, ClaimRow
from subsidy_match.claims.states import State
from subsidy_match.claims.wording import check_line
from subsidy_match.errors import Conflict, InputError, SubsidyError
from subsidy_match.store.users import Role

__all__ = ["account_tail", "add_claims", "new_notice", "why_not_over"]


def new_notice(deed: Deed, number: str, title: str, contact: Contact) -> PublicNoticeRow:
    """Make the row of a new notice.

    Raises:
        InputError: ``number_invalid``, ``contact_missing``, ``field_missing``, ``field_invalid``.
        Conflict: ``number_taken``.
    """
    clean = check_number(number)
    department = check_line("contact.department", contact.department, 120)
    phone, email = check_line("contact.phone", contact.phone, 80), check_line("contact.email", contact.email, 120)
    if not department or not (phone or email):
        zh, en = "须写明异议受理部门及电话或邮箱", "name the office for objections, and its telephone or e-mail"
        raise InputError("contact_missing", zh, en)
    named = check_line("title", title, 200)
    if not named:
        raise InputError("field_missing", "缺少字段:title", "missing field: title")
    key = canonical_key(clean)
    if known := deed.session.scalar(select(PublicNoticeRow.number).where(PublicNoticeRow.number_key == key)):
        raise _taken(known)
    return PublicNoticeRow(
        number=clean,
        number_key=key,
        title=named,
        state=str(NoticeState.DRAFT),
        contact_department=department,
        contact_phone=phone,
        contact_email=email,
        drafted_by=deed.actor.id,
        drafted_at=deed.at,
    )


def add_claims(deed: Deed, row: PublicNoticeRow, claim_ids: Sequence[int]) -> PublicNoticeRow:
    """Put claims into a new notice, all or none.

    Raises:
        BatchRefused: ``batch_refused``: ``notice_taken``, ``notice_unfit``, or whoever drafts may not handle a claim.
    """
    session = deed.session
    claims = lock_claims(session, dict.fromkeys(claim_ids))
    check_listed(deed, claims, {Role.NOTICE})
    taken = set(
        session.scalars(
            select(NoticeClaimRow.claim_id).where(NoticeClaimRow.claim_id.in_(claims), NoticeClaimRow.is_open)
        )
    )
    refuse_batch({n: why for n, claim in claims.items() if (why := _unfit(claim, is_taken=n in taken))})
    insert_numbered(session, row, _taken(row.number))
    for claim_id, claim in claims.items():
        session.add(_entry(session, row.id, claim_id, claim))
    return row


def _entry(session: Session, notice_id: int, claim_id: int, claim: ClaimRow) -> NoticeClaimRow:
    tail = account_tail(session, claim)
    return NoticeClaimRow(
        notice_id=notice_id,
        claim_id=claim_id,
        enterprise_name=claim.enterprise_name,
        amount=current_amount(claim),
        account_tail=tail,
        is_open=True,
    )


def account_tail(session: Session, claim: ClaimRow) -> str:
    """The last four digits of the account that a claim is paid to; empty where none is known yet."""
    account = None if claim.account_id is None else session.get(AccountRow, claim.account_id)
    return "" if account is None else account.last_four


def _unfit(claim: ClaimRow, *, is_taken: bool) -> SubsidyError | None:
    if is_taken:
        return Conflict("notice_taken", "该件已在另一份公示中", "the claim is in another open notice")
    if claim.state != State.APPROVED or claim.notice_days == 0:
        return Conflict("notice_unfit", "该件未审批或无须公示", "the claim is not approved, or needs no notice")
    return None


def why_not_over(claim: ClaimRow, on: date) -> SubsidyError | None:
    """Why the notice of a claim is not over on a day, if it is not."""
    if claim.state == State.OBJECTION:
        return Conflict("objections_open", "异议尚未处理完毕", "an objection is still open")
    if claim.state == State.PUBLISHED and (claim.notice_until is None or on <= claim.notice_until):
        until = claim.notice_until
        return Conflict("notice_running", f"公示至{until},尚未届满", f"the public notice runs until {until}")
    return None


def _taken(number: str) -> Conflict:
    return Conflict("number_taken", f"公示编号已使用:{number}", f"there is a notice {number} already")
