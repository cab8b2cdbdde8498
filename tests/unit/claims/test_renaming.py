"""A firm changed its name between draft and payment: the claim takes the new one over, and is paid to an account in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from claims_world import FIRM, USCC, World
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from subsidy_match.claims.amendments import amendments_of
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.official.notice_list import read_list
from subsidy_match.claims.record_checks import check_names
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.store_checks import STORE_CHECKS
from subsidy_match.claims.table import rows_for
from subsidy_match.errors import SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

NEW = "淮安示例新名有限公司"
GIVEN = {"enterprise_name": NEW, "document_no": "登字〔2026〕1号", "note": "准予变更登记"}


def rename(world: World, claim: Claim, by: str = "lead", **other: Any) -> Claim:
    return world.fire(claim, "rename", by, **GIVEN | other)


def set_new_account(world: World, claim: Claim) -> Claim:
    account = world.give_account(holder=NEW, number="6222000000007777")
    return world.fire(claim, "set_account", "applicant", account_id=account)


def batch(world: World, claim: Claim) -> None:
    world.office.create_batch([claim.id], actor=world.people["maker"], at=world.now)


def check(world: World) -> None:
    assert [finding for found in (*STORE_CHECKS, audit.verify) for finding in in_unit(world.engine, found)] == []


def test_a_renamed_claim_is_paid_to_an_account_in_the_new_name_alone(world: World):
    claim = world.walk(State.PAYABLE)
    renamed = rename(world, claim)
    assert (renamed.enterprise_name, renamed.uscc, renamed.state) == (NEW, claim.uscc, State.PAYABLE)
    with pytest.raises(SubsidyError, match="payee_mismatch"):
        batch(world, claim)
    assert world.desk.claim(claim.id) == renamed
    paid = world.carry_on(set_new_account(world, claim), State.COMPLETED)
    assert (paid.paid, world.office.batches()[-1].lines[0].last_four) == (10_000_00, "7777")
    check(world)


def test_nobody_both_renames_a_firm_and_verifies_its_account(world: World):
    claim = world.walk(State.PAYABLE)  # to an account that the clerk verified
    with pytest.raises(SubsidyError, match="duty_conflict"):
        rename(world, claim, "clerk")
    rename(world, claim, "lead")
    given = {"uscc": USCC, "holder": NEW, "bank_name": "示例银行", "number": "6222000000007777"}
    account = world.desk.register_account(**given, actor=world.people["applicant"], at=world.now)
    with pytest.raises(SubsidyError, match="duty_conflict"):
        world.desk.verify_account(account.id, actor=world.people["lead"], at=world.now)
    assert world.desk.verify_account(account.id, actor=world.people["clerk"], at=world.now).verified_by == "clerk"


def test_what_the_bank_gave_back_for_its_name_is_paid_under_the_new_one(world: World):
    claim = world.walk(State.PAYABLE)
    batch(world, claim)
    world.office.approve_batch(world.office.batches()[-1].id, actor=world.people["checker"], at=world.now)
    assert world.pay(claim, "失败", "NAME_MISMATCH").state is State.PAY_FAILED
    assert rename(world, claim, "lead").state is State.PAY_FAILED
    assert world.carry_on(set_new_account(world, claim), State.COMPLETED).paid == 10_000_00
    check(world)


def test_both_names_are_in_the_amendments_the_timeline_and_the_audit_trail(world: World):
    claim = world.walk(State.IN_REVIEW)
    rename(world, claim)
    rename(world, claim, enterprise_name=FIRM, document_no="登字〔2026〕2号")
    found = in_unit(world.engine, lambda s: amendments_of(s, claim.id))
    assert [(a.field, a.old_value, a.new_value, a.actor) for a in found] == [
        ("enterprise_name", FIRM, NEW, "lead"),
        ("enterprise_name", NEW, FIRM, "lead"),
    ]
    told = GIVEN | {"amended": {"enterprise_name": {"old": FIRM, "new": NEW}}}
    assert world.desk.timeline(claim.id)[-2].detail == told
    entries = in_unit(world.engine, lambda s: list(audit.entries(s, f"claim:{claim.id}")))
    assert json.loads(entries[-2].detail)["detail"] == told
    check(world)


def test_a_notice_that_is_out_keeps_the_name_and_a_later_one_has_the_new(world: World):
    claim = world.publish(world.walk(State.APPROVED), number="公示1号")
    rename(world, claim)
    (notice,) = world.notices.notices()
    listed = {number: read_list(world.engine, number).claims[0].enterprise_name for number in ("公示1号",)}
    why: dict[str, Any] = {"reason_code": "other", "note": "更名"}
    world.notices.withdraw(notice.id, **why, actor=world.people["notice"], at=world.now)
    world.publish(claim, number="公示2号")
    listed["公示2号"] = read_list(world.engine, "公示2号").claims[0].enterprise_name
    assert listed == {"公示1号": FIRM, "公示2号": NEW}


REFUSED: dict[str, tuple[State, str, dict[str, Any], str]] = {
    "the same": (State.APPROVED, "lead", {"enterprise_name": FIRM}, "name_unchanged"),
    "the same, with a space": (
        State.APPROVED,
        "lead",
        {"enterprise_name": f"{FIRM[:2]} {FIRM[2:]}"},
        "name_unchanged",
    ),
    "empty": (State.APPROVED, "lead", {"enterprise_name": " "}, "field_invalid"),
    "missing": (State.APPROVED, "lead", {"enterprise_name": ""}, "field_missing"),
    "too long": (State.APPROVED, "lead", {"enterprise_name": "长" * 201}, "field_invalid"),
    "unprintable": (State.APPROVED, "lead", {"enterprise_name": "甲\u200b乙"}, "field_invalid"),
    "no document": (State.APPROVED, "lead", {"document_no": ""}, "field_missing"),
    "no note": (State.APPROVED, "lead", {"note": None}, "field_missing"),
    "in payment": (State.IN_PAYMENT, "lead", {}, "event_not_allowed"),
    "paid": (State.COMPLETED, "lead", {}, "event_not_allowed"),
    "role": (State.APPROVED, "approver", {}, "role_missing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_rename_that_is_refused_changes_nothing_and_is_written_down(world: World, name: str):
    state, by, given, code = REFUSED[name]
    claim = world.walk(state)
    with pytest.raises(SubsidyError) as refused:
        rename(world, claim, by, **given)
    assert (refused.value.code, world.desk.claim(claim.id)) == (code, claim)
    entry = in_unit(world.engine, lambda s: list(audit.entries(s, f"claim:{claim.id}")))[-1]
    assert (entry.action, entry.outcome, json.loads(entry.detail)["code"]) == ("rename", "refused", code)
    assert in_unit(world.engine, lambda s: amendments_of(s, claim.id)) == []


def test_whoever_filed_the_claim_does_not_rename_it(world: World):
    claim = world.draft(by="everything")
    with pytest.raises(SubsidyError, match="duty_conflict"):
        rename(world, claim, "everything")


def test_every_claim_that_awaits_payment_or_decision_can_be_renamed():
    barred = {state for state in State if not rows_for(state, Event.RENAME)}
    ended = {"NOT_ACCEPTED", "LAPSED", "REJECTED", "REVOKED", "WITHDRAWN", "COMPLETED", "RECOVERED", "WRITTEN_OFF"}
    assert barred == ended | {"IN_PAYMENT", "PAID", "RECOVERING"}


def test_the_database_takes_no_name_of_which_nothing_tells_and_doctor_compares(world: World):
    claim = world.walk(State.SUBMITTED)
    rename(world, claim)
    with pytest.raises(DBAPIError, match="recorded rename only"), world.engine.begin() as connection:
        connection.execute(text("UPDATE claims SET enterprise_name = 'x'"))
    off = "DROP TRIGGER claims_named" + ("" if world.engine.dialect.name == "sqlite" else " ON claims")
    with world.engine.connect() as connection:  # rolled back
        connection.execute(text(off))
        connection.execute(text("UPDATE claims SET enterprise_name = 'x'"))
        (found,) = check_names(Session(connection))
    assert (found.code, claim.claim_no in found.zh) == ("F019", True)
