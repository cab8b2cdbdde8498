"""Files in the treasury folder that this store never wrote: after a restore, what went out since the backup was made.

Nothing more is sent until a person has looked at each of them, for its payments may have been made, and the store that
was put back knows nothing of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.payment.bank_records import ForeignFileRow
from subsidy_match.claims.payment.payout_records import BatchFileRow, BatchRow
from subsidy_match.claims.refusals import audited
from subsidy_match.claims.rights import check_role
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.wording import check_text
from subsidy_match.errors import Conflict, Finding, NotFound
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role

__all__ = [
    "ForeignFile",
    "TreasuryFolder",
    "check_no_foreign_files",
    "first_names",
    "foreign_files",
    "foreign_findings",
]

_OURS = re.compile(r"PB[0-9]{14,}[A-Z2-7]*\.[a-z]+")
_CONFIRMERS = frozenset({Role.SUPERVISOR})
_TOLD = 5

_Look: TypeAlias = "Callable[[Session, Path, Sequence[str]], list[ForeignFile]]"


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """A payment file of which the store knows nothing."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TreasuryFolder:
    """The folder of treasury files beside the store of a desk."""

    desk: ClaimDesk
    folder: Path

    def foreign(self) -> Sequence[ForeignFile]:
        """The files that wait for a person."""
        return foreign_files(self.desk.engine, self.folder)

    def confirm(self, name: str, note: str, *, actor: Actor, at: datetime) -> None:
        """Write down what became of a file that the store does not know, so that batches are sent again.

        Raises:
            Forbidden: ``role_missing``.
            NotFound: ``foreign_file_unknown``.
            Conflict: ``foreign_file_confirmed``, somebody answered for it before, or in this very moment.
            InputError: ``field_missing``, ``field_invalid``.
        """

        def work() -> None:
            check_role(actor, _CONFIRMERS, ("确认支付文件", "answer for a payment file"))
            found = next((file for file in _read(self.desk.engine, self.folder, _unknown) if file.name == name), None)
            if found is None:
                raise _no_such(name)
            said = check_text("note", note)
            in_unit(self.desk.engine, lambda session: _write_down(session, found, said, actor, at))

        audited(self.desk.engine, "payouts", "confirm_file", actor=actor, at=at, work=work)


def foreign_files(engine: Engine, folder: Path) -> Sequence[ForeignFile]:
    """The files in a folder that the store does not know and nobody has answered for."""
    return _read(engine, folder, _waiting)


def first_names(files: Sequence[ForeignFile]) -> str:
    """Name the first few of them."""
    return ", ".join(file.name for file in files[:_TOLD]) + (" …" if len(files) > _TOLD else "")


def check_no_foreign_files(files: Sequence[ForeignFile]) -> None:
    """Refuse to send while files wait for a person.

    Raises:
        Conflict: ``treasury_files_unknown``.
    """
    if files:
        names = first_names(files)
        zh = f"支付文件夹中有{len(files)}个本库没有记录的支付文件,可能已送银行:{names};确认前不发送"
        en = f"{len(files)} payment files that this store does not know may be at the bank: {names}; nothing is sent before"
        hint = "subsidy-match payouts foreign · confirm-file"
        raise Conflict("treasury_files_unknown", zh, f"{en} they are confirmed", hint=hint)


def foreign_findings(files: Sequence[ForeignFile]) -> list[Finding]:
    """What ``doctor`` tells of them."""
    return [
        Finding(
            "F021",
            f"{file.name}:支付文件夹中有此文件而库中没有记录,请核实是否已送银行",
            f"{file.name}: the store knows nothing of this payment file, it may be at the bank",
        )
        for file in files
    ]


def _payment_files(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if _OURS.fullmatch(path.name) and path.is_file())


def _read(engine: Engine, folder: Path, look: _Look) -> list[ForeignFile]:
    names = _payment_files(folder)  # the folder first: a file is written after the store knows of it
    return in_unit(engine, lambda session: look(session, folder, names), immediate=False)


def _unknown(session: Session, folder: Path, names: Sequence[str]) -> list[ForeignFile]:
    sent = select(BatchRow.number, BatchFileRow.format).join(BatchFileRow, BatchFileRow.batch_id == BatchRow.id)
    known = {f"{number}.{form}" for number, form in session.execute(sent)}
    unknown = [name for name in names if name not in known]
    return [ForeignFile(name, hashlib.sha256((folder / name).read_bytes()).hexdigest()) for name in unknown]


def _waiting(session: Session, folder: Path, names: Sequence[str]) -> list[ForeignFile]:
    confirmed = {ForeignFile(*row) for row in session.execute(select(ForeignFileRow.name, ForeignFileRow.sha256))}
    return [file for file in _unknown(session, folder, names) if file not in confirmed]


def _no_such(name: str) -> NotFound:
    return NotFound("foreign_file_unknown", f"没有待确认的支付文件:{name}", f"no such file to confirm: {name}")


def _write_down(session: Session, file: ForeignFile, note: str, actor: Actor, at: datetime) -> None:
    told = {"file": file.name, "sha256": file.sha256, "note": note, "name": actor.name}
    session.add(ForeignFileRow(name=file.name, sha256=file.sha256, note=note, actor=actor.id, at=at))
    try:
        session.flush()
    except IntegrityError as clash:  # before, or by a rival in the same moment: the key has the last word
        zh, en = f"该支付文件已有人确认:{file.name}", f"somebody has answered for this file: {file.name}"
        raise Conflict("foreign_file_confirmed", zh, en) from clash
    audit.append(session, "payouts", at=at, actor=actor.id, action="confirm_file", detail=told)
