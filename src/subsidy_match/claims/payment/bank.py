"""The bank as the cashier's office sees it: it takes a file, and it can be asked about one instruction.

Nothing here is ever called within a transaction. A bank that does not answer raises ``BankSilent``: whatever was sent may
have arrived, and sending the same file again must be harmless, for its instruction numbers are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from subsidy_match.claims.payment.lines.answers import Receipt
from subsidy_match.claims.payment.statements import parse_receipts
from subsidy_match.errors import RetryableError

__all__ = ["Bank", "BankSilent", "FileBank", "SentFile"]


class BankSilent(RetryableError):
    """The bank did not answer; nobody knows whether it heard."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A batch on its way: its number, the file as it was kept, and what is in it."""

    number: str
    path: Path
    content: bytes


class Bank(Protocol):
    """What a bank, or the treasury's system before it, must be able to do."""

    def send(self, file: SentFile) -> None:
        """Hand a batch over; the same batch again must pay nothing twice.

        Raises:
            BankSilent: no answer, so it may or may not have it.
        """

    def query(self, instruction: str) -> Receipt | None:
        """Ask what became of an instruction; ``None`` where the bank cannot say.

        Raises:
            BankSilent: no answer.
        """


@dataclass(frozen=True, slots=True)
class FileBank:
    """Files carried by people: batches wait in the folder, answers to questions are put into ``answers`` beside them.

    An answer is a receipt file with one line, called by its instruction number: ``PB20260601000001K7QXM-00001.csv``.
    """

    folder: Path

    def send(self, file: SentFile) -> None:
        """Leave the file where it is: whoever carries it finds it there."""

    def query(self, instruction: str) -> Receipt | None:
        """Read the answer that was put down for ``instruction``."""
        for ending in ("csv", "xlsx"):
            path = self.folder / "answers" / f"{instruction}.{ending}"
            if path.is_file():
                found = parse_receipts(path.read_bytes(), name=path.name)
                return next((one for one in found if one.instruction == instruction), None)
        return None
