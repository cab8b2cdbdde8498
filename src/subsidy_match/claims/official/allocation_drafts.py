"""What a document of allocation needs: claims that may be paid, their money as it is committed, funds of whoever acts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.canonical import canonical_key
from subsidy_match.claims.many_claims import Deed, refuse_batch
from subsidy_match.claims.occasion import shares_of
from subsidy_match.claims.official.allocation_records import AllocationClaimRow, AllocationFundRow, AllocationRow
from subsidy_match.claims.official.document_states import AllocationState
from subsidy_match.claims.official.official_documents import check_number, insert_numbered, left_document
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.rights import check_funds
from subsidy_match.claims.states import State
from subsidy_match.claims.wording import check_line
from subsidy_match.errors import Conflict, InputError, SubsidyError

__all__ = ["check_issuable", "insert_allocation", "money_of"]


def money_of(session: Session, claim_id: int) -> dict[str, int]:
    """What is committed to a claim, by fund."""
    return {share.fund_id: share.committed for share in shares_of(session, claim_id) if share.committed}


def insert_allocation(deed: Deed, claims: Mapping[int, ClaimRow], *, number: str, title: str) -> AllocationRow:
    """Insert a draft over locked claims, all or none.

    Raises:
        InputError: ``number_invalid``, ``field_missing``, ``field_invalid``.
        Conflict: ``number_taken``.
        BatchRefused: ``batch_refused``: ``allocation_taken``, ``allocation_unfit``.
        Forbidden: ``fund_not_yours``.
    """
    session, clean, named = deed.session, check_number(number), check_line("title", title, 200)
    if not named:
        raise InputError("field_missing", "缺少字段:title", "missing field: title")
    key = canonical_key(clean)
    if known := session.scalar(select(AllocationRow.number).where(AllocationRow.number_key == key)):
        raise _taken(known)
    _check_free(session, claims)
    money = {claim_id: money_of(session, claim_id) for claim_id in claims}
    by_fund = _by_fund(money)
    check_funds(deed.actor, by_fund)
    row = AllocationRow(
        number=clean,
        number_key=key,
        title=named,
        state=str(AllocationState.DRAFT),
        claim_count=len(money),
        total=sum(by_fund.values()),
        maker=deed.actor.id,
        made_at=deed.at,
    )
    insert_numbered(session, row, _taken(clean))
    for claim_id, parts in money.items():
        amount = sum(parts.values())
        session.add(AllocationClaimRow(allocation_id=row.id, claim_id=claim_id, amount=amount, is_live=True))
    for fund_id, amount in by_fund.items():
        session.add(AllocationFundRow(allocation_id=row.id, fund_id=fund_id, amount=amount))
    return row


def check_issuable(
    session: Session,
    row: AllocationRow,
    entries: Collection[AllocationClaimRow],
    claims: Mapping[int, ClaimRow],
    by_fund: Mapping[str, int],
    on: date,
) -> None:
    """Refuse to issue a document whose claims may not be paid, or whose totals are not those of its claims.

    Raises:
        BatchRefused: ``batch_refused``: ``claim_left_document``, ``notice_running``, ``allocation_unfit``,
            ``allocation_changed``.
        Conflict: ``allocation_totals``.
    """
    money = {entry.claim_id: money_of(session, entry.claim_id) for entry in entries}
    refuse_batch({e.claim_id: why for e in entries if (why := _why_not(e, claims[e.claim_id], money[e.claim_id], on))})
    total = sum(entry.amount for entry in entries)
    if (row.claim_count, row.total) != (len(entries), total) or _by_fund(money) != by_fund:
        zh, en = "合计与办件不符,不能下达", "the totals differ from the claims: it cannot be issued"
        raise Conflict("allocation_totals", zh, en)


def _taken(number: str) -> Conflict:
    return Conflict("number_taken", f"文号已使用:{number}", f"there is a document {number} already")


def _check_free(session: Session, claims: Mapping[int, ClaimRow]) -> None:
    listed = AllocationClaimRow.claim_id.in_(claims), AllocationClaimRow.is_live
    taken = set(session.scalars(select(AllocationClaimRow.claim_id).where(*listed)))
    refused: dict[int, SubsidyError] = {}
    for claim_id, claim in claims.items():
        if claim_id in taken:
            zh, en = "该件已列入另一份资金下达文件", "the claim is in another document of allocation"
            refused[claim_id] = Conflict("allocation_taken", zh, en)
        elif not _may_be_listed(claim):
            refused[claim_id] = _unfit()
    refuse_batch(refused)


def _may_be_listed(claim: ClaimRow) -> bool:
    return claim.state == State.PUBLISHED or (claim.state == State.APPROVED and claim.notice_days == 0)


def _why_not(entry: AllocationClaimRow, claim: ClaimRow, money: Mapping[str, int], on: date) -> SubsidyError | None:
    if not entry.is_live:
        return left_document(entry.claim_id)
    if not _may_be_listed(claim):
        return _unfit()
    if claim.state == State.PUBLISHED and (claim.notice_until is None or on <= claim.notice_until):
        until = claim.notice_until
        return Conflict("notice_running", f"公示至{until},尚未届满", f"the public notice runs until {until}")
    if sum(money.values()) != entry.amount:
        return Conflict("allocation_changed", "金额已变,请重新拟稿", "the amount has changed: draft another")
    return None


def _unfit() -> Conflict:
    zh = "该件未审批、未公示或有异议,不能下达资金"
    return Conflict("allocation_unfit", zh, "the claim is not approved, not in its notice, or under objection")


def _by_fund(money: Mapping[int, Mapping[str, int]]) -> dict[str, int]:
    totals = Counter[str]()
    for parts in money.values():
        totals.update(parts)
    return dict(sorted(totals.items()))
