"""A process that walks one claim from its draft to its payment, and that may be killed before its n-th statement.

Reads orders from standard input, one a line as JSON: ``{"url", "folder", "claim", "kill"}``; with ``"way": [from, to]``
the claims of one fund are moved to another instead. Each is done in a fork of this process, which ends itself with SIGKILL just before statement number ``kill`` reaches the database; commits count
as statements, and 0 kills nobody. Answers each order with ``killed N`` or ``done N``, N statements having been sent.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from claims_world import CALENDAR, CONTACT, MORNING, FakeAssessor, receipt_file
from sqlalchemy import Engine, event

from subsidy_match.claims.claim import Claim
from subsidy_match.claims.fund.rehoming_office import RehomingOffice
from subsidy_match.claims.official.allocation_office import AllocationOffice
from subsidy_match.claims.official.document_states import AllocationState, NoticeState
from subsidy_match.claims.official.fund_allocations import Allocation
from subsidy_match.claims.official.notice_office import NoticeOffice
from subsidy_match.claims.official.public_notices import PublicNotice
from subsidy_match.claims.payment.batches import Batch
from subsidy_match.claims.payment.payment_states import BatchState
from subsidy_match.claims.payment.payouts import PayoutOffice
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.states import State
from subsidy_match.store.engine import open_engine
from subsidy_match.store.sealing import load_sealer
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, user_by_login

LATER = MORNING + timedelta(days=8)  # the public notice is over
DESK: Mapping[State, tuple[str, str, datetime, dict[str, Any]]] = {
    State.DRAFT: ("submit", "applicant", MORNING, {}),
    State.SUBMITTED: ("accept", "clerk", MORNING, {}),
    State.ACCEPTED: ("assign", "lead", MORNING, {"assignee": "reviewer"}),
    State.IN_REVIEW: ("pass", "reviewer", MORNING, {}),
    State.IN_RECHECK: ("pass", "rechecker", MORNING, {}),
    State.IN_APPROVAL: ("approve", "approver", MORNING, {}),
}


@dataclass(frozen=True)
class Journey:
    """Carries a claim on from wherever it stands, as people would after the machine came up again."""

    engine: Engine
    desk: ClaimDesk
    office: PayoutOffice

    def run(self, claim_id: int) -> None:
        """Walk the claim to its end."""
        while (claim := self.desk.claim(claim_id)).state is not State.COMPLETED:
            if claim.state in DESK:
                name, who, at, payload = DESK[claim.state]
                self.desk.fire(claim_id, name, actor=self._person(who), at=at, payload=payload)
            elif claim.state is State.APPROVED:
                self._publish(claim)
            elif claim.state is State.PUBLISHED:
                self._clear(claim)
            else:
                self._pay(claim)

    def _publish(self, claim: Claim) -> None:
        office, notice = NoticeOffice(self.desk), self._person("notice")
        known = [one for one in office.notices(limit=1000) if one.state is NoticeState.DRAFT and claim.id in _ids(one)]
        made = known[0] if known else office.draft(
            [claim.id], number=f"公示〔2026〕{claim.id}号", title="示例公示", contact=CONTACT, actor=notice, at=MORNING
        )  # fmt: skip
        office.publish(made.id, actor=notice, at=MORNING)

    def _clear(self, claim: Claim) -> None:
        office, notice = AllocationOffice(self.desk), self._person("notice")
        known = [one for one in office.allocations(limit=1000) if claim.id in _ids(one)]
        made = known[0] if known else office.draft(
            [claim.id], number=f"下达〔2026〕{claim.id}号", title="示例下达", actor=notice, at=LATER
        )  # fmt: skip
        if made.state is AllocationState.DRAFT:
            office.issue(made.id, actor=self._person("approver"), at=LATER)
        office.clear(made.id, actor=notice, at=LATER)

    def _pay(self, claim: Claim) -> None:
        if claim.state is State.PAYABLE:
            self.office.create_batch([claim.id], actor=self._person("maker"), at=LATER)
            return
        batch = self._batch(claim)
        match batch.state:
            case BatchState.MADE:
                self.office.approve_batch(batch.id, actor=self._person("checker"), at=LATER)
            case BatchState.APPROVED | BatchState.SENDING:
                self.office.send_batch(batch.id, actor=self._person("maker"), at=LATER)
            case _:
                rows = [(line.instruction, line.amount, "成功", f"B{line.id}", "") for line in batch.lines]
                person = self._person("reconciler")
                self.office.import_receipts(receipt_file(rows), name="receipts.csv", actor=person, at=LATER)

    def _batch(self, claim: Claim) -> Batch:
        mine = [b for b in self.office.batches(limit=1000) if any(line.claim_id == claim.id for line in b.lines)]
        return mine[-1]

    def _person(self, login: str) -> Actor:
        return in_unit(self.engine, lambda session: user_by_login(session, login), immediate=False)


def _ids(document: PublicNotice | Allocation) -> set[int]:
    return {line.claim_id for line in document.entries}


def carry_on(order: Mapping[str, Any], count: Callable[..., None]) -> None:
    """Walk a claim to its end, or move claims, telling ``count`` of every statement before it is sent."""
    engine, folder = open_engine(order["url"]), Path(order["folder"])
    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)
    desk = ClaimDesk(engine, FakeAssessor(), CALENDAR, load_sealer(folder / "seal.key"))
    if order["way"]:
        keeper = in_unit(engine, lambda session: user_by_login(session, "fund"), immediate=False)
        RehomingOffice(engine, CALENDAR).rehome_all(*order["way"], document_no="列1号", actor=keeper, at=MORNING)
    else:
        Journey(engine, desk, PayoutOffice(desk, folder / "payouts")).run(order["claim"])
    engine.dispose()


def obey(order: Mapping[str, Any], answers: int) -> None:
    """Do one order in this process, which may die of it."""
    sent = 0

    def count(*_: object) -> None:
        nonlocal sent
        sent += 1
        if sent == order["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)

    carry_on(order, count)
    os.write(answers, str(sent).encode())


def serve() -> None:
    """Obey orders, each in a process of its own."""
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                obey(order, writing)
            finally:
                sys.stderr.flush()
                os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        sent = os.read(reading, 20).decode()
        os.close(reading)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        sys.stdout.write(f"killed {order['kill']}\n" if killed else f"done {sent or 'nothing'}\n")
        sys.stdout.flush()


class Killer:
    """Gives orders to such a process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def walk(self, url: str, folder: Path, claim: int, *, kill: int = 0) -> tuple[str, int]:
        """Let a claim be carried on; gives ``killed`` or ``done``, and how many statements there were."""
        return self._give({"url": url, "folder": str(folder), "claim": claim, "way": [], "kill": kill})

    def rehome(self, url: str, folder: Path, source: str, target: str, *, kill: int = 0) -> tuple[str, int]:
        """Let all claims of a closed fund be moved; answers as ``walk``."""
        return self._give({"url": url, "folder": str(folder), "way": [source, target], "kill": kill})

    def _give(self, order: Mapping[str, Any]) -> tuple[str, int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        how, number = self._process.stdout.readline().split()
        return how, int(number)


@contextmanager
def killer() -> Iterator[Killer]:
    """Start such a process; its imports are paid for once."""
    command = [sys.executable, "-W", "ignore", __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Killer(process)
        assert process.stdin is not None
        process.stdin.close()


if __name__ == "__main__":
    serve()
