"""Takes in what the bank says: receipt files, files of returns, answers to questions; each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.many_claims import Deed
from subsidy_match.claims.payment.batches import Batch, Line
from subsidy_match.claims.payment.lines.answers import Evidence, Outcome, Receipt
from subsidy_match.claims.payment.parking import is_any_parked
from subsidy_match.claims.payment.payment_states import UNANSWERED, Source
from subsidy_match.claims.payment.receipts import ReceiptReport, doubts_of, import_receipts
from subsidy_match.claims.payment.reconciling import keep_file, known_file, locked_lines, taken_meanwhile
from subsidy_match.claims.payment.returns import ReturnReport, import_returns, return_doubts
from subsidy_match.claims.payment.statements import parse_receipts, parse_returns
from subsidy_match.claims.refusals import audited
from subsidy_match.claims.rights import check_role
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.errors import InputError, Location
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role

__all__ = ["BankIntake", "Taken"]

Report = TypeVar("Report")
Taken = Callable[[Session, Report], None]
_RECEIPTS, _RETURNS, _QUERY = "receipts", "returns", "query"
_RECONCILERS = frozenset({Role.RECONCILER})
_NO_ANSWER = "NO_ANSWER"


@dataclass(frozen=True, slots=True)
class BankIntake:
    """One person taking in what the bank says."""

    desk: ClaimDesk
    actor: Actor
    at: datetime

    def receipts(self, content: bytes, name: str, also: Taken[ReceiptReport] | None) -> ReceiptReport:
        """Take in a receipt file; one that is known is read again while something of it waits for a person."""

        def take_in() -> ReceiptReport:
            check_role(self.actor, _RECONCILERS, ("导入回单", "import receipts"))
            receipts = parse_receipts(content, name=name)

            def work(deed: Deed) -> ReceiptReport:
                lines = locked_lines(deed, receipts).values()
                known = known_file(deed.session, _RECEIPTS, content)
                if known is not None and not is_any_parked(deed.session, lines):
                    return ReceiptReport(0, 0, 0, len(receipts), tuple(doubts_of(receipts).values()))
                evidence = known or keep_file(deed, _RECEIPTS, content, name, len(receipts))
                return import_receipts(deed, receipts, evidence)

            return self._whole(work, also)

        return self._audited("payouts", _RECEIPTS, take_in)

    def returns(self, content: bytes, name: str, also: Taken[ReturnReport] | None) -> ReturnReport:
        """Take in a file of returned payments."""

        def take_in() -> ReturnReport:
            check_role(self.actor, _RECONCILERS, ("导入退票", "import returned payments"))
            returns = parse_returns(content, name=name)

            def work(deed: Deed) -> ReturnReport:
                lines = locked_lines(deed, returns).values()
                known = known_file(deed.session, _RETURNS, content)
                if known is not None and not is_any_parked(deed.session, lines):
                    return ReturnReport(0, len(returns), tuple(return_doubts(returns).values()))
                evidence = known or keep_file(deed, _RETURNS, content, name, len(returns))
                return import_returns(deed, returns, evidence)

            return self._whole(work, also)

        return self._audited("payouts", _RETURNS, take_in)

    def query(
        self, batch: Batch, ask: Callable[[str], Receipt | None], also: Taken[ReceiptReport] | None
    ) -> ReceiptReport:
        """Ask about every line of ``batch`` that is not answered, outside of any transaction, then record the answers."""

        def take_in() -> ReceiptReport:
            check_role(self.actor, _RECONCILERS, ("查询支付结果", "ask the bank"))
            answers = _asked([line for line in batch.lines if line.state in UNANSWERED], ask)
            return self._whole(lambda deed: import_receipts(deed, answers, Evidence(Source.QUERY)), also)

        return self._audited(f"payout:{batch.id}", _QUERY, take_in)

    def _whole(self, work: Callable[[Deed], Report], also: Taken[Report] | None) -> Report:
        def whole(session: Session) -> Report:
            report = work(self.desk.deed(session, self.actor, self.at))
            session.flush()
            if also is not None:
                also(session, report)
            return report

        try:
            return in_unit(self.desk.engine, whole)
        except IntegrityError as clash:
            if (refusal := taken_meanwhile(clash)) is None:
                raise
            raise refusal from clash

    def _audited(self, subject: str, action: str, work: Callable[[], Report]) -> Report:
        return audited(self.desk.engine, subject, action, actor=self.actor, at=self.at, work=work)


def _asked(lines: Sequence[Line], ask: Callable[[str], Receipt | None]) -> list[Receipt]:
    answers = []
    for line in lines:
        answer = ask(line.instruction) or _silence(line)
        if answer.instruction != line.instruction:
            zh, en = f"银行答复的不是所问的支付令:{answer.instruction}", "the bank answered about another instruction"
            raise InputError("receipt_unknown", zh, en)
        answers.append(answer)
    return answers


def _silence(line: Line) -> Receipt:
    """What is recorded where the bank was asked and could not say: the line is UNKNOWN, and nothing else."""
    return Receipt(
        instruction=line.instruction,
        amount=line.amount,
        last_four=line.last_four,
        bank_ref="",
        on=None,
        code=_NO_ANSWER,
        at=Location(line.instruction),
        outcome=Outcome.UNKNOWN,
        said=str(Outcome.UNKNOWN),
    )
