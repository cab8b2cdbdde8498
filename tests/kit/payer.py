"""A process that sends a batch and takes the bank's statement in, and kills itself (-9) at the moment it is told.

Arguments: URL of the store, home folder, port of the bank, folder of its book, batch, moment. Moments: ``read`` (before
the intent is recorded), ``intent`` (recorded, nothing sent), ``sent`` (the bank was reached), ``record`` (within the
transaction that records it), ``receipts`` (within the one that takes the statement in), ``never``.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bank_stub import StubBank, await_book, statement
from claims_world import CALENDAR, MORNING, FakeAssessor, receipt_file

from subsidy_match.claims.payment import payouts
from subsidy_match.claims.payment.bank import BankSilent, SentFile
from subsidy_match.claims.payment.lines.answers import Receipt
from subsidy_match.claims.payment.payouts import PayoutOffice
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.store.engine import open_engine
from subsidy_match.store.sealing import load_sealer
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import user_by_login


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class DeadlyBank:
    """The bank, reached by somebody who may fall dead before or after."""

    bank: StubBank
    moment: str

    def send(self, file: SentFile) -> None:
        if self.moment == "intent":
            die()
        try:
            self.bank.send(file)
        finally:
            if self.moment == "sent":
                die()

    def query(self, instruction: str) -> Receipt | None:
        return self.bank.query(instruction)


def run(url: str, home: str, port: str, book: str, batch: str, moment: str) -> None:
    engine = open_engine(url)
    desk = ClaimDesk(engine, FakeAssessor(), CALENDAR, load_sealer(Path(home) / "seal.key"))
    office = PayoutOffice(desk, Path(home) / "payouts", DeadlyBank(StubBank(int(port)), moment))
    maker, reconciler = (
        in_unit(engine, lambda session, login=login: user_by_login(session, login)) for login in ("maker", "reconciler")
    )
    at = MORNING.replace(month=7)
    if moment == "read":
        payouts.mark_sending = lambda *_, **__: die()  # type: ignore[assignment]

    def fall(wanted: str) -> Any:
        return lambda *_: die() if moment == wanted else None

    try:
        office.send_batch(int(batch), actor=maker, at=at, also=fall("record"))
    except BankSilent:
        await_book(Path(book), len(office.batch(int(batch)).lines))
    fours = {line.instruction: line.last_four for line in office.batch(int(batch)).lines}
    content = receipt_file(statement(Path(book)), fours)
    office.import_receipts(content, name="statement.csv", actor=reconciler, at=at, also=fall("receipts"))
    engine.dispose()


if __name__ == "__main__":
    run(*sys.argv[1:])
