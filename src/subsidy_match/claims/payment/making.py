"""Makes batches: instruction numbers are fixed here, before anything is approved or sent."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.assessment import Standing
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.many_claims import Deed, lock_claims, require_row, step_claims
from subsidy_match.claims.occasion import shares_of
from subsidy_match.claims.payment.batches import load_batch
from subsidy_match.claims.payment.lines.steps import Hand, advance_line
from subsidy_match.claims.payment.payment_states import BatchState, LineEvent, LineState
from subsidy_match.claims.payment.payout_records import BatchRow, LineRow
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.states import Event
from subsidy_match.store import audit

__all__ = ["make_batch", "record_batch"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_RANDOM = 5


def make_batch(deed: Deed, claim_ids: Sequence[int], standings: Mapping[str, Standing]) -> int:
    """Put payable claims into a new batch; gives its id.

    Raises:
        BatchRefused: ``batch_refused``, with a finding for every claim that cannot be paid.
    """
    session = deed.session
    rows = lock_claims(session, dict.fromkeys(claim_ids))
    require_row(rows, Event.BATCH)
    amounts = {claim_id: sum(share.committed for share in shares_of(session, claim_id)) for claim_id in rows}
    batch = _new_batch(deed, len(rows), sum(amounts.values()))
    payloads = {
        claim_id: {"batch": batch.number, "instruction": f"{batch.number}-{position:05d}"}
        for position, claim_id in enumerate(rows, start=1)
    }
    step_claims(deed, Event.BATCH, payloads, standings=standings)
    for claim_id, payload in payloads.items():
        _add_line(deed, batch, rows[claim_id], amounts[claim_id], payload["instruction"])
    record_batch(deed, batch.id, str(Event.BATCH))
    return batch.id


def record_batch(deed: Deed, batch_id: int, action: str) -> None:
    """Write what a batch now is to its chain."""
    deed.session.flush()
    batch = load_batch(deed.session, batch_id)
    detail = {
        "number": batch.number,
        "state": batch.state,
        "total": batch.total,
        "lines": {line.instruction: line.amount for line in batch.lines},
        "name": deed.actor.name,
    }
    audit.append(deed.session, f"payout:{batch_id}", at=deed.at, actor=deed.actor.id, action=action, detail=detail)


def _new_batch(deed: Deed, count: int, total: int) -> BatchRow:
    batch = BatchRow(
        number="",
        state=str(BatchState.MADE),
        maker=deed.actor.id,
        line_count=count,
        total=total,
        made_at=deed.at,
    )
    deed.session.add(batch)
    deed.session.flush()
    batch.number = f"PB{business_day(deed.at):%Y%m%d}{batch.id:06d}{_chance()}"
    return batch


def _chance() -> str:
    # A store put back from a backup counts on from there, and no bank may hear a number twice for two payments.
    return "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))


def _add_line(deed: Deed, batch: BatchRow, claim: ClaimRow, amount: int, instruction: str) -> None:
    parent = _last_line(deed.session, claim.id)
    line = LineRow(
        batch_id=batch.id,
        claim_id=claim.id,
        account_id=claim.account_id,
        parent_id=None if parent is None else parent.id,
        instruction=instruction,
        amount=amount,
        state=str(LineState.CREATED),
        is_open=True,
    )
    deed.session.add(line)
    deed.session.flush()
    advance_line(Hand(deed.session, deed.actor, deed.at), line, LineEvent.BATCH)


def _last_line(session: Session, claim_id: int) -> LineRow | None:
    query = select(LineRow).where(LineRow.claim_id == claim_id).order_by(LineRow.id.desc()).limit(1)
    return session.scalars(query).first()
