from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from claims_world import FIRM, POLICY, USCC, World
from people_kit import hire
from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.accounts import Account
from subsidy_match.claims.payment.payouts import PayoutOffice
from subsidy_match.claims.people.authorisations import ANY_POLICY, authorise
from subsidy_match.claims.records import AccountRow
from subsidy_match.claims.sealed import sealed_findings
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict, SubsidyError
from subsidy_match.store.sealing import Sealer, load_sealer
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Role, user_by_login


def enter(world: World, *, by: str = "applicant", **changes: str) -> Account:
    details = {"uscc": USCC, "holder": FIRM, "bank_name": "示例银行", "number": "6222 0000-0000 4321"} | changes
    return world.desk.register_account(**details, actor=world.people[by], at=world.now)


def test_an_account_is_kept_sealed_and_shown_by_its_last_digits(world: World):
    account = enter(world)
    row = in_unit(world.engine, lambda s: s.scalars(select(AccountRow).where(AccountRow.id == account.id)).one())
    assert account.last_four == "4321"
    assert "6222000000004321" not in row.sealed
    assert world.desk.sealer.open(row.sealed, context=USCC) == "6222000000004321"
    assert not hasattr(account, "sealed")


def test_under_another_key_or_none_nothing_is_sealed_or_batched_and_doctor_tells(world: World, tmp_path: Path):
    claim = world.walk(State.PAYABLE)
    right = world.desk.sealer
    for sealer, code in (
        (load_sealer(tmp_path / "new" / "key"), "account_key_wrong"),
        (Sealer(b""), "account_key_missing"),
    ):
        desk = replace(world.desk, sealer=sealer)
        with pytest.raises(Conflict, match=code):
            enter(replace(world, desk=desk))
        with pytest.raises(Conflict, match=code):
            PayoutOffice(desk, tmp_path).create_batch([claim.id], actor=world.people["maker"], at=world.now)
        found = in_unit(world.engine, partial(sealed_findings, sealer=sealer), immediate=False)
        assert [one.code for one in found] == ["K001"]
    assert in_unit(world.engine, partial(sealed_findings, sealer=right), immediate=False) == []


def test_a_second_person_verifies_it_once(world: World):
    account = enter(world, by="clerk")
    for who, code in (("clerk", "duty_conflict"), ("approver", "role_missing")):
        with pytest.raises(SubsidyError, match=code):
            world.desk.verify_account(account.id, actor=world.people[who], at=world.now)
    assert world.desk.verify_account(account.id, actor=world.people["lead"], at=world.now).is_verified
    with pytest.raises(SubsidyError, match="account_verified_before"):
        world.desk.verify_account(account.id, actor=world.people["lead"], at=world.now)


def test_what_is_done_also_is_undone_with_the_account(world: World):
    def fail(session, account: Account) -> None:
        assert account.id
        raise Conflict("request_in_flight", "处理中", "in flight")

    before, clerk = world.desk.accounts(USCC), world.people["clerk"]
    details = {"uscc": USCC, "holder": FIRM, "bank_name": "示例银行", "number": "6222000000004321"}
    with pytest.raises(Conflict, match="request_in_flight"):
        world.desk.register_account(**details, actor=world.people["applicant"], at=world.now, also=fail)
    assert world.desk.accounts(USCC) == before
    entered = enter(world)
    with pytest.raises(Conflict, match="request_in_flight"):
        world.desk.verify_account(entered.id, actor=clerk, at=world.now, also=fail)
    assert world.desk.accounts(USCC)[0] == entered


def test_the_newest_account_comes_first(world: World):
    newest = enter(world)
    assert world.desk.accounts(USCC)[0] == newest


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": "12"}, "account_invalid"),
        ({"number": "=1+1234567"}, "account_invalid"),
        ({"holder": " "}, "account_invalid"),
        ({"bank_name": "行\n名"}, "account_invalid"),
        ({"by": "other_applicant"}, "not_your_firm"),
    ],
)
def test_a_wrong_account_is_refused(world: World, changes: dict[str, str], code: str):
    with pytest.raises(SubsidyError, match=code):
        enter(world, **changes)


def test_an_unknown_account_cannot_be_verified(world: World):
    with pytest.raises(SubsidyError, match="account_unknown"):
        world.desk.verify_account(999, actor=world.people["clerk"], at=world.now)


def test_a_new_claim_is_paid_to_a_verified_account_rather_than_to_a_newer_one(world: World):
    known = world.desk.accounts(USCC)[0]
    newer = enter(world)
    assert world.walk(State.SUBMITTED).account_id == known.id
    world.desk.verify_account(newer.id, actor=world.people["clerk"], at=world.now)
    assert world.walk(State.SUBMITTED, period="2025").account_id == newer.id


def test_an_agent_for_one_policy_does_not_say_where_all_money_goes(world: World):
    def agent(login: str, policy_id: str) -> str:
        hire(world, login, Role.AGENT)
        with Session(world.engine) as session, session.begin():
            authorise(
                session,
                login=login,
                uscc=USCC,
                policy_id=policy_id,
                document_sha256="a" * 64,
                from_on=world.today,
                until_on=world.today,
                actor=world.people["clerk"],
                at=world.now,
            )
        world.people = {**world.people, login: in_unit(world.engine, lambda s: user_by_login(s, login))}
        return login

    with pytest.raises(SubsidyError, match="authorisation_missing"):
        enter(world, by=agent("for_one", POLICY))
    assert enter(world, by=agent("for_all", ANY_POLICY)).entered_by == "for_all"
