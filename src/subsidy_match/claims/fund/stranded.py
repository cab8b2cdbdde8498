"""The claims that a fund leaves behind when it is closed at year end: from then on it reserves and commits nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from subsidy_match.claims.records import ClaimRow, ClaimShare
from subsidy_match.claims.states import FINAL, State
from subsidy_match.errors import Finding

__all__ = ["Stranded", "WaitsFor", "left_in", "stranded_in"]

_MOST_NAMED = 20
_APPEALABLE = frozenset({State.NOT_ACCEPTED, State.REJECTED, State.REVOKED, State.APPEAL})
# what is paid or recovered needs no new money
_SETTLED = (FINAL - _APPEALABLE) | {State.PAID, State.RECOVERING}
_SAID: Mapping[str, tuple[str, str]] = {
    "fund_claims_hold": (
        "件仍占用本资金:可照常支付,但异议或审批退回后不能再占用",
        "claims hold money of the fund: it is still paid, but once their approval is undone nothing commits it again",
    ),
    "fund_claims_open": (
        "件未办结且未占用资金:不能再占用本资金",
        "claims in hand have no money reserved, and none can be reserved in this fund any more",
    ),
    "fund_claims_appealable": (
        "件已作出不利决定,复议支持后不能再占用本资金",
        "claims were decided against: if an appeal is upheld, none of this fund can be reserved for them",
    ),
}


class WaitsFor(StrEnum):
    """What a claim that a closed fund leaves behind still needs."""

    PAYMENT = "payment"
    APPROVAL = "approval"
    MONEY = "money"
    APPEAL = "appeal"


_KIND: Mapping[WaitsFor, str] = {
    WaitsFor.PAYMENT: "fund_claims_hold",
    WaitsFor.APPROVAL: "fund_claims_hold",
    WaitsFor.MONEY: "fund_claims_open",
    WaitsFor.APPEAL: "fund_claims_appealable",
}


@dataclass(frozen=True, slots=True)
class Stranded:
    """A claim that a fund leaves behind, with what the fund holds for it (分).

    Attributes:
        waits_for: ``payment``, which a closed fund still makes; ``approval`` or ``money``, which it bars; ``appeal``.
        is_waiting: on the waitlist.
    """

    claim_id: int
    claim_no: str
    state: State
    held: int
    waits_for: WaitsFor
    is_waiting: bool
    accepted_at: datetime | None


def stranded_in(session: Session, fund_id: str) -> tuple[Stranded, ...]:
    """Read the claims that a fund leaves behind, or would if it were closed now, by id."""
    columns = (ClaimRow.id, ClaimRow.claim_no, ClaimRow.state, ClaimRow.waiting, ClaimRow.accepted_at)
    query = (
        select(*columns, ClaimShare.reserved, ClaimShare.committed)
        .join(ClaimShare, ClaimShare.claim_id == ClaimRow.id)
        .where(ClaimShare.fund_id == fund_id, ClaimRow.state.not_in([str(state) for state in _SETTLED]))
        .order_by(ClaimRow.id)
    )
    return tuple(_stranded(row) for row in session.execute(query))


def left_in(stranded: Sequence[Stranded]) -> tuple[Finding, ...]:
    """What is told of the claims that a closed fund leaves behind, by kind, each named (the first of many)."""
    found: dict[str, list[str]] = {kind: [] for kind in _SAID}
    for claim in stranded:
        found[_KIND[claim.waits_for]].append(claim.claim_no)
    return tuple(_told(kind, numbers) for kind, numbers in found.items() if numbers)


def _stranded(row: Row[int, str, str, bool, datetime | None, int, int]) -> Stranded:
    state = State(row.state)
    return Stranded(
        claim_id=row.id,
        claim_no=row.claim_no,
        state=state,
        held=row.reserved + row.committed,
        waits_for=_waits_for(state, row.reserved, row.committed),
        is_waiting=row.waiting,
        accepted_at=row.accepted_at,
    )


def _waits_for(state: State, reserved: int, committed: int) -> WaitsFor:
    if committed:
        return WaitsFor.PAYMENT
    if reserved:
        return WaitsFor.APPROVAL
    return WaitsFor.APPEAL if state in _APPEALABLE else WaitsFor.MONEY


def _told(kind: str, numbers: Sequence[str]) -> Finding:
    zh, en = _SAID[kind]
    names = ", ".join(numbers[:_MOST_NAMED]) + (" …" if len(numbers) > _MOST_NAMED else "")
    return Finding(kind, f"{len(numbers)}{zh}:{names}", f"{len(numbers)} {en}: {names}", severity="warning")
