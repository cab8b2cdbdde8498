from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from claims_world import FUND, MORNING, World, build_world
from force import by_force
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.deadline.clock_records import BreachRow
from subsidy_match.claims.evidence_records import ClaimRisk, RiskAnswer
from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.claims.fund.rehoming_office import RehomingOffice
from subsidy_match.claims.payment.bank_records import ForeignFileRow
from subsidy_match.claims.states import State
from subsidy_match.store.anchors import set_anchor
from subsidy_match.store.engine import open_engine
from subsidy_match.store.migration import downgrade, upgrade
from subsidy_match.store.unit import in_unit

TABLES = {
    "audit_entries": "actor = 'x'",
    "claim_steps": "actor = 'x'",
    "fund_entries": "amount = 1",
    "fund_transfers": "amount = 1",
    "fund_closings": "amount = 1",
    "fund_carries": "amount = 1",
    "allocation_run_parts": "share = 0",
    "claim_rehomings": "reserved = 0",
}


@pytest.fixture
def full(world: World) -> Engine:
    """A store with rows in every append-only table."""
    money, fund, at = world.money, world.people["fund"], MORNING
    claim = world.walk(State.ACCEPTED)
    world.open_fund("pool", 5_000_00, mode=Mode.POOLED)
    world.open_fund("next", 0, year=2027)
    world.assume(funding=(Share("pool", Fraction(1)),))
    world.walk(State.IN_RECHECK, period="2025")
    money.draft_run("pool", actor=fund, at=world.now)
    money.transfer(FUND, "next", 1_00, document_no="调1号", actor=fund, at=at)
    money.close(FUND, document_no="结1号", actor=fund, at=at)
    money.carry_over(FUND, "next", document_no="转1号", actor=fund, at=at)
    office = RehomingOffice(world.engine, world.desk.calendar)
    office.rehome(claim.id, FUND, "next", document_no="列1号", actor=fund, at=at)
    return world.engine


@pytest.mark.parametrize("table", TABLES)
def test_the_database_bars_changing_and_deleting(full: Engine, table: str):
    before = rows(full, table)
    assert before
    at_one_stroke = {
        "postgresql": f"TRUNCATE {table} CASCADE",
        "sqlite": f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    }
    for statement in (
        f"UPDATE {table} SET {TABLES[table]}",
        f"DELETE FROM {table}",
        at_one_stroke[full.dialect.name],
    ):
        with pytest.raises(DBAPIError, match="never changed or deleted"), full.begin() as connection:
            connection.execute(text(statement))
    assert rows(full, table) == before


def test_only_who_may_change_the_schema_gets_past_the_bar(full: Engine):
    in_unit(full, by_force("fund_entries", lambda s: s.execute(text("UPDATE fund_entries SET actor = 'x'"))))
    with pytest.raises(DBAPIError, match="never changed or deleted"), full.begin() as connection:
        connection.execute(text("UPDATE fund_entries SET actor = 'y'"))


def test_the_bar_to_emptying_goes_and_comes_with_its_migration(world: World, store_url: str):
    if world.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no statement that empties a table past its triggers")
    world.walk(State.DRAFT)
    world.engine.dispose()
    empty = text("TRUNCATE audit_entries")
    downgrade(store_url, "0010")
    with world.engine.connect() as connection:
        connection.execute(empty)
        connection.rollback()
    upgrade(store_url)
    with pytest.raises(DBAPIError, match="never changed or deleted"), world.engine.begin() as connection:
        connection.execute(empty)
    assert rows(world.engine, "audit_entries")


def test_funds_survive_the_migration_both_ways(empty_url: str, tmp_path):
    upgrade(empty_url)
    engine = open_engine(empty_url)
    world = build_world(engine, tmp_path)
    world.walk(State.COMPLETED)
    money = "SELECT allocated, reserved, committed, paid FROM funds"
    before = [tuple(row) for row in in_unit(engine, lambda s: s.execute(text(money)).all())]
    engine.dispose()
    downgrade(empty_url, "0002")
    upgrade(empty_url)
    engine = open_engine(empty_url)
    assert [tuple(row) for row in in_unit(engine, lambda s: s.execute(text(money)).all())] == before
    assert in_unit(engine, lambda s: s.execute(text("SELECT step, closed_on FROM funds")).one()) == (1, None)
    engine.dispose()


def rows(engine: Engine, table: str) -> list[tuple[object, ...]]:
    query = text(f"SELECT * FROM {table}")
    return sorted((tuple(row) for row in in_unit(engine, lambda s: s.execute(query).all())), key=str)


MORE = {
    "claim_pins": "event = 'x'",
    "payment_line_steps": "actor = 'x'",
    "payment_returns": "code = 'x'",
    "bank_references": "kind = 'recovery'",
    "foreign_files": "note = 'x'",
    "claim_amendments": "note = 'x'",
    "claim_risks": "code = 'x'",
    "risk_answers": "note = 'x'",
    "audit_anchors": "chains = 0",
    "audit_anchor_heads": "seq = 0",
    "breaches": "limit_days = 1",
}


@pytest.fixture
def used(world: World) -> World:
    """A store in which a claim was amended, paid and came back, with rows in the rest put in by hand."""
    world.assume(amount_min=5_000_00)
    claim = world.walk(State.ACCEPTED)
    world.fire(claim, "amend", "clerk", note="更正", amount=9_000_00)
    claim = world.carry_on(world.desk.claim(claim.id), State.COMPLETED)
    line = world.office.batches()[-1].lines[0]
    world.returns([(line.instruction, line.amount, line.bank_ref or "", "R1", "ACCOUNT_CLOSED")])
    in_unit(world.engine, lambda session: set_anchor(session, day=MORNING.date(), at=MORNING))
    return world


def by_hand(claim_id: int) -> list[Any]:
    seen = {"claim_id": claim_id, "risk": "r"}
    return [
        ForeignFileRow(name="PB1.csv", sha256="0" * 64, note="甲", actor="x", at=MORNING),
        ClaimRisk(**seen, version=1, code="c", zh="甲", en="a", blocking=True, seen_at=MORNING),
        RiskAnswer(**seen, version=1, answered_by="x", answered_at=MORNING, note="甲"),
        BreachRow(
            claim_id=claim_id, stage="total", level="red", counted_days=2, limit_days=2, day=MORNING.date(), at=MORNING
        ),
    ]


@pytest.mark.parametrize("table", MORE)
def test_what_was_written_down_of_claims_and_payments_stays(used: World, table: str):
    claim = used.desk.list_claims()[0]
    in_unit(used.engine, lambda session: session.add_all(by_hand(claim.id)))
    before = rows(used.engine, table)
    assert before
    for statement in (f"UPDATE {table} SET {MORE[table]}", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="never changed or deleted"), used.engine.begin() as connection:
            connection.execute(text(statement))
    assert rows(used.engine, table) == before


@pytest.mark.parametrize("change", ["amount = amount + 1", "instruction = 'x'", "account_id = 0", "claim_id = 0"])
def test_who_is_paid_what_under_which_number_never_changes(used: World, change: str):
    with pytest.raises(DBAPIError, match="never change"), used.engine.begin() as connection:
        connection.execute(text(f"UPDATE payment_lines SET {change}"))


@pytest.mark.parametrize(
    "change",
    [
        "payout_batches SET checker = NULL",
        "payout_batches SET state = 'DONE'",
        "payment_lines SET state = 'DONE'",
        "claims SET state = 'DONE'",
    ],
)
def test_the_database_bars_unknown_states_and_batches_without_a_checker(used: World, change: str):
    with pytest.raises(IntegrityError), used.engine.begin() as connection:
        connection.execute(text(f"UPDATE {change}"))
