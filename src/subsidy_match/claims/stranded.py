"""The claims that a fund leaves behind when it is closed at year end: from then on it reserves and commits nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.records import ClaimRow, ClaimShare
from subsidy_match.claims.states import FINAL, State
from subsidy_match.errors import Finding

__all__ = ["left_in"]

_MOST_NAMED = 20
_APPEALABLE = frozenset({State.NOT_ACCEPTED, State.REJECTED, State.REVOKED, State.APPEAL})
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


def left_in(session: Session, fund_id: str) -> tuple[Finding, ...]:
    """What is told of the claims of a fund that is closed, by kind, each named (the first of many)."""
    query = (
        select(ClaimRow.claim_no, ClaimRow.state, ClaimShare.reserved + ClaimShare.committed)
        .join(ClaimShare, ClaimShare.claim_id == ClaimRow.id)
        .where(ClaimShare.fund_id == fund_id)
        .order_by(ClaimRow.id)
    )
    found: dict[str, list[str]] = {kind: [] for kind in _SAID}
    for number, state, held in session.execute(query):
        if (kind := _kind(State(state), held)) is not None:
            found[kind].append(number)
    return tuple(_told(kind, numbers) for kind, numbers in found.items() if numbers)


def _kind(state: State, held: int) -> str | None:
    if held:
        return "fund_claims_hold"
    if state in _APPEALABLE:
        return "fund_claims_appealable"
    # what is paid or recovered needs no new money
    return None if state in FINAL or state in (State.PAID, State.RECOVERING) else "fund_claims_open"


def _told(kind: str, numbers: Sequence[str]) -> Finding:
    zh, en = _SAID[kind]
    names = ", ".join(numbers[:_MOST_NAMED]) + (" …" if len(numbers) > _MOST_NAMED else "")
    return Finding(kind, f"{len(numbers)}{zh}:{names}", f"{len(numbers)} {en}: {names}", severity="warning")
