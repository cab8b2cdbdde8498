"""Finds the risks that the store knows of, for many claims at once: one statement a kind, however many claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Subquery,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from subsidy_match.claims.evidence_records import ClaimDocument, ClaimRisk, ClaimUse, QaSample
from subsidy_match.claims.records import AccountRow, ClaimRow
from subsidy_match.claims.risk.risk_values import CODES, Risk, short
from subsidy_match.claims.states import State

__all__ = ["stored_risks"]

# What was read from outside at earlier steps counts although it may have been mended since.
_SEEN = ("credit_bad", "credit_unknown", "history_unclear", "history_unknown")
_LONGEST_KEY = 40
_MOST = 200  # of one code and claim: more would only hide each other

Found = Iterator[tuple[int, Risk]]
Claims = Mapping[int, ClaimRow]
_CLAIMS: BindParameter[Any] = bindparam("claims", expanding=True)


def stored_risks(session: Session, claims: Claims) -> Found:
    """What the store knows, as (id of the claim, risk)."""
    session.flush()
    there = session.connection().execute(_WHICH, {"claims": list(claims)}).one()
    for is_there, find in zip(there, _FINDERS, strict=True):
        if is_there:
            yield from find(session, claims)


def _seen(session: Session, claims: Claims) -> Found:
    for row in session.scalars(_SEEN_BEFORE, {"claims": list(claims)}):
        yield row.claim_id, Risk(row.risk, row.code, row.zh, row.en, blocking=row.blocking)


def _same_items(session: Session, claims: Claims) -> Found:
    for claim_id, other_row, kind, key in session.execute(_SAME_ITEMS, {"claims": list(claims)}):
        shown = key if len(key) < _LONGEST_KEY else f"{key[:12]}…"  # keyed hashes of persons tell nobody anything
        yield claim_id, _elsewhere("same_item", claims[claim_id], other_row, f"{kind} {shown}")


def _same_documents(session: Session, claims: Claims) -> Found:
    for claim_id, other_row, _, digest in session.execute(_SAME_DOCUMENTS, {"claims": list(claims)}):
        yield claim_id, _elsewhere("same_document", claims[claim_id], other_row, digest[:16])


def _shared_accounts(session: Session, claims: Claims) -> Found:
    zh, en = CODES["account_shared"]
    for claim_id, uscc, holder, last_four in session.connection().execute(_SHARED, {"claims": list(claims)}):
        seen = f"{uscc} {holder} …{last_four}"
        key = f"account_shared:{uscc}:{last_four}"
        yield claim_id, Risk(key, "account_shared", f"{zh}:{seen}", f"{en}: {seen}", blocking=True)


def _samples(session: Session, claims: Claims) -> Found:
    zh, en = CODES["qa_sample"]
    for drawn in session.scalars(_SAMPLES, {"claims": list(claims)}):
        said = f"{zh}({drawn.percent}%)", f"{en} ({drawn.percent} %)"
        yield drawn.claim_id, Risk("qa_sample", "qa_sample", *said, blocking=False)


def _elsewhere(code: str, claim: ClaimRow, other: ClaimRow, what: str) -> Risk:
    names = CODES[code]
    where = f"{other.claim_no} {other.enterprise_name}《{other.policy_zh}》{other.period}"
    key = f"{code}:{other.id}:{short(what)}"
    zh, en = f"{names[0]}:{what},见{where}", f"{names[1]}: {what}, see {where}"
    return Risk(key, code, zh, en, blocking=other.uscc != claim.uscc, other_claim=other.id)


# --- the statements, built once: building one of these takes twenty times as long as its answer ---


def _items() -> Select[*tuple[Any, ...]]:
    mine, theirs, me, other = aliased(ClaimUse), aliased(ClaimUse), aliased(ClaimRow), aliased(ClaimRow)
    return (
        select(
            me.id.label("claim_id"),
            other.id.label("other_id"),
            theirs.kind.label("kind"),
            theirs.item_key.label("what"),
        )
        .join(mine, mine.claim_id == me.id)
        .join(theirs, (mine.kind == theirs.kind) & (mine.item_key == theirs.item_key))
        .join(other, other.id == theirs.claim_id)
        .where(me.id.in_(_CLAIMS), *_counts(me, other))
        # two firms may call their projects the same
        .where(or_(theirs.kind != "subject", other.uscc == me.uscc))
    )


def _documents() -> Select[*tuple[Any, ...]]:
    mine, theirs, me, other = aliased(ClaimDocument), aliased(ClaimDocument), aliased(ClaimRow), aliased(ClaimRow)
    return (
        select(
            me.id.label("claim_id"),
            other.id.label("other_id"),
            literal("").label("kind"),
            theirs.sha256.label("what"),
        )
        .distinct()
        .join(mine, mine.claim_id == me.id)
        .join(theirs, mine.sha256 == theirs.sha256)
        .join(other, other.id == theirs.claim_id)
        .where(me.id.in_(_CLAIMS), *_counts(me, other))
    )


def _counts(me: type[ClaimRow], other: type[ClaimRow]) -> tuple[ColumnElement[bool], ...]:
    """Other claims that count: not drafts, not those that ended unpaid."""
    return other.id != me.id, other.occupies.is_(True), other.state != str(State.DRAFT)


def _accounts() -> Select[*tuple[Any, ...]]:
    mine, theirs, me = aliased(AccountRow), aliased(AccountRow), aliased(ClaimRow)
    chosen = or_(mine.id == me.account_id, and_(me.account_id.is_(None), mine.uscc == me.uscc))
    return (
        select(me.id.label("claim_id"), theirs.uscc, theirs.holder, theirs.last_four)
        .distinct()
        .join(mine, chosen)
        .join(theirs, mine.fingerprint == theirs.fingerprint)
        .where(me.id.in_(_CLAIMS), theirs.uscc != me.uscc)
    )


def _with_others(pairs: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Claim, other claim, kind and what they share."""
    few = _few(pairs, "other_id", "what")
    query = select(few.c.claim_id, ClaimRow, few.c.kind, few.c.what).join(ClaimRow, ClaimRow.id == few.c.other_id)
    return query.order_by(few.c.claim_id, few.c.other_id, few.c.what)


def _few(found: Select[*tuple[Any, ...]], *order: str) -> Subquery:
    """The first rows of each claim."""
    rows = found.subquery()
    place = func.row_number().over(partition_by=rows.c.claim_id, order_by=[rows.c[name] for name in order])
    numbered = select(rows, place.label("place")).subquery()
    return select(numbered).where(numbered.c.place <= _MOST).subquery()


def _shared() -> Select[*tuple[Any, ...]]:
    few = _few(_accounts(), "uscc", "last_four", "holder")
    return select(few.c.claim_id, few.c.uscc, few.c.holder, few.c.last_four).order_by(few.c.claim_id, few.c.uscc)


_SEEN_BEFORE = (
    select(ClaimRisk)
    .where(ClaimRisk.claim_id.in_(_CLAIMS), ClaimRisk.code.in_(_SEEN))
    .order_by(ClaimRisk.claim_id, ClaimRisk.version)
)
_SAME_ITEMS = _with_others(_items())
_SAME_DOCUMENTS = _with_others(_documents())
_SHARED = _shared()
_SAMPLES = select(QaSample).where(QaSample.claim_id.in_(_CLAIMS))

_FINDERS = (_seen, _same_items, _same_documents, _shared_accounts, _samples)
# Most claims have no risk, and one question is quicker than five.
_WHICH = select(
    *(
        exists(found)
        for found in (
            select(ClaimRisk.claim_id).where(ClaimRisk.claim_id.in_(_CLAIMS), ClaimRisk.code.in_(_SEEN)),
            _items(),
            _documents(),
            _accounts(),
            select(QaSample.claim_id).where(QaSample.claim_id.in_(_CLAIMS)),
        )
    )
)
