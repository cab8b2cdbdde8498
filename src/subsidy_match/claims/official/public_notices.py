"""Public notices as the outside sees them, and how they are read and locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from subsidy_match.claims.canonical import canonical_key
from subsidy_match.claims.official.document_states import NOTICE_NAMES, NoticeState
from subsidy_match.claims.official.notice_records import NoticeClaimRow, PublicNoticeRow
from subsidy_match.errors import Conflict, NotFound

__all__ = [
    "Contact",
    "NoticeEntry",
    "PublicNotice",
    "entries_of",
    "list_notices",
    "load_notice",
    "locked_notice",
    "notice_by_number",
    "unknown_notice",
]

PUBLIC = (NoticeState.PUBLISHED, NoticeState.CLOSED)


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to write to or call with an objection: an office, never a named person."""

    department: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class NoticeEntry:
    """A claim in a notice; ``amount`` in 分. It is open until the notice ends or the claim leaves it."""

    claim_id: int
    amount: int
    account_tail: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class PublicNotice:
    """A public notice with its claims, for officers."""

    id: int
    number: str
    title: str
    state: NoticeState
    contact: Contact
    from_on: date | None
    until_on: date | None
    drafted_by: str
    drafted_at: datetime
    published_by: str | None
    published_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None
    reason_code: str | None
    note: str | None
    entries: tuple[NoticeEntry, ...]

    @property
    def state_zh(self) -> str:
        """The state in Chinese."""
        return NOTICE_NAMES[self.state][0]

    @property
    def state_en(self) -> str:
        """The state in English."""
        return NOTICE_NAMES[self.state][1]


def load_notice(session: Session, notice_id: int) -> PublicNotice:
    """Read a notice.

    Raises:
        NotFound: ``notice_unknown``.
    """
    row = session.get(PublicNoticeRow, notice_id)
    if row is None:
        raise unknown_notice(notice_id)
    return _notice(session, row)


def notice_by_number(session: Session, number: str, *, lock: bool = False) -> PublicNoticeRow:
    """Find a notice that the public may read, however its number is typed.

    Raises:
        NotFound: ``notice_unknown``, also where it is a draft or was withdrawn.
    """
    row = _where(session, PublicNoticeRow.number == number, lock=lock)
    if row is None:  # in another spelling than that in which it was drafted
        row = _where(session, PublicNoticeRow.number_key == canonical_key(number), lock=lock)
    if row is None or row.state not in PUBLIC:
        raise unknown_notice(number)
    return row


def _where(session: Session, same: ColumnElement[bool], *, lock: bool) -> PublicNoticeRow | None:
    query = select(PublicNoticeRow).where(same)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def list_notices(session: Session, *, after: int = 0, limit: int = 50) -> Sequence[PublicNotice]:
    """Read notices by id, from ``after`` on."""
    query = select(PublicNoticeRow).where(PublicNoticeRow.id > after).order_by(PublicNoticeRow.id).limit(limit)
    return [_notice(session, row) for row in session.scalars(query).all()]


def locked_notice(session: Session, notice_id: int, *states: NoticeState) -> PublicNoticeRow:
    """Lock a notice that must be in one of ``states``.

    Raises:
        NotFound: ``notice_unknown``.
        Conflict: ``notice_state``.
    """
    query = select(PublicNoticeRow).where(PublicNoticeRow.id == notice_id).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise unknown_notice(notice_id)
    if row.state not in states:
        zh, en = NOTICE_NAMES[NoticeState(row.state)]
        raise Conflict("notice_state", f"公示状态为{zh},不能办理", f"the notice is {en}")
    return row


def entries_of(session: Session, notice_id: int) -> Sequence[NoticeClaimRow]:
    """Read the claims of a notice in the order of their ids."""
    query = select(NoticeClaimRow).where(NoticeClaimRow.notice_id == notice_id).order_by(NoticeClaimRow.claim_id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def unknown_notice(key: int | str) -> NotFound:
    """The refusal of a notice that is not there, or not for the public."""
    return NotFound("notice_unknown", f"公示不存在:{key}", f"no public notice {key}")


def _notice(session: Session, row: PublicNoticeRow) -> PublicNotice:
    return PublicNotice(
        id=row.id,
        number=row.number,
        title=row.title,
        state=NoticeState(row.state),
        contact=Contact(row.contact_department, row.contact_phone, row.contact_email),
        from_on=row.from_on,
        until_on=row.until_on,
        drafted_by=row.drafted_by,
        drafted_at=row.drafted_at,
        published_by=row.published_by,
        published_at=row.published_at,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
        reason_code=row.reason_code,
        note=row.note,
        entries=tuple(_entry(entry) for entry in entries_of(session, row.id)),
    )


def _entry(row: NoticeClaimRow) -> NoticeEntry:
    return NoticeEntry(row.claim_id, row.amount, row.account_tail, row.is_open)
