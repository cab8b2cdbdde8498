"""A bank that fails in every agreed way, and people who fall dead in the middle: nothing is ever paid twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bank_stub
import pytest
from bank_stub import FAULTS, StubBank, await_book, instructions_of_claims, read_book, statement
from claims_world import MORNING, World

from subsidy_match.claims.fund.funds import check_balances
from subsidy_match.claims.payment.bank import BankSilent
from subsidy_match.claims.payment.payment_checks import check_payments, check_totals
from subsidy_match.claims.payment.payment_states import BatchState, LineState
from subsidy_match.claims.states import State
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

KIT = Path(bank_stub.__file__).parent
ONE = 10_000_00
MOMENTS = {"read": "answers_twice", "intent": "answers_late", "sent": "accepts_then_silent", "record": "answers_twice",
           "receipts": "answers_twice"}  # fmt: skip


class Running:
    """A bank, its book and its port."""

    def __init__(self, folder: Path, fault: str) -> None:
        folder.mkdir()
        self.folder = folder
        command = [sys.executable, str(KIT / "bank_stub.py"), str(folder), fault]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def bank(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "bank", request.param)
    yield running
    running.close()


def ready(world: World) -> int:
    claims = [world.walk(State.PUBLISHED, period=str(2020 + n)) for n in range(2)]
    world.wait(8)
    world.clear(*claims)
    ids = [claim.id for claim in claims]
    batch = world.office.create_batch(ids, actor=world.people["maker"], at=world.now)
    return world.office.approve_batch(batch.id, actor=world.people["checker"], at=world.now).id


def check(world: World, bank: Running, paid: int) -> None:
    book = read_book(bank.folder / "book.jsonl")
    assert len({entry["instruction"] for entry in book}) == len(book) == paid
    assert set(instructions_of_claims(bank.folder).values()) <= {1}
    assert world.fund().paid == paid * ONE
    for what in (check_totals, check_payments, check_balances, audit.verify):
        assert in_unit(world.engine, what) == []


@pytest.mark.slow
@pytest.mark.parametrize("bank", FAULTS, indirect=True)
def test_a_bank_that_fails_never_makes_us_pay_twice(world: World, bank: Running, request: pytest.FixtureRequest):
    fault = request.node.callspec.params["bank"]
    batch_id, maker, reconciler = ready(world), world.people["maker"], world.people["reconciler"]
    world.office = replace(world.office, way_out=StubBank(bank.port))
    for _ in range(2):  # once more where it was silent, and where it was not
        try:
            world.office.send_batch(batch_id, actor=maker, at=world.now)
        except BankSilent:
            assert fault != "answers_twice"
            assert world.office.batch(batch_id).state is BatchState.SENDING
    if fault == "never_answers":
        with pytest.raises(BankSilent):
            world.office.query_batch(batch_id, actor=reconciler, at=world.now)
        assert {line.state for line in world.office.batch(batch_id).lines} == {LineState.SENT}
        check(world, bank, 0)
        return
    await_book(bank.folder, 2)
    assert world.office.query_batch(batch_id, actor=reconciler, at=world.now).settled == 2
    for _ in range(2):  # the statement says it again, late and twice
        assert world.receipts(statement(bank.folder)).unchanged == 2
    assert world.office.batch(batch_id).state is BatchState.CLOSED
    check(world, bank, 2)


def pay(world: World, url: str, home: Path, bank: Running, moment: str) -> int:
    arguments = [url, str(home), str(bank.port), str(bank.folder), "1", moment]
    command = [sys.executable, str(KIT / "payer.py"), *arguments]
    return subprocess.run(command, env=os.environ, timeout=120, check=False, capture_output=True).returncode


@pytest.mark.slow
@pytest.mark.parametrize(("moment", "bank"), [pytest.param(m, f, id=m) for m, f in MOMENTS.items()], indirect=["bank"])
def test_whoever_is_killed_in_the_middle_leaves_a_batch_that_is_paid_once(
    world: World, store_url: str, tmp_path: Path, bank: Running, moment: str
):
    batch_id = ready(world)
    numbers = [line.instruction for line in world.office.batch(batch_id).lines]
    assert pay(world, store_url, tmp_path, bank, moment) == -signal.SIGKILL
    stuck = world.office.batch(batch_id)
    assert (
        stuck.state
        is {
            "read": BatchState.APPROVED,
            "intent": BatchState.SENDING,
            "sent": BatchState.SENDING,
            "record": BatchState.SENDING,
            "receipts": BatchState.SENT,
        }[moment]
    )
    assert world.fund().paid == 0
    assert pay(world, store_url, tmp_path, bank, "never") == 0
    world.now = MORNING.replace(month=8)
    assert world.receipts(statement(bank.folder)).unchanged == 2
    done = world.office.batch(batch_id)
    assert [(line.instruction, line.state) for line in done.lines] == [(n, LineState.SETTLED) for n in numbers]
    check(world, bank, 2)
