from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from claims_world import FUND, USCC, World
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.fund import funds, ledger
from subsidy_match.claims.fund.forecast import forecast
from subsidy_match.claims.fund.fund_office import NewFund
from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.claims.fund.ledger_checks import check_runs, check_shares, check_states
from subsidy_match.claims.record_checks import check_accounts, check_last_steps
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict, InputError, NotFound, SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

ALL, ONE = 1_000_000_00, 10_000_00


@pytest.fixture
def two(world: World) -> World:
    world.open_fund("next", 0, year=2027)
    return world


def by(world: World, who: str = "fund") -> dict[str, Any]:
    return {"actor": world.people[who], "at": world.now}


def close(world: World, fund: str = FUND, document: str = "结1号") -> Any:
    return world.money.close(fund, document_no=document, **by(world))


def carry(world: World, amount: int | None = None, target: str = "next") -> Any:
    return world.money.carry_over(FUND, target, amount, document_no="转1号", **by(world))


def transfer(world: World, amount: int, document: str = "调1号", who: str = "fund") -> Any:
    return world.money.transfer(FUND, "next", amount, document_no=document, **by(world, who))


def sound(world: World) -> bool:
    checks = (funds.check_balances, check_shares, check_runs, audit.verify)
    return all(in_unit(world.engine, check) == [] for check in checks)


def test_what_is_free_may_be_transferred_and_not_one_fen_more(two: World):
    two.walk(State.APPROVED)
    two.walk(State.ACCEPTED, period="2025")
    with pytest.raises(Conflict, match="fund_short"):
        transfer(two, ALL - 2 * ONE + 1)
    transfer(two, ALL - 2 * ONE)
    assert (two.fund().available, two.fund().allocated, two.fund("next").allocated) == (0, 2 * ONE, ALL - 2 * ONE)
    assert sound(two)


def test_a_document_transfers_once(two: World):
    transfer(two, 5)
    with pytest.raises(Conflict, match="transfer_repeated"):
        transfer(two, 5)
    again = {"document_no": "调 １号", "at": two.now, "actor": "fund"}
    with pytest.raises(Conflict, match="transfer_repeated"):  # also to whoever keeps the ledger without the office
        in_unit(two.engine, lambda s: ledger.transfer(s, FUND, "next", 5, **again))
    assert two.fund("next").allocated == 5


def test_a_frozen_fund_gives_nothing_and_takes_money_in(two: World):
    two.money.freeze(FUND, note="审计", **by(two, "supervisor"))
    with pytest.raises(Conflict, match="fund_frozen"):
        transfer(two, 1)
    with pytest.raises(Conflict, match="fund_frozen"):
        two.money.freeze(FUND, note="再冻结", **by(two))
    two.money.allocate(FUND, 7, document_no="指2号", **by(two))
    two.money.unfreeze(FUND, note="审计结束", **by(two, "supervisor"))
    with pytest.raises(Conflict, match="fund_not_frozen"):
        two.money.unfreeze(FUND, note="再解冻", **by(two))
    assert two.fund().allocated == ALL + 7


def test_one_document_allocates_to_several_funds_once_each(two: World):
    for fund in (FUND, "next"):
        two.money.allocate(fund, 7, document_no="指1号", **by(two))
        with pytest.raises(Conflict, match="allocation_repeated"):
            two.money.allocate(fund, 7, document_no="指1号", **by(two))
    assert (two.fund().allocated, two.fund("next").allocated) == (ALL + 7, 7)


def test_a_closed_fund_gives_back_what_is_free_and_pays_what_is_committed(two: World):
    approved, accepted = two.walk(State.APPROVED), two.walk(State.ACCEPTED, period="2025")
    assert close(two).amount == ALL - 2 * ONE
    assert (two.fund().available, two.fund().reserved, two.fund().committed) == (0, ONE, ONE)
    assert two.carry_on(approved, State.COMPLETED).paid == ONE
    passed = two.carry_on(accepted, State.IN_APPROVAL)
    with pytest.raises(Conflict, match="fund_closed"):
        two.fire(passed, "approve", "approver")
    assert two.walk(State.ACCEPTED, period="2024").is_waiting
    assert sound(two)


def test_what_becomes_free_after_closing_is_taken_back_by_another_document(two: World):
    accepted = two.walk(State.ACCEPTED)
    close(two)
    with pytest.raises(Conflict, match="fund_closed_already"):
        close(two, document="结2号")
    two.fire(accepted, "withdraw", "applicant")
    with pytest.raises(Conflict, match="closing_repeated"):
        close(two, document="结 １号")
    with pytest.raises(Conflict, match="closing_repeated"):
        close(two)
    assert close(two, document="结2号").amount == ONE
    assert two.fund().allocated == 0
    assert [c.amount for c in two.money.closings(FUND)] == [ALL - ONE, ONE]


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w.money.allocate(FUND, 1, document_no="指9号", **by(w)),
        lambda w: transfer(w, 1),
        lambda w: w.money.transfer("next", FUND, 1, document_no="调9号", **by(w)),
    ],
    ids=["allocate", "out", "in"],
)
def test_a_closed_fund_takes_nothing_new(two: World, change: Callable[[World], Any]):
    two.money.allocate("next", 5, document_no="指8号", **by(two))
    two.walk(State.ACCEPTED)
    close(two)
    before = two.fund()
    with pytest.raises(Conflict, match="fund_closed"):
        change(two)
    assert two.fund() == before


def test_what_was_taken_back_is_carried_over_once(two: World):
    close(two)
    with pytest.raises(Conflict, match="carry_too_much"):
        carry(two, ALL + 1)
    assert carry(two, ALL - 1).closing_id == two.money.closings(FUND)[0].id
    with pytest.raises(Conflict, match="nothing_to_carry"):
        carry(two, 1)
    assert two.fund("next").allocated == ALL - 1
    assert two.money.closings(FUND)[0].carried_to == "next"
    assert sound(two)


def test_only_a_closed_fund_is_carried_over_and_only_into_the_next_year(two: World):
    two.open_fund("same-year", 0)
    with pytest.raises(Conflict, match="fund_not_closed"):
        carry(two)
    close(two)
    for wrong in ("same-year", FUND):
        with pytest.raises(Conflict, match="carry_wrong_year"):
            carry(two, target=wrong)


def test_the_database_itself_refuses_a_second_or_too_large_carry(two: World):
    close(two)
    insert = text(
        "INSERT INTO fund_carries (closing_id, source_id, target_id, taken_back, amount, document_no, at, actor)"
        " VALUES (:closing, :source, 'next', :taken, :amount, 'x', '2027-01-01', 'x')"
    )
    good = {"closing": two.money.closings(FUND)[0].id, "source": FUND, "taken": ALL, "amount": 1}
    for wrong in ({"amount": ALL + 1}, {"taken": ALL + 1}, {"amount": 0}, {"source": "next"}):
        with pytest.raises(IntegrityError), two.engine.begin() as connection:
            connection.execute(insert, {**good, **wrong})
    carry(two)
    with pytest.raises(IntegrityError), two.engine.begin() as connection:
        connection.execute(insert, good)


REFUSED: dict[str, tuple[Callable[[World], Any], type[SubsidyError], str]] = {
    "role": (lambda w: transfer(w, 1, who="approver"), Forbidden, "role_missing"),
    "same fund": (
        lambda w: w.money.transfer(FUND, FUND, 1, document_no="调1号", **by(w)),
        InputError,
        "transfer_same_fund",
    ),
    "no document": (lambda w: transfer(w, 1, document="  "), InputError, "document_no_wrong"),
    "long document": (lambda w: transfer(w, 1, document="调" * 61), InputError, "document_no_wrong"),
    "nothing": (lambda w: transfer(w, 0), InputError, "amount_not_positive"),
    "too much": (lambda w: transfer(w, 10**15 + 1), InputError, "amount_too_large"),
    "unknown": (lambda w: close(w, "nowhere"), NotFound, "fund_unknown"),
    "bad id": (
        lambda w: w.money.open(NewFund("坏 id", "甲", "a", 2026), **by(w)),
        InputError,
        "fund_id_wrong",
    ),
    "exists": (lambda w: w.money.open(NewFund(FUND, "甲", "a", 2026), **by(w)), Conflict, "fund_exists"),
    "step of fifo": (
        lambda w: w.money.open(NewFund("new", "甲", "a", 2026, step=5), **by(w)),
        InputError,
        "fund_step_wrong",
    ),
    "not pooled": (lambda w: w.money.draft_run(FUND, **by(w)), Conflict, "fund_not_pooled"),
    "freeze": (lambda w: w.money.freeze(FUND, note="x", **by(w, "maker")), Forbidden, "role_missing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_changes_nothing(two: World, name: str):
    attempt, kind, code = REFUSED[name]
    before = in_unit(two.engine, funds.list_funds)
    with pytest.raises(kind, match=code):
        attempt(two)
    assert in_unit(two.engine, funds.list_funds) == before


def test_a_refused_attempt_is_on_the_chain_of_the_fund(two: World):
    with pytest.raises(Forbidden):
        transfer(two, 1, who="approver")
    last = in_unit(two.engine, lambda s: list(audit.entries(s, f"fund:{FUND}")))[-1]
    assert (last.actor, last.action, last.outcome) == ("approver", "transfer", "refused")


def test_somebody_elses_fund_is_not_touched(two: World):
    from dataclasses import replace

    stranger = replace(two.people["fund"], funds=frozenset({"next"}))
    with pytest.raises(Forbidden, match="fund_not_yours"):
        two.money.transfer("next", FUND, 1, document_no="调1号", actor=stranger, at=two.now)


def test_shares_that_do_not_make_up_the_balance_are_told(two: World):
    two.walk(State.ACCEPTED)
    assert in_unit(two.engine, check_shares) == []
    with two.engine.begin() as connection:
        connection.execute(text("UPDATE claim_shares SET reserved = reserved - 1"))
    assert [finding.code for finding in in_unit(two.engine, check_shares)] == ["F002", "F003"]


def test_the_forecast_tells_what_is_pending_and_when_the_money_ends(two: World):
    two.walk(State.SUBMITTED)
    two.walk(State.APPROVED, period="2025")
    two.wait(9)
    found = in_unit(two.engine, lambda s: forecast(s, FUND, on=two.now.date()))
    assert [(p.state, p.claims, p.asked) for p in found.pending] == [("SUBMITTED", 1, ONE), ("APPROVED", 1, 0)]
    assert (found.taken, found.days, found.asked, found.short) == (ONE, 10, ONE, 0)
    assert found.runs_out_on is not None
    assert (found.runs_out_on - found.on).days == (ALL - ONE) * 10 // ONE


def test_the_forecast_of_a_fund_that_is_spent_or_not_used(two: World):
    on = two.now.date()
    unused = in_unit(two.engine, lambda s: forecast(s, FUND, on=on))
    assert (unused.runs_out_on, unused.pending) == (None, ())
    two.assume(amount_min=ALL, amount_max=ALL)
    two.walk(State.ACCEPTED)
    two.walk(State.ACCEPTED, period="2025")
    spent = in_unit(two.engine, lambda s: forecast(s, FUND, on=on))
    assert (spent.runs_out_on, spent.short, spent.pending[0].waiting) == (on, ALL, 1)


def test_a_fund_opens_with_its_terms(two: World):
    new = NewFund("pool-1", "统筹", "pooled", 2026, allocated=5, mode=Mode.POOLED, step=100_00)
    opened = two.money.open(new, **by(two))
    assert (opened.mode, opened.step, opened.allocated, opened.is_closed) == (Mode.POOLED, 100_00, 5, False)


def test_money_that_does_not_fit_the_state_of_its_claim_is_told(two: World):
    claim = two.walk(State.APPROVED)
    assert in_unit(two.engine, check_states) == []
    with two.engine.begin() as connection:
        connection.execute(text("UPDATE claims SET state = 'REJECTED'"))
    (found,) = in_unit(two.engine, check_states)
    assert (found.code, claim.claim_no in found.zh) == ("F005", True)


def test_a_claim_that_was_paid_more_than_was_approved_is_told(two: World):
    two.walk(State.COMPLETED)
    assert in_unit(two.engine, check_states) == []
    with two.engine.begin() as connection:
        connection.execute(text("UPDATE claims SET amount_approved = amount_approved - 1"))
    assert [found.code for found in in_unit(two.engine, check_states)] == ["F005"]


def test_a_claim_or_account_that_is_not_what_its_record_says_is_told(world: World):
    claim = world.walk(State.SUBMITTED)
    assert in_unit(world.engine, lambda s: [*check_last_steps(s), *check_accounts(s)]) == []
    for change, code in (
        ("claims SET state = 'DRAFT'", "F017"),
        ("claims SET version = version + 1", "F017"),
        ("payee_accounts SET verified_by = 'maker'", "F018"),
    ):
        with world.engine.connect() as connection:
            connection.execute(text(f"UPDATE {change}"))
            session = Session(connection)
            (found,) = (*check_last_steps(session), *check_accounts(session))
            assert (found.code, (claim.claim_no if code == "F017" else USCC) in found.zh) == (code, True)


def test_the_database_bars_another_firm_of_a_claim_or_an_account(world: World):
    world.walk(State.SUBMITTED)
    for table, change in (
        ("claims", "uscc = 'x'"),
        ("payee_accounts", "sealed = 'x'"),
    ):
        with pytest.raises(DBAPIError, match=f"of {table} never change"), world.engine.begin() as connection:
            connection.execute(text(f"UPDATE {table} SET {change}"))


def test_closing_names_the_claims_that_the_fund_leaves_behind(two: World):
    holds = two.walk(State.APPROVED)
    opened = two.walk(State.SUBMITTED, period="2025")
    appealable = two.fire(
        two.walk(State.IN_REVIEW, period="2024"), "reject", "reviewer", reason_code="other", note="无"
    )
    two.walk(State.COMPLETED, period="2023")
    said = {finding.code: finding for finding in close(two).left}
    named = {"fund_claims_hold": holds, "fund_claims_open": opened, "fund_claims_appealable": appealable}
    assert set(said) == set(named)
    for code, claim in named.items():
        assert said[code].zh.endswith(f":{claim.claim_no}")
        assert said[code].en.endswith(f": {claim.claim_no}")
    assert in_unit(two.engine, audit.verify) == []
