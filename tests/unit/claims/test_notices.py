"""Public notices: many claims in one document, published together, withdrawn together, masked for everybody."""

from __future__ import annotations

import io

import pytest
from claims_world import CONTACT, OTHER_USCC, World
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from subsidy_match.claims.claim import Claim
from subsidy_match.claims.many_claims import BatchRefused
from subsidy_match.claims.official.masking import mask_account, mask_numbers, mask_person
from subsidy_match.claims.official.notice_files import notice_csv, notice_text, notice_xlsx
from subsidy_match.claims.official.notice_list import read_list
from subsidy_match.claims.official.public_notices import Contact, PublicNotice
from subsidy_match.claims.states import State
from subsidy_match.errors import SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

NUMBER = "示例公示〔2026〕1号"


def approved(world: World, count: int = 2) -> list[Claim]:
    return [world.walk(State.APPROVED, period=str(2020 + n)) for n in range(count)]


def draft(world: World, claims: list[Claim], number: str = NUMBER, by: str = "notice") -> PublicNotice:
    return world.notices.draft(
        [c.id for c in claims],
        number=number,
        title="示例公示",
        contact=CONTACT,
        actor=world.people[by],
        at=world.now,
    )


def publish(world: World, notice: PublicNotice) -> PublicNotice:
    return world.notices.publish(notice.id, actor=world.people["notice"], at=world.now)


def withdraw(world: World, notice: PublicNotice) -> PublicNotice:
    officer = world.people["notice"]
    return world.notices.withdraw(notice.id, reason_code="notice_error", actor=officer, at=world.now)


def states(world: World, claims: list[Claim]) -> set[State]:
    return {world.desk.claim(c.id).state for c in claims}


def test_one_notice_publishes_all_of_its_claims_for_the_longest_time_any_of_them_needs(world: World):
    short = world.walk(State.APPROVED, period="2021")
    world.assume(notice_days=7)
    claims = [short, world.walk(State.APPROVED, period="2022")]
    notice = publish(world, draft(world, claims))
    assert (str(notice.from_on), str(notice.until_on)) == ("2026-06-01", "2026-06-10")
    assert {world.desk.claim(c.id).notice_until for c in claims} == {notice.until_on}
    assert states(world, claims) == {State.PUBLISHED}
    assert world.desk.timeline(short.id)[-1].detail["notice_no"] == NUMBER


def test_one_claim_that_does_not_fit_keeps_the_whole_notice_back(world: World):
    claims = approved(world)
    notice = draft(world, claims)
    world.fire(claims[1], "revoke", "supervisor", reason_code="other", note="说明")
    with pytest.raises(BatchRefused, match="claim_left_document"):
        publish(world, notice)
    assert world.desk.claim(claims[0].id).state is State.APPROVED
    refused = in_unit(world.engine, lambda s: list(audit.entries(s, f"notice:{notice.id}")))[-1]
    assert refused.outcome == audit.REFUSED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": "有 空格"}, "number_invalid"),
        ({"number": "a/b"}, "number_invalid"),
        ({"title": " "}, "field_missing"),
        ({"contact": Contact("示例局")}, "contact_missing"),
        ({"claim_ids": []}, "document_empty"),
        ({"claim_ids": [1, 1]}, "document_repeats_claim"),
        ({"claim_ids": [99]}, "claim_unknown"),
    ],
)
def test_what_a_notice_must_have(world: World, changes: dict[str, object], code: str):
    world.walk(State.APPROVED)
    form = {"claim_ids": [1], "number": NUMBER, "title": "公示", "contact": CONTACT} | changes
    with pytest.raises(SubsidyError) as caught:
        world.notices.draft(actor=world.people["notice"], at=world.now, **form)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert list(world.notices.notices()) == []
    assert in_unit(world.engine, lambda s: list(audit.entries(s, "notices")))[-1].outcome == audit.REFUSED


def test_numbers_are_used_once_and_a_claim_is_in_one_open_notice(world: World):
    claims = approved(world)
    draft(world, claims[:1])
    with pytest.raises(SubsidyError, match="number_taken"):
        draft(world, claims[1:])
    with pytest.raises(BatchRefused, match="notice_taken"):
        draft(world, claims, "another")
    again = text(
        "INSERT INTO public_notice_claims SELECT :notice, claim_id, amount, account_tail, is_open, enterprise_name"
        " FROM public_notice_claims"
    )
    other = draft(world, claims[1:], "third")
    with pytest.raises(IntegrityError), world.engine.begin() as connection:
        connection.execute(again, {"notice": other.id})


def test_only_notice_officers_make_notices(world: World):
    claims = approved(world, 1)
    with pytest.raises(SubsidyError, match="role_missing"):
        draft(world, claims, by="approver")
    notice = draft(world, claims)
    with pytest.raises(SubsidyError, match="role_missing"):
        world.notices.publish(notice.id, actor=world.people["clerk"], at=world.now)


def test_a_withdrawn_notice_gives_its_claims_back_and_runs_their_clock_again(world: World):
    claims = approved(world)
    notice = publish(world, draft(world, claims))
    world.wait(2)
    withdraw(world, notice)
    assert states(world, claims) == {State.APPROVED}
    with pytest.raises(SubsidyError, match="notice_unknown"):
        read_list(world.engine, NUMBER)
    world.wait(1)
    publish(world, draft(world, claims, "第二次"))
    reading = world.desk.due_date(claims[0].id, on=world.now.date())
    assert reading is not None
    assert (reading.elapsed, reading.counted, reading.is_stopped) == (3, 1, True)


def test_a_notice_with_a_payable_claim_is_not_withdrawn(world: World):
    claims = approved(world)
    notice = publish(world, draft(world, claims))
    world.wait(8)
    world.clear(claims[0])
    with pytest.raises(BatchRefused, match="event_not_allowed"):
        withdraw(world, notice)
    assert world.desk.claim(claims[1].id).state is State.PUBLISHED


def test_a_notice_is_closed_once_its_days_are_over(world: World):
    claims = approved(world)
    notice = publish(world, draft(world, claims))
    officer = world.people["notice"]
    with pytest.raises(BatchRefused, match="notice_running"):
        world.notices.close(notice.id, actor=officer, at=world.now)
    world.wait(8)
    closed = world.notices.close(notice.id, actor=officer, at=world.now)
    assert (str(closed.state), [entry.is_open for entry in closed.entries]) == ("CLOSED", [False, False])
    assert world.clear(*claims).state is State.PAYABLE
    with pytest.raises(SubsidyError, match="notice_state"):
        withdraw(world, notice)


def test_the_public_list_shows_firms_and_amounts_and_hides_people_and_accounts(world: World):
    world.give_account(uscc=OTHER_USCC)
    claims = [*approved(world, 1), world.walk(State.APPROVED, uscc=OTHER_USCC, subject="320811199001011234")]
    notice = draft(world, claims)
    with pytest.raises(SubsidyError, match="notice_unknown"):
        read_list(world.engine, NUMBER)
    publish(world, notice)
    listed = read_list(world.engine, NUMBER)
    assert (listed.total, len(listed.claims)) == (20_000_00, 2)
    shown = notice_text(listed) + notice_csv(listed).decode("utf-8-sig")
    assert "淮安示例一号有限公司" in shown
    assert "0517-00000000" in shown
    for hidden in ("320811199001011234", "1234", "applicant", "notice"):
        assert hidden not in shown.replace("〔2026〕", "")
    (sheet,) = [CalamineWorkbook.from_filelike(io.BytesIO(notice_xlsx(listed))).get_sheet_by_index(0).to_python()]
    assert [row[7] for row in sheet[4:7]] == [10_000, 10_000, 20_000]


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "＝HYPERLINK(1)", " =HYPERLINK(1)"])  # noqa: RUF001
def test_a_firm_whose_name_begins_like_a_formula_is_text_in_the_list(world: World, name: str):
    world.assume(enterprise_name=name)
    claim = world.draft(period="2030")
    account = world.give_account(holder=name)
    world.fire(claim, "submit", "applicant", account_id=account)
    publish(world, draft(world, [world.carry_on(world.desk.claim(claim.id), State.APPROVED)]))
    assert f",'{name}," in notice_csv(read_list(world.engine, NUMBER)).decode("utf-8-sig")


def test_masks():
    assert (mask_person("张三丰"), mask_person("李"), mask_person("")) == ("张**", "李*", "")
    assert (mask_account("1234"), mask_account("")) == ("****34", "")
    assert mask_numbers("身份证32081119900101123X,电话 0517-8888 8888,项目P1234567") == (
        "身份证****3X,电话 ****88,项目P1234567"
    )
