"""A public notice as everybody may read it: firms, policies and amounts; people, accounts and objectors are hidden."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from subsidy_match.claims.official.document_states import NOTICE_NAMES, NoticeState
from subsidy_match.claims.official.masking import mask_account, mask_numbers
from subsidy_match.claims.official.notice_records import NoticeClaimRow, PublicNoticeRow
from subsidy_match.claims.official.public_notices import Contact, notice_by_number
from subsidy_match.claims.records import ClaimRow
from subsidy_match.store.unit import in_unit

__all__ = ["ListedClaim", "NoticeList", "read_list"]

_SOLE_TRADER = "92"


@dataclass(frozen=True, slots=True)
class ListedClaim:
    """One line of the list; ``amount`` in 分."""

    position: int
    claim_no: str
    enterprise_name: str
    uscc: str
    policy_zh: str
    policy_en: str
    period: str
    subject: str
    amount: int
    account: str


@dataclass(frozen=True, slots=True)
class NoticeList:
    """A published notice, masked."""

    number: str
    title: str
    state: NoticeState
    contact: Contact
    from_on: date
    until_on: date
    claims: tuple[ListedClaim, ...]

    @property
    def total(self) -> int:
        """The sum of the list (分)."""
        return sum(claim.amount for claim in self.claims)

    @property
    def state_zh(self) -> str:
        """The state in Chinese."""
        return NOTICE_NAMES[self.state][0]

    @property
    def state_en(self) -> str:
        """The state in English."""
        return NOTICE_NAMES[self.state][1]


def read_list(engine: Engine, number: str) -> NoticeList:
    """Read a notice as the public may.

    Raises:
        NotFound: ``notice_unknown``, also where it is a draft or was withdrawn.
    """

    def read(session: Session) -> NoticeList:
        return _list(session, notice_by_number(session, number))

    return in_unit(engine, read, immediate=False)


def _list(session: Session, row: PublicNoticeRow) -> NoticeList:
    query = (
        select(NoticeClaimRow, ClaimRow)
        .join(ClaimRow, ClaimRow.id == NoticeClaimRow.claim_id)
        .where(NoticeClaimRow.notice_id == row.id)
        .order_by(NoticeClaimRow.claim_id)
    )
    found = session.execute(query).all()
    if row.from_on is None or row.until_on is None:
        raise AssertionError(f"notice {row.id} was published without days")
    return NoticeList(
        number=row.number,
        title=mask_numbers(row.title),
        state=NoticeState(row.state),
        contact=Contact(row.contact_department, row.contact_phone, row.contact_email),
        from_on=row.from_on,
        until_on=row.until_on,
        claims=tuple(_line(n, entry, claim) for n, (entry, claim) in enumerate(found, start=1)),
    )


def _line(position: int, entry: NoticeClaimRow, claim: ClaimRow) -> ListedClaim:
    return ListedClaim(
        position=position,
        claim_no=claim.claim_no,
        enterprise_name=entry.enterprise_name,  # as it was when the notice went out
        uscc=_code(claim.uscc),
        policy_zh=claim.policy_zh,
        policy_en=claim.policy_en,
        period=claim.period,
        subject=mask_numbers(claim.subject),
        amount=entry.amount,
        account=mask_account(entry.account_tail),
    )


def _code(uscc: str) -> str:
    # The code of a sole trader leads to a person.
    return f"{uscc[:6]}********{uscc[-4:]}" if uscc.startswith(_SOLE_TRADER) else uscc
