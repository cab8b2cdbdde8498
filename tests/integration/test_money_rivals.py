"""Two do the same with money in the very same moment: one of them is refused with a code, and nothing breaks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from claims_world import CONTACT, MORNING, World, receipt_file, return_file
from sqlalchemy import Engine, text

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.fund import funds
from subsidy_match.claims.fund.fund_office import NewFund
from subsidy_match.claims.payment.bank_records import ForeignFileRow
from subsidy_match.claims.payment.batches import Batch
from subsidy_match.claims.payment.payment_checks import check_payments, check_totals
from subsidy_match.claims.payment.treasury_folder import TreasuryFolder
from subsidy_match.claims.states import State
from subsidy_match.errors import SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Role, add_user

Also = Callable[..., None]
ONE = 10_000_00
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
def rivals(world: World) -> World:
    """A world on a store where two may write at once; on SQLite one waits before it looks at anything."""
    if world.engine.dialect.name == "sqlite":
        pytest.skip("writers take turns")
    return world


def meet(engine: Engine, first: Callable[[Also], object], second: Callable[[], object]) -> str | None:
    """Let ``second`` begin once all of ``first`` is done but not committed; gives the code with which it is refused."""
    told: list[Any] = []

    def go() -> None:
        try:
            second()
            told.append(None)
        except SubsidyError as refusal:
            told.append(refusal.code)
        except Exception as error:
            told.append(repr(error))

    rival = threading.Thread(target=go)

    def hold(session: Any, *_: Any) -> None:
        session.flush()
        rival.start()
        deadline = time.monotonic() + 30
        while not _is_blocked(engine) and rival.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)

    first(hold)
    rival.join()
    return told[0]


def _is_blocked(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(_WAITING))


def walk_alone(world: World, state: State, period: str) -> Claim:
    """A claim on a fund of its own: rivals for one fund take turns."""
    world.open_fund(period, ONE)
    world.assume(funding=(Share(period, Fraction(1)),))
    return world.walk(state, period=period)


def sent(world: World, *periods: str) -> list[Batch]:
    """A batch for each period."""
    found = []
    for period in periods:
        claim = walk_alone(world, State.IN_PAYMENT, period)
        batch = next(b for b in world.office.batches() if b.lines[0].claim_id == claim.id)
        world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)
        found.append(world.office.batch(batch.id))
    return found


def check(world: World, **paid: int) -> None:
    assert {name: world.fund(name.strip("y")).paid for name in paid} == paid
    for sound in (check_totals, check_payments, funds.check_balances, audit.verify):
        assert in_unit(world.engine, sound) == []


def test_one_bank_reference_in_two_files_at_once_settles_one_payment(rivals: World):
    world, by = rivals, {"actor": rivals.people["reconciler"]}
    one, other = sent(world, "2025", "2026")
    row = lambda batch: (batch.lines[0].instruction, batch.lines[0].amount, "成功", "THE-SAME", "")  # noqa: E731

    def take_in(batch: Batch, also: Also | None = None) -> object:
        content = receipt_file([row(batch)])
        return world.office.import_receipts(content, name="r.csv", at=world.now, also=also, **by)

    assert meet(world.engine, lambda hold: take_in(one, hold), lambda: take_in(other)) == "bank_reference_taken"
    assert world.desk.claim(other.lines[0].claim_id).state is State.IN_PAYMENT
    refused = in_unit(world.engine, lambda s: list(audit.entries(s, "payouts")))[-1]
    assert (refused.action, refused.outcome) == ("receipts", audit.REFUSED)
    with pytest.raises(SubsidyError, match="receipt_reference_used"):  # now it is told with its line
        take_in(other)
    check(world, y2025=ONE, y2026=0)


def test_one_reference_of_a_return_in_two_files_at_once_is_one_return(rivals: World):
    world, by = rivals, {"actor": rivals.people["reconciler"]}
    batches = sent(world, "2025", "2026")
    for batch in batches:
        world.receipts([(line.instruction, line.amount, "成功", f"B{line.id}", "") for line in batch.lines])

    def take_in(batch: Batch, also: Also | None = None) -> object:
        line = batch.lines[0]
        content = return_file([(line.instruction, line.amount, f"B{line.id}", "R1", "PAYEE_REFUSED")], on=world.today)
        return world.office.import_returns(content, name="r.csv", at=world.now, also=also, **by)

    one, other = batches
    assert meet(world.engine, lambda hold: take_in(one, hold), lambda: take_in(other)) == "bank_reference_taken"
    check(world, y2025=0, y2026=ONE)


def test_the_same_file_twice_at_once_is_taken_in_once(rivals: World):
    world, by = rivals, {"actor": rivals.people["reconciler"]}
    (batch,) = sent(world, "2026")
    content = receipt_file([(line.instruction, line.amount, "成功", "B1", "") for line in batch.lines])

    def take_in(also: Also | None = None) -> object:
        return world.office.import_receipts(content, name="r.csv", at=world.now, also=also, **by)

    assert meet(world.engine, take_in, take_in) is None
    assert take_in().unchanged == 1  # type: ignore[attr-defined]
    check(world, y2026=ONE)


def test_one_document_brought_twice_at_once_fills_a_fund_once(rivals: World):
    world, before = rivals, rivals.fund().allocated

    def fill(also: Also | None = None) -> object:
        by = {"actor": world.people["fund"], "at": world.now}
        return world.money.allocate(world.fund().id, 7_00, document_no="指1号", also=also, **by)

    assert meet(world.engine, fill, fill) == "allocation_repeated"
    assert world.fund().allocated == before + 7_00
    assert in_unit(world.engine, funds.check_balances) == []


@pytest.mark.parametrize("kind", ["notice", "allocation"])
def test_one_number_typed_in_two_ways_at_once_is_given_once(rivals: World, kind: str):
    world, by = rivals, {"title": "示例", "actor": rivals.people["notice"]}
    state = State.APPROVED if kind == "notice" else State.PUBLISHED
    one, other = (walk_alone(world, state, period) for period in ("2025", "2026"))

    def draft(claim: Claim, number: str, also: Also | None = None) -> object:
        if kind == "notice":
            return world.notices.draft([claim.id], number=number, contact=CONTACT, at=world.now, also=also, **by)
        return world.allocations.draft([claim.id], number=number, at=world.now, also=also, **by)

    first = lambda hold: draft(one, "示例〔2026〕1号", hold)  # noqa: E731
    assert meet(world.engine, first, lambda: draft(other, "示例[2026]１号")) == "number_taken"


def test_of_two_who_open_a_fund_or_add_a_login_at_once_one_is_refused(rivals: World):
    world = rivals
    new = NewFund("next", "示例", "Demo", 2027, 5_00)

    def open_it(also: Also | None = None) -> object:
        return world.money.open(new, actor=world.people["fund"], at=MORNING, also=also)

    def hire(also: Also | None = None) -> object:
        def work(session: Any) -> None:
            add_user(session, login="new", name="甲", roles=[Role.CLERK])
            if also is not None:
                also(session)

        return in_unit(world.engine, work)

    assert meet(world.engine, open_it, open_it) == "fund_exists"
    assert meet(world.engine, hire, hire) == "login_taken"
    assert world.fund("next").allocated == 5_00


def test_of_two_who_answer_for_one_file_at_once_one_is_refused(rivals: World):
    world, folder = rivals, TreasuryFolder(rivals.desk, rivals.office.folder)
    folder.folder.mkdir(exist_ok=True)
    (folder.folder / "PB20260608000001QQQQQ.csv").write_bytes(b"sent before the disaster")
    (file,) = folder.foreign()

    def other(hold: Also) -> object:
        def work(session: Any) -> None:
            said = {"note": "银行未收到", "actor": "supervisor_b", "at": world.now}
            session.add(ForeignFileRow(name=file.name, sha256=file.sha256, **said))
            hold(session)

        return in_unit(world.engine, work)

    def confirm() -> object:
        return folder.confirm(file.name, "已付", actor=world.people["supervisor"], at=world.now)

    assert meet(world.engine, other, confirm) == "foreign_file_confirmed"
    with world.engine.connect() as connection:
        found = connection.execute(text("SELECT actor, note FROM foreign_files")).all()
    assert found == [("supervisor_b", "银行未收到")]
    (refused,) = in_unit(world.engine, lambda s: list(audit.entries(s, "payouts")))
    assert (refused.action, refused.outcome) == ("confirm_file", audit.REFUSED)
