"""What notices and documents of allocation have in common: numbers, who may, claims given once, how one is written down."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.many_claims import Deed, audited_batch, refuse_batch
from subsidy_match.claims.people.parties import why_not_apart
from subsidy_match.claims.reasons import check_reason
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.states import Event
from subsidy_match.claims.wording import check_text
from subsidy_match.errors import Conflict, InputError
from subsidy_match.store import audit
from subsidy_match.store.schema import Base
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role

__all__ = [
    "check_claim_ids",
    "check_listed",
    "check_number",
    "check_why",
    "finish",
    "in_audited_unit",
    "insert_numbered",
    "left_document",
    "write_down",
]

Document = TypeVar("Document")
Result = TypeVar("Result")

MOST_CLAIMS = 2000
_LONGEST_NUMBER = 80
# A number is part of an address, so it has none of the signs that mean something there.
_NUMBER = re.compile(r"[^\s/?#%\\]+")


def check_number(number: str) -> str:
    """Give the number of a document as it is kept: it is unique and stands in addresses.

    Raises:
        InputError: ``number_invalid``.
    """
    clean = number.strip()
    if not (len(clean) <= _LONGEST_NUMBER and clean.isprintable() and _NUMBER.fullmatch(clean)):
        zh = f"文号须为1至{_LONGEST_NUMBER}个字符,不含空格和 / ? # % \\"
        raise InputError(
            "number_invalid", zh, f"a number has 1 to {_LONGEST_NUMBER} signs, no space and none of / ? # % \\"
        )
    return clean


def check_listed(deed: Deed, claims: Mapping[int, ClaimRow], roles: Collection[Role]) -> None:
    """Refuse a document over claims that whoever acts may not handle with ``roles``.

    Raises:
        BatchRefused: ``batch_refused``: ``interest_declared``, ``duty_conflict``, ``out_of_scope``.
    """
    refuse_batch(why_not_apart(deed.session, deed.actor, claims, roles, business_day(deed.at)))


def check_claim_ids(claim_ids: Sequence[int]) -> Sequence[int]:
    """Refuse a document without claims, with one named twice, or with too many.

    Raises:
        InputError: ``document_empty``, ``document_repeats_claim``, ``document_too_long``.
    """
    if not claim_ids:
        raise InputError("document_empty", "文件中没有办件", "a document needs at least one claim")
    if len(set(claim_ids)) != len(claim_ids):
        raise InputError("document_repeats_claim", "同一办件重复", "a claim is named twice")
    if len(claim_ids) > MOST_CLAIMS:
        zh, en = f"一份文件最多{MOST_CLAIMS}件", f"a document takes at most {MOST_CLAIMS} claims"
        raise InputError("document_too_long", zh, en)
    return claim_ids


def check_why(reason_code: str, note: str | None, event: Event) -> Mapping[str, str]:
    """Give the coded reason and the note, checked, as fields of ``event``.

    Raises:
        InputError: ``reason_unknown``, ``field_missing``, ``field_invalid``.
    """
    check_reason(reason_code, event)
    return {"reason_code": reason_code} | ({} if note is None else {"note": check_text("note", note)})


def insert_numbered(session: Session, row: Base, taken: Conflict) -> None:
    """Insert a document; a rival may have taken its number since it was looked up: the index has the last word.

    Raises:
        Conflict: ``taken``.
    """
    session.add(row)
    try:
        session.flush()
    except IntegrityError as clash:
        raise taken from clash


def left_document(claim_id: int) -> Conflict:
    """The refusal of a document in which a claim no longer stands."""
    zh, en = "该件已退出本文件,请作废后重新拟稿", "the claim left this document: end it and draft another"
    return Conflict("claim_left_document", zh, f"claim {claim_id}: {en}")


def write_down(session: Session, subject: str, deed: Deed, action: str, detail: Mapping[str, Any]) -> None:
    """Add what was done to the chain of a document."""
    session.flush()
    told = {**detail, "name": deed.actor.name}
    audit.append(session, subject, at=deed.at, actor=deed.actor.id, action=action, detail=told)


def finish(
    deed: Deed,
    subject: str,
    action: str,
    read: Callable[[], Document],
    told: Callable[[Document], Mapping[str, Any]],
    also: Callable[[Session, Document], None] | None,
) -> Document:
    """Read a document as it is after what was done, write that down, and let ``also`` keep an answer with it."""
    deed.session.flush()
    document = read()
    write_down(deed.session, subject, deed, action, told(document))
    if also is not None:
        also(deed.session, document)
    return document


def in_audited_unit(
    engine: Engine, subject: str, action: str, *, actor: Actor, at: datetime, work: Callable[[Session], Result]
) -> Result:
    """Do ``work`` in one transaction; a refusal goes to the chain of the document and of every claim that refused."""
    return audited_batch(engine, subject, action, actor=actor, at=at, work=lambda: in_unit(engine, work))
