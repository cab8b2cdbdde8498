"""Public notices and objections: what officers ask for and see, and what everybody may see."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StrictInt, StringConstraints

from subsidy_api.schemas import Body, Line

__all__ = [
    "ClaimIds",
    "ContactBody",
    "DecisionBody",
    "DocumentEnd",
    "Long",
    "NewDepartmentObjection",
    "NewNotice",
    "NewObjection",
    "NoticeBody",
    "NoticeListBody",
    "ObjectionBody",
    "ObjectionReceipt",
    "ObjectorBody",
    "ObjectorOf",
]

ClaimIds = Annotated[list[Annotated[StrictInt, Field(ge=1, le=2**63 - 1)]], Field(min_length=1, max_length=2000)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
Short = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ContactBody(Body):
    """The office that takes objections; a telephone, an e-mail address or both."""

    department: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
    phone: Short = ""
    email: Short = ""


class NewNotice(Body):
    """A public notice to be drafted over approved claims, all or none."""

    number: Line
    title: Line
    contact: ContactBody
    claim_ids: ClaimIds


class DocumentEnd(Body):
    """Why a document is withdrawn or void."""

    reason_code: Line
    note: Long | None = None


class NoticeEntryBody(Body):
    """A claim in a notice (分)."""

    claim_id: int
    amount: int
    account_tail: str
    is_open: bool


class NoticeBody(Body):
    """A public notice, for officers."""

    id: int
    number: str
    title: str
    state: str
    state_zh: str
    state_en: str
    contact: ContactBody
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
    entries: list[NoticeEntryBody]


class ListedClaimBody(Body):
    """One line of a published list (分); accounts and persons are masked."""

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


class NoticeListBody(Body):
    """A published notice as everybody may read it (分)."""

    number: str
    title: str
    state: str
    state_zh: str
    state_en: str
    contact: ContactBody
    from_on: date
    until_on: date
    total: int
    claims: list[ListedClaimBody]


class ObjectorBody(Body):
    """Who objects and how to answer them; sealed, and shown to those who must answer."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
    contact: Line


class NewObjection(Body):
    """An objection by a member of the public."""

    claim_no: Line
    evidence: Long
    objector: ObjectorBody


class NewDepartmentObjection(Body):
    """An objection by an officer's own department, or one that reached it on paper (then with the objector)."""

    claim_no: Line
    evidence: Long
    objector: ObjectorBody | None = None


class ObjectionReceipt(Body):
    """What whoever objected gets: the number under which it is looked into."""

    id: int
    claim_no: str
    state: str
    state_zh: str
    state_en: str
    filed_at: datetime


class ObjectionBody(Body):
    """An objection, for officers, without whoever made it."""

    id: int
    notice_id: int
    claim_id: int
    state: str
    state_zh: str
    state_en: str
    origin: str
    department: str
    evidence: str
    days_left: int
    filed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason_code: str | None
    answer: str | None


class ObjectorOf(Body):
    """Who made an objection; nobody where a department did."""

    objector: ObjectorBody | None


class DecisionBody(Body):
    """How an objection is decided; the answer is told to whoever objected, so it names nobody."""

    decision: Annotated[str, Field(pattern=r"^(dismiss|uphold|revoke)$")]
    reason_code: Line
    answer: Long
