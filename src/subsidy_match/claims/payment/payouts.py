"""The cashier's office: batches by a maker, approved by a checker, sent to the treasury, settled by receipts.

Nothing is sent inside a transaction: the intent is recorded, the file written and handed over, the result recorded. A
crash in between leaves a batch SENDING; sending it again is the same file with the same instruction numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from subsidy_match.claims.assessment import Standing
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.many_claims import Deed, audited_batch, lock_claims, step_claims
from subsidy_match.claims.payment.bank import Bank, FileBank, SentFile
from subsidy_match.claims.payment.batches import Batch, lines_of, list_batches, load_batch, locked_batch
from subsidy_match.claims.payment.exporters import DEFAULT_FORMAT, exporter
from subsidy_match.claims.payment.intake import BankIntake, Taken
from subsidy_match.claims.payment.lines.answers import Receipt
from subsidy_match.claims.payment.lines.steps import Hand, advance_batch, advance_line
from subsidy_match.claims.payment.lines.tables import batch_rule
from subsidy_match.claims.payment.making import make_batch, record_batch
from subsidy_match.claims.payment.outgoing import kept_file, write_once
from subsidy_match.claims.payment.payment_states import BATCH_EVENT_NAMES, BatchEvent, BatchState, LineEvent
from subsidy_match.claims.payment.payout_records import LineRow
from subsidy_match.claims.payment.receipts import ReceiptReport
from subsidy_match.claims.payment.returns import ReturnReport
from subsidy_match.claims.payment.sending import (
    NOT_OUT,
    Parcel,
    check_hand,
    mark_sending,
    mark_sent,
    senders,
    treasury_file,
)
from subsidy_match.claims.payment.treasury_folder import TreasuryFolder, check_no_foreign_files
from subsidy_match.claims.reading import visible_row
from subsidy_match.claims.rights import check_role
from subsidy_match.claims.sealed import check_key
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.states import Event
from subsidy_match.errors import Conflict, InputError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor

__all__ = ["Download", "PayoutOffice"]

Also = Callable[[Session, Batch], None]


@dataclass(frozen=True, slots=True)
class _Ending:
    """A way in which a batch ends, or goes on, without being sent."""

    batch: BatchEvent
    line: LineEvent
    claim: Event
    code: str = ""


_APPROVE = _Ending(BatchEvent.APPROVE, LineEvent.APPROVE, Event.APPROVE_PAYMENT)
_REFUSE = _Ending(BatchEvent.REFUSE, LineEvent.REFUSE, Event.UNBATCH, "REFUSED_BY_CHECKER")
_CANCEL = _Ending(BatchEvent.CANCEL, LineEvent.CANCEL, Event.CANCEL_PAYMENT, "BATCH_CANCELLED")


@dataclass(frozen=True, slots=True)
class Download:
    """A treasury file to be handed out."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PayoutOffice:
    """Payouts over the store of a desk; treasury files are kept in ``folder`` and handed to ``way_out``."""

    desk: ClaimDesk
    folder: Path
    way_out: Bank | None = None

    @property
    def bank(self) -> Bank:
        """The bank; people who carry files where none was named."""
        return self.way_out or FileBank(self.folder)

    def create_batch(self, claim_ids: Sequence[int], *, actor: Actor, at: datetime, also: Also | None = None) -> Batch:
        """Put payable claims into a new batch, all or none; instruction numbers are fixed here.

        Raises:
            InputError: ``batch_empty``, ``batch_repeats_claim``.
            BatchRefused: ``batch_refused``, with a finding for every claim that cannot be paid.
        """

        def make() -> Batch:
            _check_named(claim_ids)
            standings = self._standings(claim_ids, at)

            def work(session: Session) -> Batch:
                check_key(session, self.desk.sealer)  # or the batch could be made and approved, but never sent
                deed = self.desk.deed(session, actor, at)
                return _finished(session, make_batch(deed, claim_ids, standings), also)

            return in_unit(self.desk.engine, work)

        return audited_batch(self.desk.engine, "payouts", Event.BATCH, actor=actor, at=at, work=make)

    def approve_batch(self, batch_id: int, *, actor: Actor, at: datetime, also: Also | None = None) -> Batch:
        """Approve a batch as checker, who did nothing else on any of its claims; ``also`` as in ``create_batch``.

        Raises:
            BatchRefused: ``batch_refused``; ``duty_conflict`` is among the findings.
            Conflict: ``batch_state``.
        """
        return self._step(batch_id, _APPROVE, {}, actor, at, also)

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
        return self._step(batch_id, _REFUSE, _why(reason_code, note), actor, at, also)

    def cancel_batch(
        self,
        batch_id: int,
        *,
        actor: Actor,
        at: datetime,
        reason_code: str,
        note: str | None = None,
        also: Also | None = None,
    ) -> Batch:
        """Call an approved batch off before anything was sent: its claims are payable again, under other numbers.

        Raises:
            BatchRefused: ``batch_refused``.
            Conflict: ``batch_state``, also where sending has begun.
        """
        return self._step(batch_id, _CANCEL, _why(reason_code, note), actor, at, also)

    def send_batch(
        self, batch_id: int, *, actor: Actor, at: datetime, format: str | None = None, also: Also | None = None
    ) -> Path:
        """Send an approved batch and give the path of its file; again where a crash or a silent bank cut it short.

        Args:
            batch_id: the batch.
            actor: whoever sends.
            at: when.
            format: that of the file, see ``claims.payment.exporters``; a batch once sent keeps its format.
            also: as in ``create_batch``.

        Raises:
            Forbidden: ``role_missing``, ``fund_not_yours``.
            BatchRefused: ``batch_refused``, a claim was held or barred by the credit lists since the approval.
            Conflict: ``batch_state``, ``clock_skew``, ``file_format_fixed``, ``file_differs`` (what would be sent again
                is not what was sent), ``batch_answered`` (a payment of it failed or came back, and may be paid anew),
                ``treasury_files_unknown`` (files in the folder of which the store knows nothing), ``file_taken``.
            BankSilent: the bank did not answer; the batch is SENDING and may be sent again.
        """
        engine = self.desk.engine

        def sent(session: Session) -> None:
            mark_sent(session, batch_id, actor=actor, at=at)
            _finished(session, batch_id, also)

        def send() -> Path:
            check_role(actor, senders(), BATCH_EVENT_NAMES[BatchEvent.SEND])
            batch = self.batch(batch_id)
            parcel = self._parcel(batch, format)
            claims = [line.claim_id for line in batch.lines]
            standings = self._standings(claims, at) if batch.state in NOT_OUT else {}
            if batch.state in NOT_OUT:
                check_no_foreign_files(TreasuryFolder(self.desk, self.folder).foreign())
            send = partial(mark_sending, actor=actor, at=at, tolerance=self.desk.tolerance)
            in_unit(engine, lambda s: send(s, batch_id, parcel, standings))
            path = write_once(self.folder, f"{batch.number}.{parcel.format}", parcel.content)
            self.bank.send(SentFile(batch.number, path, parcel.content))
            in_unit(engine, sent)
            return path

        return audited_batch(engine, f"payout:{batch_id}", "send", actor=actor, at=at, work=send)

    def file(self, batch_id: int, *, actor: Actor, at: datetime, format: str | None = None) -> Download:
        """Hand out the file of a batch that is being sent or was: never one that could still be cancelled.

        Raises:
            Forbidden: ``role_missing``, ``fund_not_yours``.
            Conflict: ``batch_not_sent``, ``file_format_fixed``, ``file_differs``.
        """

        def hand_out() -> Download:
            check_role(actor, senders(), ("下载支付文件", "download treasury files"))
            batch = self.batch(batch_id)
            in_unit(self.desk.engine, lambda session: check_hand(session, batch_id, actor, at), immediate=False)
            if batch.file_sha256 is None or batch.state is BatchState.APPROVED:
                zh, en = "批次尚未发送,没有支付文件", "the batch was not sent, so there is no file yet"
                raise Conflict("batch_not_sent", zh, en)
            parcel = self._parcel(batch, format)
            _check_original(batch, parcel)
            in_unit(self.desk.engine, lambda session: _note_download(session, batch, actor, at))
            known = exporter(parcel.format)
            return Download(f"{batch.number}.{known.name}", known.media_type, parcel.content)

        return audited_batch(self.desk.engine, f"payout:{batch_id}", "download", actor=actor, at=at, work=hand_out)

    def import_receipts(
        self, content: bytes, *, name: str, actor: Actor, at: datetime, also: Taken[ReceiptReport] | None = None
    ) -> ReceiptReport:
        """Take in a receipt file, the whole file or nothing; the same file again changes nothing.

        Raises:
            InputError: ``receipts_unreadable``, ``receipts_invalid`` with a finding per wrong line.
        """
        return self._intake(actor, at).receipts(content, name, also)

    def import_returns(
        self, content: bytes, *, name: str, actor: Actor, at: datetime, also: Taken[ReturnReport] | None = None
    ) -> ReturnReport:
        """Take in a file of returned payments, the whole file or nothing; the same file again changes nothing.

        Raises:
            InputError: ``receipts_unreadable``, ``receipts_invalid`` with a finding per wrong line.
        """
        return self._intake(actor, at).returns(content, name, also)

    def query_batch(
        self, batch_id: int, *, actor: Actor, at: datetime, also: Taken[ReceiptReport] | None = None
    ) -> ReceiptReport:
        """Ask the bank what became of every line of a batch that it has not answered, and record what it says.

        Raises:
            NotFound: ``batch_unknown``.
            BankSilent: no answer; nothing was recorded.
            InputError: ``receipts_invalid``, an answer does not fit its line.
        """
        ask: Callable[[str], Receipt | None] = self.bank.query
        return self._intake(actor, at).query(self.batch(batch_id), ask, also)

    def batch(self, batch_id: int) -> Batch:
        """Read a batch with its lines.

        Raises:
            NotFound: ``batch_unknown``.
        """
        return in_unit(self.desk.engine, lambda session: load_batch(session, batch_id), immediate=False)

    def batches(self, *, after: int = 0, limit: int = 50) -> Sequence[Batch]:
        """List batches by id."""
        return in_unit(self.desk.engine, lambda s: list_batches(s, after=after, limit=limit), immediate=False)

    def _intake(self, actor: Actor, at: datetime) -> BankIntake:
        return BankIntake(self.desk, actor, at)

    def _parcel(self, batch: Batch, wanted: str | None) -> Parcel:
        """The file of a batch: the very one that was sent where it is still there, else written from the store."""
        known = exporter(wanted or batch.format or DEFAULT_FORMAT)
        sealer = self.desk.sealer
        file = in_unit(self.desk.engine, lambda s: treasury_file(s, sealer, batch.id), immediate=False)
        sha256 = batch.file_sha256 or ""
        content = kept_file(self.folder, f"{batch.number}.{known.name}", sha256) or known.write(file)
        return Parcel(content, known.name, file.controls)

    def _standings(self, claim_ids: Sequence[int], at: datetime) -> Mapping[str, Standing]:
        def firms(session: Session) -> list[str]:
            return sorted({visible_row(session, claim_id, None).uscc for claim_id in claim_ids})

        on = business_day(at)
        found = in_unit(self.desk.engine, firms, immediate=False)
        return {uscc: self.desk.assessor.standing(uscc=uscc, as_of=on) for uscc in found}

    def _step(
        self, batch_id: int, how: _Ending, why: Mapping[str, str], actor: Actor, at: datetime, also: Also | None
    ) -> Batch:
        def whole(session: Session) -> Batch:
            deed = self.desk.deed(session, actor, at)
            _take(deed, batch_id, how, why)
            record_batch(deed, batch_id, str(how.claim))
            return _finished(session, batch_id, also)

        subject, work = f"payout:{batch_id}", lambda: in_unit(self.desk.engine, whole)
        return audited_batch(self.desk.engine, subject, how.claim, actor=actor, at=at, work=work)


def _check_named(claim_ids: Sequence[int]) -> None:
    if not claim_ids:
        raise InputError("batch_empty", "批次中没有办件", "a batch needs at least one claim")
    if len(set(claim_ids)) != len(claim_ids):
        raise InputError("batch_repeats_claim", "同一办件重复", "a claim is named twice")


def _take(deed: Deed, batch_id: int, how: _Ending, why: Mapping[str, str]) -> None:
    batch = locked_batch(deed.session, batch_id)
    lines: Sequence[LineRow] = lines_of(deed.session, batch_id)
    # The state first, so that a batch that is gone is told as that; who may is said claim by claim.
    _check_state(BatchState(batch.state), how.batch)
    payloads = {line.claim_id: {"batch": batch.number, "instruction": line.instruction, **why} for line in lines}
    lock_claims(deed.session, payloads)
    step_claims(deed, how.claim, payloads)
    for line in lines:
        advance_line(Hand(deed.session, deed.actor, deed.at), line, how.line, code=how.code)
        line.failure_code = how.code or None
    advance_batch(batch, how.batch, deed.actor)
    if how.batch is not BatchEvent.CANCEL:  # who checked it, and when, stays as it was
        batch.checker, batch.checked_at = deed.actor.id, deed.at


def _check_state(state: BatchState, event: BatchEvent) -> None:
    if batch_rule(state, event) is None:
        zh, en = BATCH_EVENT_NAMES[event]
        raise Conflict("batch_state", f"批次状态为{state},不能{zh}", f"the batch is {state}: cannot {en}")


def _check_original(batch: Batch, parcel: Parcel) -> None:
    if parcel.format != (batch.format or DEFAULT_FORMAT):
        zh = f"本批次按{batch.format}格式发送,只提供原文件"
        raise Conflict("file_format_fixed", zh, f"the batch was sent as {batch.format}: only that file exists")
    if parcel.sha256 != batch.file_sha256:
        raise Conflict("file_differs", "原文件已不在,且无法再生成相同文件", "the file that was sent is gone for good")


def _why(reason_code: str, note: str | None) -> dict[str, str]:
    return {"reason_code": reason_code} | ({} if note is None else {"note": note})


def _note_download(session: Session, batch: Batch, actor: Actor, at: datetime) -> None:
    detail = {"number": batch.number, "file": batch.file_sha256, "name": actor.name}
    audit.append(session, f"payout:{batch.id}", at=at, actor=actor.id, action="download", detail=detail)


def _finished(session: Session, batch_id: int, also: Also | None) -> Batch:
    session.flush()
    batch = load_batch(session, batch_id)
    if also is not None:
        also(session, batch)
    return batch
