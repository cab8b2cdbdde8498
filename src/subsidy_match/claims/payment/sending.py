"""Puts the treasury file together and records that it goes out: the one place where account numbers are opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from subsidy_match.claims.assessment import Standing
from subsidy_match.claims.clock import TOLERANCE, business_day, check_order
from subsidy_match.claims.fund.funds import Fund, fund
from subsidy_match.claims.guards.payment import check_credit
from subsidy_match.claims.many_claims import refuse_batch
from subsidy_match.claims.occasion import shares_of
from subsidy_match.claims.payment.batches import lines_of, locked_batch
from subsidy_match.claims.payment.lines.steps import Hand, advance_batch, advance_line
from subsidy_match.claims.payment.lines.tables import batch_rule
from subsidy_match.claims.payment.parking import check_nothing_parked
from subsidy_match.claims.payment.payment_states import BatchEvent, BatchState, LineEvent, LineState
from subsidy_match.claims.payment.payout_records import BatchFileRow, BatchRow, LineRow
from subsidy_match.claims.payment.treasury import Controls, Part, Payment, TreasuryFile, yuan
from subsidy_match.claims.people.parties import why_not_apart
from subsidy_match.claims.reading import locked_row
from subsidy_match.claims.records import AccountRow, ClaimRow
from subsidy_match.claims.rights import check_funds
from subsidy_match.errors import Conflict, NotFound, SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.schema import canonical_json
from subsidy_match.store.sealing import Sealer
from subsidy_match.store.users import Actor, Role

__all__ = ["NOT_OUT", "Parcel", "check_hand", "mark_sending", "mark_sent", "senders", "treasury_file"]

NOT_OUT = (BatchState.APPROVED, BatchState.SENDING)
"""States in which the file may still be kept back."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A treasury file with what is recorded of it."""

    content: bytes
    format: str
    controls: Controls

    @property
    def sha256(self) -> str:
        """The hash of the file."""
        return hashlib.sha256(self.content).hexdigest()


def treasury_file(session: Session, sealer: Sealer, batch_id: int) -> TreasuryFile:
    """Put the payments of a batch together, always the same for the same batch.

    Raises:
        NotFound: ``batch_unknown``.
        Conflict: ``payee_mismatch``, an account is not the claiming firm's.
    """
    batch = session.get(BatchRow, batch_id)
    if batch is None:
        raise NotFound("batch_unknown", f"支付批次不存在:{batch_id}", f"no payout batch {batch_id}")
    return TreasuryFile(batch.number, [_payment(session, sealer, line) for line in lines_of(session, batch_id)])


def mark_sending(
    session: Session,
    batch_id: int,
    parcel: Parcel,
    standings: Mapping[str, Standing],
    *,
    actor: Actor,
    at: datetime,
    tolerance: timedelta = TOLERANCE,
) -> None:
    """Record the intent to send exactly this file; from here on a line may have been paid.

    Raises:
        BatchRefused: ``batch_refused``, a finding for every claim held, or barred by the credit lists, since approval.
        Conflict: ``batch_state``, ``batch_answered``, ``file_differs``, ``file_format_fixed``, ``clock_skew``.
        Forbidden: ``role_missing``, ``fund_not_yours``.
    """
    batch = locked_batch(session, batch_id)
    was = BatchState(batch.state)
    advance_batch(batch, BatchEvent.INTEND, actor)
    check_hand(session, batch_id, actor, at)
    _check_nothing_failed(session, batch_id)
    at = check_order(at, batch.checked_at, tolerance)
    if was in NOT_OUT:
        _check_live(session, batch_id, standings)
    if was is not BatchState.APPROVED:
        _check_same(session, batch, parcel)
        return
    batch.file_sha256 = parcel.sha256
    session.add(_file_row(batch_id, parcel, actor, at))
    for line in lines_of(session, batch_id):
        advance_line(Hand(session, actor, at), line, LineEvent.SEND)
    _record(session, batch, "sending", actor, at)


def mark_sent(session: Session, batch_id: int, *, actor: Actor, at: datetime) -> None:
    """Record that the file is out; nothing where that is recorded already."""
    batch = locked_batch(session, batch_id)
    if batch.state in (BatchState.SENT, BatchState.CLOSED):
        return
    advance_batch(batch, BatchEvent.SEND, actor)
    batch.sent_at = max(at, batch.checked_at or at)
    _record(session, batch, "send", actor, at)


def check_hand(session: Session, batch_id: int, actor: Actor, at: datetime) -> None:
    """Refuse whoever may not send a batch, nor see its account numbers: its funds, or a claim in it, are not theirs.

    Raises:
        Forbidden: ``fund_not_yours``.
        BatchRefused: ``batch_refused``: ``interest_declared``, ``duty_conflict``, ``out_of_scope``.
    """
    lines = lines_of(session, batch_id)
    claims = {line.claim_id: session.get_one(ClaimRow, line.claim_id) for line in lines}
    refuse_batch(why_not_apart(session, actor, claims, senders(), business_day(at)))
    check_funds(actor, {share.fund_id for line in lines for share in shares_of(session, line.claim_id)})


def senders() -> frozenset[Role]:
    """Who may send a batch."""
    rule = batch_rule(BatchState.APPROVED, BatchEvent.INTEND)
    return frozenset() if rule is None else rule.roles


def _check_nothing_failed(session: Session, batch_id: int) -> None:
    # What failed may be paid under another number by now, and no bank knows that the two are one payment.
    if any(line.state in (LineState.FAILED, LineState.RETURNED) for line in lines_of(session, batch_id)):
        zh = "本批次已有支付失败或退回,重发可能重复支付"
        raise Conflict(
            "batch_answered", zh, "a payment of this batch failed or came back: sent again it could be paid twice"
        )


def _check_same(session: Session, batch: BatchRow, parcel: Parcel) -> None:
    file = session.get(BatchFileRow, batch.id)
    if file is not None and file.format != parcel.format:
        zh = f"本批次已按{file.format}格式发送,不能再发{parcel.format}"
        raise Conflict("file_format_fixed", zh, f"the batch was sent as {file.format}, it cannot go out twice")
    if batch.file_sha256 != parcel.sha256:
        raise Conflict("file_differs", "与原发送文件不一致", "not the file that was sent before")


def _check_live(session: Session, batch_id: int, standings: Mapping[str, Standing]) -> None:
    refused: dict[int, SubsidyError] = {}
    for claim_id in sorted(line.claim_id for line in lines_of(session, batch_id)):
        claim = locked_row(session, claim_id)
        try:
            if claim.held:
                raise Conflict("claim_held", "该件已暂缓办理", "the claim is on hold")
            check_nothing_parked(session, claim_id)
            check_credit(standings.get(claim.uscc))
        except SubsidyError as error:
            refused[claim_id] = error
    refuse_batch(refused)


def _file_row(batch_id: int, parcel: Parcel, actor: Actor, at: datetime) -> BatchFileRow:
    return BatchFileRow(
        batch_id=batch_id,
        format=parcel.format,
        sha256=parcel.sha256,
        line_count=parcel.controls.count,
        total=parcel.controls.total,
        by_indicator=canonical_json(parcel.controls.by_indicator),
        at=at,
        actor=actor.id,
    )


def _payment(session: Session, sealer: Sealer, line: LineRow) -> Payment:
    claim, account = session.get_one(ClaimRow, line.claim_id), session.get_one(AccountRow, line.account_id)
    if account.uscc != claim.uscc:
        raise Conflict("payee_mismatch", "收款账户与申报企业不一致", "the account is not the claiming firm's")
    funds, parts = _funding(session, line)
    return Payment(
        instruction=line.instruction,
        holder=account.holder,
        bank_name=account.bank_name,
        number=sealer.open(account.sealed, context=account.uscc),
        amount=line.amount,
        indicator_no=_joined([f.indicator_no for f in funds], parts),
        function_code=_joined([f.function_code for f in funds], parts),
        spending_plan=_joined([f.spending_plan for f in funds], parts),
        purpose=claim.policy_zh,
        claim_no=claim.claim_no,
        parts=tuple(Part(f.indicator_no, part) for f, part in zip(funds, parts, strict=True)),
    )


def _funding(session: Session, line: LineRow) -> tuple[list[Fund], list[int]]:
    # Paid parts count as well, so that a file written again after settlement is the same file.
    shares = [share for share in shares_of(session, line.claim_id) if share.committed + share.paid]
    return [fund(session, share.fund_id) for share in shares], [share.committed + share.paid for share in shares]


def _joined(values: list[str], parts: list[int]) -> str:
    if len(values) == 1:
        return values[0]
    return ";".join(f"{value}:{yuan(part)}" for value, part in zip(values, parts, strict=True))


def _record(session: Session, batch: BatchRow, action: str, actor: Actor, at: datetime) -> None:
    detail = {
        "number": batch.number,
        "state": batch.state,
        "file": batch.file_sha256,
        "lines": [line.instruction for line in lines_of(session, batch.id) if line.state == LineState.SENT],
        "name": actor.name,
    }
    audit.append(session, f"payout:{batch.id}", at=at, actor=actor.id, action=action, detail=detail)
