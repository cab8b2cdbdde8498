"""The cashier's office: batches by a maker, approved by a checker, sent to the treasury, settled by receipts.

Nothing is sent inside a transaction: the intent is recorded, the file written, the result recorded. A crash in between
leaves a batch SENDING; sending it again writes the same bytes with the same instruction numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.assessment import Standing
from subsidy_match.claims.batches import Batch, advance_line, lines_of, list_batches, load_batch, locked_batch
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.occasion import shares_of
from subsidy_match.claims.payment_states import BatchState, LineEvent, LineState
from subsidy_match.claims.payment_steps import Deed, audited_batch, lock_claims, require_row, step_claims
from subsidy_match.claims.payout_records import BatchRow, LineRow
from subsidy_match.claims.reading import visible_row
from subsidy_match.claims.receipts import ReceiptReport, import_receipts
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.refusals import Forbidden, audited
from subsidy_match.claims.sending import mark_sending, mark_sent, treasury_bytes, write_once
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.states import Event
from subsidy_match.claims.treasury import parse_receipts
from subsidy_match.errors import InputError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role

__all__ = ["PayoutOffice"]

Result = TypeVar("Result")
Also = Callable[[Session, Batch], None]
_SENDERS = frozenset({Role.MAKER, Role.CHECKER, Role.RECONCILER})
_REFUSED_BY_CHECKER = "REFUSED_BY_CHECKER"


@dataclass(frozen=True, slots=True)
class PayoutOffice:
    """Payouts over the store of a desk; treasury files go into ``folder``."""

    desk: ClaimDesk
    folder: Path

    def create_batch(self, claim_ids: Sequence[int], *, actor: Actor, at: datetime, also: Also | None = None) -> Batch:
        """Put payable claims into a new batch, all or none; instruction numbers are fixed here.

        Raises:
            InputError: ``batch_empty``, ``batch_repeats_claim``.
            BatchRefused: ``batch_refused``, with a finding for every claim that cannot be paid.
        """
        if not claim_ids:
            raise InputError("batch_empty", "批次中没有办件", "a batch needs at least one claim")
        if len(set(claim_ids)) != len(claim_ids):
            raise InputError("batch_repeats_claim", "同一办件重复", "a claim is named twice")
        standings = self._standings(claim_ids, at)

        def work(session: Session) -> Batch:
            deed = Deed(session, self.desk.calendar, actor, at, self.desk.tolerance)
            return _finished(session, _make(deed, claim_ids, standings), also)

        return audited_batch(
            self.desk.engine, "payouts", Event.BATCH, actor=actor, at=at, work=lambda: in_unit(self.desk.engine, work)
        )

    def approve_batch(self, batch_id: int, *, actor: Actor, at: datetime, also: Also | None = None) -> Batch:
        """Approve a batch as checker, who did nothing else on any of its claims; ``also`` as in ``create_batch``.

        Raises:
            BatchRefused: ``batch_refused``; ``duty_conflict`` is among the findings.
            Conflict: ``batch_state``.
        """

        def work(deed: Deed) -> None:
            batch, lines = self._step_batch(deed, batch_id, Event.APPROVE_PAYMENT, {})
            for line in lines:
                advance_line(line, LineEvent.APPROVE)
            batch.state, batch.checker, batch.checked_at = str(BatchState.APPROVED), actor.id, at

        return self._on_batch(batch_id, Event.APPROVE_PAYMENT, actor, at, work, also)

    def refuse_batch(
        self,
        batch_id: int,
        *,
        actor: Actor,
        at: datetime,
        reason_code: str,
        note: str | None = None,
        also: Also | None = None,
    ) -> Batch:
        """Send a batch back as checker before anything was sent: its claims are payable again.

        Raises:
            BatchRefused: ``batch_refused``.
            Conflict: ``batch_state``.
        """
        why = {"reason_code": reason_code} | ({} if note is None else {"note": note})

        def work(deed: Deed) -> None:
            batch, lines = self._step_batch(deed, batch_id, Event.UNBATCH, why)
            for line in lines:
                advance_line(line, LineEvent.REFUSE)
                line.failure_code = _REFUSED_BY_CHECKER
            batch.state, batch.checker, batch.checked_at = str(BatchState.REFUSED), actor.id, at

        return self._on_batch(batch_id, Event.UNBATCH, actor, at, work, also)

    def send_batch(self, batch_id: int, *, actor: Actor, at: datetime, also: Also | None = None) -> Path:
        """Write the treasury file of an approved batch and give its path; again where a crash cut it short.

        Raises:
            Forbidden: ``role_missing``.
            BatchRefused: ``batch_refused``, a claim was put on hold since the approval.
            Conflict: ``batch_state``, ``clock_skew``, ``file_differs`` (what would be sent again is not what was sent).
        """

        def sent(session: Session) -> None:
            mark_sent(session, batch_id, actor=actor, at=at)
            _finished(session, batch_id, also)

        def send() -> Path:
            if not actor.has_any(_SENDERS):
                raise Forbidden("role_missing", "无权发送支付批次", "sending batches is not among your roles")
            engine, sealer = self.desk.engine, self.desk.sealer
            number, content = in_unit(engine, lambda s: treasury_bytes(s, sealer, batch_id), immediate=False)
            tolerance = self.desk.tolerance
            in_unit(engine, lambda s: mark_sending(s, batch_id, content, actor=actor, at=at, tolerance=tolerance))
            path = write_once(self.folder, number, content)
            in_unit(engine, sent)
            return path

        return audited_batch(self.desk.engine, f"payout:{batch_id}", "send", actor=actor, at=at, work=send)

    def import_receipts(
        self,
        content: bytes,
        *,
        name: str,
        actor: Actor,
        at: datetime,
        also: Callable[[Session, ReceiptReport], None] | None = None,
    ) -> ReceiptReport:
        """Take in a receipt file, the whole file or nothing; the same file again changes nothing.

        Raises:
            InputError: ``receipts_unreadable``, ``receipts_invalid`` with a finding per wrong line.
        """

        def take_in() -> ReceiptReport:
            if Role.RECONCILER not in actor.roles:
                raise Forbidden("role_missing", "无权导入回单", "importing receipts is not among your roles")
            receipts = parse_receipts(content, name=name)

            def whole(session: Session) -> ReceiptReport:
                report = import_receipts(Deed(session, self.desk.calendar, actor, at, self.desk.tolerance), receipts)
                if also is not None:
                    also(session, report)
                return report

            return in_unit(self.desk.engine, whole)

        return audited(self.desk.engine, "payouts", "receipts", actor=actor, at=at, work=take_in)

    def batch(self, batch_id: int) -> Batch:
        """Read a batch with its lines.

        Raises:
            NotFound: ``batch_unknown``.
        """
        return in_unit(self.desk.engine, lambda session: load_batch(session, batch_id), immediate=False)

    def batches(self, *, after: int = 0, limit: int = 50) -> Sequence[Batch]:
        """List batches by id."""
        return in_unit(self.desk.engine, lambda s: list_batches(s, after=after, limit=limit), immediate=False)

    def _standings(self, claim_ids: Sequence[int], at: datetime) -> Mapping[str, Standing]:
        def firms(session: Session) -> list[str]:
            return sorted({visible_row(session, claim_id, None).uscc for claim_id in claim_ids})

        on = business_day(at)
        found = in_unit(self.desk.engine, firms, immediate=False)
        return {uscc: self.desk.assessor.standing(uscc=uscc, as_of=on) for uscc in found}

    def _step_batch(
        self, deed: Deed, batch_id: int, event: Event, extra: Mapping[str, str]
    ) -> tuple[BatchRow, Sequence[LineRow]]:
        batch = locked_batch(deed.session, batch_id, BatchState.MADE)
        lines = lines_of(deed.session, batch_id)
        payloads = {line.claim_id: {"batch": batch.number, "instruction": line.instruction, **extra} for line in lines}
        lock_claims(deed.session, payloads)
        step_claims(deed, event, payloads)
        return batch, lines

    def _on_batch(
        self,
        batch_id: int,
        event: Event,
        actor: Actor,
        at: datetime,
        work: Callable[[Deed], None],
        also: Also | None,
    ) -> Batch:
        def whole(session: Session) -> Batch:
            work(Deed(session, self.desk.calendar, actor, at, self.desk.tolerance))
            _record(session, batch_id, event, actor, at)
            return _finished(session, batch_id, also)

        return audited_batch(
            self.desk.engine,
            f"payout:{batch_id}",
            event,
            actor=actor,
            at=at,
            work=lambda: in_unit(self.desk.engine, whole),
        )


def _finished(session: Session, batch_id: int, also: Also | None) -> Batch:
    session.flush()
    batch = load_batch(session, batch_id)
    if also is not None:
        also(session, batch)
    return batch


def _make(deed: Deed, claim_ids: Sequence[int], standings: Mapping[str, Standing]) -> int:
    session = deed.session
    rows = lock_claims(session, dict.fromkeys(claim_ids))
    require_row(rows, Event.BATCH)
    amounts = {claim_id: sum(share.committed for share in shares_of(session, claim_id)) for claim_id in rows}
    day = business_day(deed.at)
    batch = BatchRow(
        number="",
        state=str(BatchState.MADE),
        maker=deed.actor.id,
        line_count=len(rows),
        total=sum(amounts.values()),
        made_at=deed.at,
    )
    session.add(batch)
    session.flush()
    batch.number = f"PB{day:%Y%m%d}{batch.id:06d}"
    payloads = {
        claim_id: {"batch": batch.number, "instruction": f"{batch.number}-{position:05d}"}
        for position, claim_id in enumerate(rows, start=1)
    }
    step_claims(deed, Event.BATCH, payloads, standings=standings)
    for claim_id, payload in payloads.items():
        session.add(_line(session, batch, rows[claim_id], amounts[claim_id], payload["instruction"]))
    _record(session, batch.id, Event.BATCH, deed.actor, deed.at)
    session.flush()
    return batch.id


def _line(session: Session, batch: BatchRow, claim: ClaimRow, amount: int, instruction: str) -> LineRow:
    earlier = select(LineRow).where(LineRow.claim_id == claim.id).order_by(LineRow.id.desc()).limit(1)
    parent = session.scalars(earlier).first()
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
    advance_line(line, LineEvent.BATCH)
    return line


def _record(session: Session, batch_id: int, event: Event, actor: Actor, at: datetime) -> None:
    session.flush()
    batch = load_batch(session, batch_id)
    detail = {
        "number": batch.number,
        "state": batch.state,
        "total": batch.total,
        "lines": {line.instruction: line.amount for line in batch.lines},
        "name": actor.name,
    }
    audit.append(session, f"payout:{batch_id}", at=at, actor=actor.id, action=str(event), detail=detail)
