from __future__ import annotations

import pytest
from claims_world import FUND, MORNING, World
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from subsidy_match.claims.fund import funds
from subsidy_match.claims.fund.fund_ops import EFFECTS, OF_CLAIMS
from subsidy_match.claims.fund.fund_records import Op
from subsidy_match.claims.fund.funds import Fund, Posting
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.store.unit import in_unit

ALL = 1_000_000_00


def post(world: World, op: Op, amount: int, key: str = "k1", fund: str = FUND) -> Fund:
    posting = Posting(fund, op, amount, key, MORNING, "甲")
    in_unit(world.engine, lambda s: funds.post(s, posting))
    return world.fund()


def test_the_last_yuan_may_be_reserved_and_not_one_fen_more(world: World):
    assert post(world, Op.RESERVE, ALL).available == 0
    with pytest.raises(Conflict, match="fund_short"):
        post(world, Op.RESERVE, 1, "k2")


def test_nothing_is_released_committed_or_paid_that_was_not_there(world: World):
    for op in (Op.RELEASE, Op.COMMIT, Op.UNCOMMIT, Op.PAY, Op.RETURN, Op.RECOVER, Op.RECOVER_OUT):
        with pytest.raises(Conflict, match="fund_short"):
            post(world, op, 1)


BEFORE = [(Op.RESERVE, 900), (Op.COMMIT, 700), (Op.PAY, 400)]  # leaves 200 reserved, 300 committed, 400 paid


@pytest.mark.parametrize(
    ("op", "most", "after"),
    [
        (Op.RETURN, 400, (ALL, 200, 700, 0)),
        (Op.RECOVER, 400, (ALL, 200, 300, 0)),
        (Op.RECOVER_OUT, 400, (ALL - 400, 200, 300, 0)),
        (Op.TRANSFER_OUT, ALL - 900, (900, 200, 300, 400)),
        (Op.CLOSE, ALL - 900, (900, 200, 300, 400)),
        (Op.TRANSFER_IN, 5, (ALL + 5, 200, 300, 400)),
        (Op.CARRY_IN, 5, (ALL + 5, 200, 300, 400)),
    ],
)
def test_an_operation_takes_what_is_there_and_not_one_fen_more(world: World, op: Op, most: int, after: tuple[int, ...]):
    for position, (earlier, amount) in enumerate(BEFORE):
        post(world, earlier, amount, f"before-{position}")
    if EFFECTS[op].allocated <= 0:
        with pytest.raises(Conflict, match="fund_short"):
            post(world, op, most + 1)
    found = post(world, op, most)
    assert (found.allocated, found.reserved, found.committed, found.paid) == after
    assert in_unit(world.engine, funds.check_balances) == []


def test_what_goes_out_of_one_fund_goes_into_another():
    total = [sum(both) for both in zip(EFFECTS[Op.TRANSFER_OUT], EFFECTS[Op.TRANSFER_IN], strict=True)]
    assert total == [0, 0, 0, 0]
    assert {op for op in Op if op not in OF_CLAIMS} == {op for op, effect in EFFECTS.items() if not any(effect[1:])}


def test_the_database_itself_refuses_to_overspend(world: World):
    for change in ("reserved = allocated + 1", "committed = -1", "paid = allocated + 1", "allocated = -1"):
        with pytest.raises(IntegrityError), world.engine.begin() as connection:
            connection.execute(text(f"UPDATE funds SET {change}"))


def test_a_movement_is_made_once_under_its_key(world: World):
    post(world, Op.RESERVE, 5)
    with pytest.raises(IntegrityError):
        post(world, Op.RESERVE, 5)
    assert world.fund().reserved == 5


def test_more_may_be_allocated_once_a_document(world: World):
    more = lambda: in_unit(  # noqa: E731
        world.engine, lambda s: funds.allocate(s, FUND, 7, key="示例指2026-9", at=MORNING, actor="甲")
    )
    assert more().allocated == ALL + 7
    with pytest.raises(Conflict, match="allocation_repeated"):
        more()


def test_stored_balances_are_the_fold_of_the_entries(world: World):
    world.walk(State.COMPLETED)
    world.fire(world.walk(State.APPROVED, period="2025"), "revoke", "supervisor", reason_code="other", note="-")
    assert in_unit(world.engine, funds.check_balances) == []
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE funds SET reserved = reserved + 1"))
    assert [finding.code for finding in in_unit(world.engine, funds.check_balances)] == ["F001"]


@pytest.mark.parametrize(
    ("op", "amount", "fund", "error"),
    [(Op.RESERVE, 0, FUND, InputError), (Op.RESERVE, -1, FUND, InputError), (Op.RESERVE, 1, "nowhere", NotFound)],
)
def test_a_wrong_movement_is_refused(world: World, op: Op, amount: int, fund: str, error: type[Exception]):
    with pytest.raises(error):
        post(world, op, amount, fund=fund)


def test_a_fund_is_opened_once(world: World):
    with pytest.raises(Conflict, match="fund_exists"):
        world.open_fund(FUND, 1)


def test_the_movements_of_a_fund_can_be_read(world: World):
    world.walk(State.APPROVED)
    entries = in_unit(world.engine, lambda s: [(e.op, e.amount) for e in funds.entries_of(s, FUND)])
    assert entries == [("allocate", ALL), ("reserve", 10_000_00), ("commit", 10_000_00)]
    assert [fund.id for fund in in_unit(world.engine, funds.list_funds)] == [FUND]


@pytest.mark.parametrize("variant", ["苏财〔２０２６〕１号", "苏财[2026]1号", "苏财﹝2026﹞ 1号"])  # noqa: RUF001
def test_one_document_adds_once_however_its_number_is_written(world: World, variant: str):
    office, actor = world.money, world.people["fund"]
    office.allocate(FUND, 1_00, document_no="苏财〔2026〕1号", actor=actor, at=world.now)
    with pytest.raises(Conflict, match="allocation_repeated"):
        office.allocate(FUND, 1_00, document_no=variant, actor=actor, at=world.now)
    office.allocate(FUND, 1_00, document_no="苏财〔2026〕11号", actor=actor, at=world.now)
