"""Checks that what the funds hold is what their claims hold, and that no allocation run gave more than its budget."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subsidy_match.claims.fund.fund_records import FundEntry, FundRow
from subsidy_match.claims.fund.run_records import RunPartRow, RunRow
from subsidy_match.claims.records import ClaimRow, ClaimShare
from subsidy_match.claims.states import State
from subsidy_match.errors import Finding

__all__ = ["check_runs", "check_shares", "check_states"]

_KINDS = ("reserved", "committed", "paid")
_RESERVED = (State.ACCEPTED, State.CORRECTION, State.IN_REVIEW, State.IN_RECHECK, State.IN_APPROVAL)
_COMMITTED = (
    State.APPROVED,
    State.PUBLISHED,
    State.OBJECTION,
    State.PAYABLE,
    State.IN_PAYMENT,
    State.PAY_FAILED,
)
_PAID = (State.PAID, State.COMPLETED, State.RECOVERING, State.RECOVERED, State.WRITTEN_OFF)
_MAY_HOLD = {
    **dict.fromkeys(_RESERVED, "reserved"),
    **dict.fromkeys(_COMMITTED, "committed"),
    **dict.fromkeys(_PAID, "paid"),
}
"""Which kind of money a claim may hold in a state; in every other one it holds none."""


def check_shares(session: Session) -> list[Finding]:
    """Compare balances with the sum of the claims' shares (F002), and each share with its own entries (F003)."""
    return [*_funds_against_shares(session), *_shares_against_entries(session)]


def check_states(session: Session) -> list[Finding]:
    """Compare what every claim holds with what its state lets it hold (F005)."""
    sums = [func.coalesce(func.sum(getattr(ClaimShare, kind)), 0) for kind in _KINDS]
    query = (
        select(ClaimRow.claim_no, ClaimRow.state, ClaimRow.amount_approved, *sums)
        .join(ClaimShare, ClaimShare.claim_id == ClaimRow.id)
        .group_by(ClaimRow.id, ClaimRow.claim_no, ClaimRow.state, ClaimRow.amount_approved)
        .order_by(ClaimRow.id)
    )
    findings = []
    for number, state, approved, *amounts in session.execute(query):
        holds = {kind: int(amount) for kind, amount in zip(_KINDS, amounts, strict=True) if amount}
        kind = _MAY_HOLD.get(State(state))
        is_off = {"committed": holds.get("committed") != approved, "paid": holds.get("paid", 0) > (approved or 0)}
        if set(holds) - {kind} or is_off.get(kind or "", False):
            en = f"{number}: a claim in {state} holds {holds or 'nothing'}"
            findings.append(Finding("F005", f"{number}:占用金额与状态({state})不符", en))
    return findings


def check_runs(session: Session) -> list[Finding]:
    """Compare the total of every allocation run with the sum of its parts and with its budget (F004)."""
    query = (
        select(RunRow.number, RunRow.budget, RunRow.total, func.coalesce(func.sum(RunPartRow.share), 0))
        .outerjoin(RunPartRow, RunPartRow.run_id == RunRow.id)
        .group_by(RunRow.id, RunRow.number, RunRow.budget, RunRow.total)
        .order_by(RunRow.number)
    )
    return [
        Finding("F004", f"{number}:份额合计与总额不符", f"{number}: the shares are not the total, or above the budget")
        for number, budget, total, parts in session.execute(query)
        if not int(parts) == total <= budget
    ]


def _funds_against_shares(session: Session) -> Iterator[Finding]:
    sums = [func.coalesce(func.sum(getattr(ClaimShare, kind)), 0) for kind in _KINDS]
    stored = [getattr(FundRow, kind) for kind in _KINDS]
    query = (
        select(FundRow.id, *stored, *sums)
        .outerjoin(ClaimShare, ClaimShare.fund_id == FundRow.id)
        .group_by(FundRow.id, *stored)
        .order_by(FundRow.id)
    )
    for fund_id, *numbers in session.execute(query):
        balances, shares = tuple(map(int, numbers[:3])), tuple(map(int, numbers[3:]))
        if balances != shares:
            en = f"{fund_id}: balances {balances} differ from what its claims hold, {shares}"
            yield Finding("F002", f"{fund_id}:余额与办件占用之和不符", en)


def _shares_against_entries(session: Session) -> Iterator[Finding]:
    sums = [func.coalesce(func.sum(getattr(FundEntry, kind)), 0) for kind in _KINDS]
    stored = [getattr(ClaimShare, kind) for kind in _KINDS]
    mine = (FundEntry.claim_id == ClaimShare.claim_id) & (FundEntry.fund_id == ClaimShare.fund_id)
    query = (
        select(ClaimShare.claim_id, ClaimShare.fund_id, *stored, *sums)
        .outerjoin(FundEntry, mine)
        .group_by(ClaimShare.claim_id, ClaimShare.fund_id, *stored)
        .order_by(ClaimShare.claim_id, ClaimShare.fund_id)
    )
    for claim_id, fund_id, *numbers in session.execute(query):
        share, entries = tuple(map(int, numbers[:3])), tuple(map(int, numbers[3:]))
        if share != entries:
            en = f"claim {claim_id} in {fund_id}: it holds {share}, its entries say {entries}"
            yield Finding("F003", f"办件{claim_id}在{fund_id}的占用与明细不符", en)
