"""Documents, what follows later, exclusivity across claims, risks and their answers, the sample, texts kept once."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from claims_world import FIRM, OTHER_USCC, POLICY, USCC, World, build_world
from people_kit import declare, hire
from sqlalchemy import event, func, select

from subsidy_match.claims.assessment import Limit, Material, Standing
from subsidy_match.claims.documents import DocumentRoom
from subsidy_match.claims.evidence_records import ClaimRisk, ExclusiveCap, PinnedText
from subsidy_match.claims.records import ClaimPin
from subsidy_match.claims.risk.qa_sample import Sampling, is_drawn
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict, NotFound, SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.engine import open_engine
from subsidy_match.store.migration import downgrade, upgrade
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Role

PDF = b"%PDF-1.7\nexample"
PAPERS = (Material("plan", "方案", "plan"), Material("audit", "审计报告", "audit", deferrable=True))


def packed(*members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    return file.getvalue()


@pytest.fixture
def room(world: World, tmp_path: Path) -> DocumentRoom:
    return DocumentRoom(world.engine, tmp_path / "documents")


def hand_in(room: DocumentRoom, world: World, content: bytes = PDF, name: str = "方案.pdf", **more: str):
    more = {"uscc": USCC, "by": "applicant"} | more
    by = world.people[more.pop("by")]
    return room.add(content, name=name, actor=by, at=world.now, **more)  # type: ignore[arg-type]


def test_documents_are_kept_by_hash_once_and_given_back(room: DocumentRoom, world: World):
    first, again = (hand_in(room, world) for _ in range(2))
    other = hand_in(room, world, uscc=OTHER_USCC)
    assert (first.id, first.sha256) == (again.id, hashlib.sha256(PDF).hexdigest())
    assert other.id != first.id
    assert len([path for path in room.folder.rglob("*") if path.is_file()]) == 1
    assert room.read(first.id, viewer=world.people["applicant"]) == (first, PDF)
    with pytest.raises(NotFound, match="document_unknown"):
        room.read(first.id, viewer=world.people["other_applicant"])


DOCX, XLSX = packed("[Content_Types].xml", "word/document.xml"), packed("[Content_Types].xml", "xl/workbook.xml")


def test_every_kind_is_taken_by_its_content(room: DocumentRoom, world: World):
    kinds = {"a.PDF": PDF, "a.png": b"\x89PNG\r\n\x1a\n.", "a.jpeg": b"\xff\xd8\xff.", "a.ofd": packed("OFD.xml")}
    for name, content in {**kinds, "a.docx": DOCX, "a.xlsx": XLSX}.items():
        assert hand_in(room, world, content, name).kind == name.rpartition(".")[2].lower()


WRONG = [
    ("run.exe", b"MZ", "document_type"), ("plain", PDF, "document_type"), ("a.pdf", b"<html>", "document_type"),
    ("a.png", PDF, "document_type"), ("a.docx", XLSX, "document_type"), ("a.ofd", b"PK\x03\x04broken", "document_type"),
    ("a.xlsx", packed("xl/workbook.xml", "xl/vbaProject.bin"), "document_type"), ("a.pdf", b"", "document_size"),
    ("a.pdf", PDF + b"x" * (20 * 1024 * 1024), "document_size"), ("../a.pdf", PDF, "document_name"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "code"), WRONG)
def test_the_wrong_document_is_refused_and_nothing_is_kept(
    room: DocumentRoom, world: World, name: str, content: bytes, code: str
):
    with pytest.raises(SubsidyError, match=code) as caught:
        hand_in(room, world, content, name)
    assert caught.value.zh
    assert not room.folder.exists()
    last = in_unit(world.engine, lambda s: list(audit.entries(s, f"enterprise:{USCC}")))[-1]
    assert (last.action, last.outcome) == ("add_document", "refused")


def test_a_hash_that_does_not_fit_and_a_firm_that_is_not_theirs(room: DocumentRoom, world: World):
    with pytest.raises(SubsidyError, match="document_hash"):
        hand_in(room, world, sha256="0" * 64)
    with pytest.raises(SubsidyError, match="not_your_firm"):
        hand_in(room, world, by="other_applicant")


def test_a_clerk_with_an_interest_in_the_firm_hands_in_none_of_its_papers(room: DocumentRoom, world: World):
    declare(world, "clerk", USCC)
    with pytest.raises(SubsidyError, match="interest_declared"):
        hand_in(room, world, by="clerk")
    assert hand_in(room, world, by="clerk_b").added_by == "clerk_b"


def test_a_changed_file_is_not_given_out_and_mends_when_handed_in_again(room: DocumentRoom, world: World):
    document = hand_in(room, world)
    path = room.folder / document.sha256[:2] / document.sha256
    path.write_bytes(b"%PDF-changed")
    with pytest.raises(Conflict, match="document_damaged"):
        room.read(document.id, viewer=world.people["clerk"])
    hand_in(room, world)
    assert room.read(document.id, viewer=world.people["clerk"])[1] == PDF


def test_materials_are_documents_of_the_firm_and_what_follows_bars_approval(room: DocumentRoom, world: World):
    world.assume(materials=PAPERS)
    claim, document = world.draft(), hand_in(room, world, uscc=OTHER_USCC)
    given = {"plan": f"sha256:{document.sha256}", "audit": "deferred"}
    with pytest.raises(Conflict, match="document_unknown"):
        world.fire(claim, "submit", "applicant", materials=given, deferred_until="2026-07-01")
    hand_in(room, world)
    with pytest.raises(SubsidyError, match="field_invalid"):
        world.fire(claim, "submit", "applicant", materials=given, deferred_until="2026-06-01")
    claim = world.fire(claim, "submit", "applicant", materials=given, deferred_until="2026-07-01")
    (owed,) = world.desk.deferred(on=world.now.date())
    assert (owed.claim_id, owed.material, f"{owed.due_on}", owed.is_overdue) == (claim.id, "audit", "2026-07-01", False)
    claim = world.carry_on(claim, State.IN_APPROVAL)
    with pytest.raises(Conflict, match="material_outstanding"):
        world.fire(claim, "approve", "approver")
    with pytest.raises(Conflict, match="material_not_owed"):
        world.fire(claim, "supply", "applicant", materials={"plan": "paper"})
    world.fire(claim, "supply", "applicant", materials={"audit": given["plan"]})
    assert world.desk.deferred(on=world.now.date()) == []
    assert world.fire(claim, "approve", "approver").state is State.APPROVED


def test_one_of_a_group_a_year_across_policies_names_the_other(world: World):
    world.assume(limits=(Limit("one-a-year", 1, "year"),))
    first = world.walk(State.COMPLETED)
    second = world.draft(subject="second")
    with pytest.raises(Conflict, match="exclusive_taken") as caught:
        world.fire(second, "submit", "applicant")
    assert first.claim_no in caught.value.zh
    assert world.walk(State.APPROVED, period="2025").state is State.APPROVED  # another year
    world.give_account(uscc=OTHER_USCC, number="6222000000009999")
    assert world.fire(world.draft(uscc=OTHER_USCC), "submit", "applicant").state is State.SUBMITTED


def test_the_machine_leaves_no_draft_where_another_claim_stands_in_the_way(world: World):
    world.assume(channel="no_apply", limits=(Limit("one-a-year", 1, "year"),))
    start = lambda subject: world.desk.start_no_apply(  # noqa: E731
        uscc=USCC, policy_id=POLICY, period="2026", at=world.now, subject=subject
    )
    assert start("a").state is State.ACCEPTED
    with pytest.raises(Conflict, match="exclusive_taken"):
        start("b")
    assert len(world.desk.list_claims()) == 1


def test_an_unpaid_end_gives_the_place_back(world: World):
    world.assume(limits=(Limit("one-a-year", 1, "year"), Limit("capped", cap=10_000_00)))
    claim = world.fire(world.walk(State.APPROVED), "revoke", "supervisor", reason_code="other", note="说明")
    assert claim.state is State.REVOKED
    assert world.walk(State.APPROVED, subject="next").state is State.APPROVED
    with world.engine.connect() as connection:
        assert connection.execute(select(ExclusiveCap.used)).scalars().all() == [10_000_00]


def test_a_cap_bars_what_goes_beyond_it(world: World):
    world.assume(limits=(Limit("capped", cap=15_000_00),))
    first, second = (world.walk(State.IN_APPROVAL, subject=name) for name in "ab")
    world.fire(first, "approve", "approver")
    with pytest.raises(Conflict, match="cap_exceeded") as caught:
        world.fire(second, "approve", "approver")
    assert first.claim_no in caught.value.en
    assert caught.value.hint == "left 500000"
    assert world.fund().committed == 10_000_00


def test_a_shared_account_waits_for_an_answer(world: World):
    world.give_account(uscc=OTHER_USCC, holder=FIRM, number="6222000000001234")
    claim = world.walk(State.IN_APPROVAL)
    (risk,) = world.desk.risks(claim.id, at=world.now)
    assert (risk.code, risk.is_open, OTHER_USCC in risk.zh) == ("account_shared", True, True)
    assert world.desk.count_risks([claim.id]) == {claim.id: 1}
    with pytest.raises(Conflict, match="risk_open"):
        world.fire(claim, "approve", "approver")
    with pytest.raises(NotFound, match="risk_unknown"):
        world.fire(claim, "acknowledge_risk", "reviewer", risk="same_item:1", note="已核实")
    with pytest.raises(SubsidyError, match="field_missing"):
        world.fire(claim, "acknowledge_risk", "reviewer", risk=risk.id)
    world.fire(claim, "acknowledge_risk", "reviewer", risk=risk.id, note="集团统一账户,已核实")
    with pytest.raises(Conflict, match="risk_answered"):
        world.fire(claim, "acknowledge_risk", "supervisor", risk=risk.id, note="再次")
    assert world.desk.risks(claim.id, at=world.now)[0].answered_by == "reviewer"
    assert world.fire(claim, "approve", "approver").state is State.APPROVED


def test_risks_of_a_page_take_the_same_few_statements_whatever_its_length(world: World):
    world.give_account(uscc=OTHER_USCC, holder=FIRM, number="6222000000001234")
    world.assume(uses=(("projects", "P1"),))
    claims = [world.fire(world.draft(subject=f"p{n}"), "submit", "applicant").id for n in range(8)]
    one, all_of_them = (statements(world, claims[:length]) for length in (1, 8))
    assert one == all_of_them <= 8
    (risk,) = [risk for risk in world.desk.risks(claims[0], at=world.now) if risk.is_open]
    world.carry_on(world.desk.claim(claims[0]), State.IN_REVIEW)
    world.fire(claims[0], "acknowledge_risk", "reviewer", risk=risk.id, note="集团统一账户,已核实")
    assert world.desk.count_risks(claims) == dict.fromkeys(claims, 1) | {claims[0]: 0}


def statements(world: World, claim_ids: list[int]) -> int:
    """How many statements the count takes."""
    seen: list[str] = []

    def count(connection, cursor, statement, parameters, context, executemany):
        seen.append(statement)

    event.listen(world.engine, "before_cursor_execute", count)
    world.desk.count_risks(claim_ids)
    event.remove(world.engine, "before_cursor_execute", count)
    return sum(statement.startswith("SELECT") for statement in seen)


def test_whoever_filed_cannot_answer_for_the_risks(world: World):
    world.give_account(uscc=OTHER_USCC, holder=FIRM, number="6222000000001234")
    claim = world.draft(by="everything")
    claim = world.carry_on(world.fire(claim, "submit", "everything"), State.IN_REVIEW)
    (risk,) = world.desk.risks(claim.id, at=world.now)
    with pytest.raises(SubsidyError, match="duty_conflict"):
        world.fire(claim, "acknowledge_risk", "everything", risk=risk.id, note="自证")


def test_an_original_counts_once_an_officer_has_seen_it(world: World):
    world.assume(materials=PAPERS[:1])
    claim = world.fire(world.draft(), "submit", "applicant", materials={"plan": "paper"})
    with pytest.raises(Conflict, match="papers_unseen"):
        world.fire(claim, "accept", "clerk")
    claim = world.fire(claim, "accept", "clerk", papers_seen=["plan"])
    assert world.desk.timeline(claim.id)[-1].detail["papers_seen"] == ["plan"]
    claim = world.carry_on(claim, State.IN_REVIEW)
    world.fire(claim, "request_correction", "reviewer", items=["方案"], due_on="2026-06-20")
    world.fire(claim, "resubmit", "applicant", materials={"plan": "paper"})
    with pytest.raises(Conflict, match="papers_unseen"):  # it is another original
        world.fire(claim, "pass", "reviewer")
    assert world.fire(claim, "pass", "reviewer", papers_seen=["plan"]).state is State.IN_RECHECK


def test_an_original_that_nobody_would_look_at_any_more_is_not_taken(world: World):
    world.assume(materials=PAPERS[1:])
    given = {"materials": {"audit": "deferred"}, "deferred_until": "2026-07-01"}
    claim = world.carry_on(world.fire(world.draft(), "submit", "applicant", **given), State.IN_RECHECK)
    with pytest.raises(Conflict, match="original_too_late"):
        world.fire(claim, "supply", "applicant", materials={"audit": "paper"})


def test_the_machine_accepts_nothing_of_which_it_would_have_to_see_the_original(world: World):
    world.assume(materials=PAPERS[:1], channel="instant")
    claim = world.fire(world.draft(), "submit", "applicant", materials={"plan": "paper"})
    assert claim.state is State.SUBMITTED


def test_a_commitment_counts_where_the_policy_takes_commitments(world: World):
    world.assume(materials=PAPERS[:1])
    with pytest.raises(Conflict, match="commitment_not_offered"):
        world.fire(world.draft(), "submit", "applicant", materials={"plan": "committed"})
    world.assume(channel="committed")
    claim = world.draft(period="2025")
    assert world.fire(claim, "submit", "applicant", materials={"plan": "committed"}).state is State.SUBMITTED


def test_a_correction_is_complete_as_well(world: World):
    claim = world.walk(State.ACCEPTED)
    world.fire(claim, "request_correction", "clerk", items=["方案"], due_on="2026-06-20")
    world.assume(materials=PAPERS[:1])
    with pytest.raises(Conflict, match="material_missing"):
        world.fire(claim, "resubmit", "applicant")
    assert world.fire(claim, "resubmit", "applicant", materials={"plan": "paper"}).state is State.ACCEPTED


def test_nor_can_they_under_another_login(world: World):
    world.give_account(uscc=OTHER_USCC, holder=FIRM, number="6222000000001234")
    hire(world, "firm_man", Role.APPLICANT, person="工号5", firms=[USCC])
    hire(world, "same_man", Role.SUPERVISOR, person="工号5")
    claim = world.fire(world.draft(by="firm_man"), "submit", "firm_man")
    (risk,) = world.desk.risks(claim.id, at=world.now)
    with pytest.raises(SubsidyError, match="duty_conflict"):
        world.fire(world.carry_on(claim, State.IN_REVIEW), "acknowledge_risk", "same_man", risk=risk.id, note="自证")


def test_bad_credit_at_submission_stays_a_risk_although_it_is_mended(world: World):
    claim = world.draft()
    world.assessor.credit = Standing(clear=False, zh="存在失信记录", en="serious_discredit")
    claim = world.fire(claim, "submit", "applicant")
    world.assessor.credit = Standing(clear=True)
    claim = world.carry_on(claim, State.IN_APPROVAL)
    (risk,) = world.desk.risks(claim.id, at=world.now)
    assert (risk.code, risk.blocking) == ("credit_bad", True)
    with pytest.raises(Conflict, match="risk_open"):
        world.fire(claim, "approve", "approver")
    with world.engine.connect() as connection:
        assert connection.execute(select(ClaimRisk.version, ClaimRisk.code)).all() == [(2, "credit_bad")]


def test_the_same_project_and_document_are_found_across_firms_and_years(room: DocumentRoom, world: World):
    world.assume(uses=(("projects", "P1"),))
    mine, theirs = hand_in(room, world), hand_in(room, world, uscc=OTHER_USCC)
    old = world.fire(world.draft(period="2024"), "submit", "applicant", materials={"m": f"sha256:{mine.sha256}"})
    world.give_account(uscc=OTHER_USCC, number="6222000000009999")
    other = world.draft(uscc=OTHER_USCC)
    assert world.desk.risks(old.id, at=world.now) == []  # a draft is nothing yet
    other = world.fire(other, "submit", "applicant", materials={"m": f"sha256:{theirs.sha256}"})
    found = world.desk.risks(old.id, at=world.now)
    assert [(risk.code, risk.blocking, risk.other_claim) for risk in found] == [
        ("same_document", True, other.id),
        ("same_item", True, other.id),
    ]
    world.fire(other, "withdraw", "applicant")
    assert world.desk.risks(old.id, at=world.now) == []


def test_the_sample_is_the_same_on_every_run_and_means_a_re_examination(world: World):
    drawn = [number for number in range(1, 2001) if is_drawn(number, "seed", 10)]
    assert 140 < len(drawn) < 260
    assert not any(is_drawn(number, "seed", 0) for number in drawn)
    assert all(is_drawn(number, "seed", 100) for number in range(50))
    world.assume(with_recheck=False, qa_percent=100)
    claim = world.walk(State.IN_RECHECK)
    assert [risk.code for risk in world.desk.risks(claim.id, at=world.now)] == ["qa_sample"]
    assert world.carry_on(claim, State.APPROVED).state is State.APPROVED


def test_a_percentage_needs_a_seed_that_nobody_knows():
    for wrong in ({"percent": 5}, {"by_policy": {"p": 5}}):
        with pytest.raises(SubsidyError, match="qa_seed_missing"):
            Sampling(**wrong)
    assert Sampling(5, seed="x").percent_of("p") == 5


def test_texts_are_kept_once_and_read_back_byte_for_byte(world: World):
    content = {"files": {"facts.yml": "甲" * 5000, "a.yml": "乙"}, "verdict": "eligible"}
    whole = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    world.assume(evidence=whole)
    claims = [world.walk(State.APPROVED, subject=name) for name in "ab"]
    for claim in claims:
        for version in (2, claim.version):
            assert world.desk.evidence(claim.id, version) == whole
    with world.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(PinnedText)).scalar_one() == 2
        assert max(len(row) for row in connection.execute(select(ClaimPin.evidence)).scalars()) < 300
    in_unit(world.engine, lambda s: s.execute(PinnedText.__table__.update().values(content=b"changed")))
    with pytest.raises(Conflict, match="evidence_damaged"):
        world.desk.evidence(claims[0].id, 2)


def test_going_back_a_version_gives_every_pin_its_texts_again(empty_url: str, tmp_path: Path):
    upgrade(empty_url)
    engine = open_engine(empty_url)
    world = build_world(engine, tmp_path)
    whole = b'{"files":{"facts.yml":"\xe7\x94\xb2"},"verdict":"eligible"}'
    world.assume(evidence=whole)
    world.walk(State.SUBMITTED)
    with engine.connect() as connection:
        assert connection.execute(select(ClaimPin.evidence)).scalars().all() != [whole]
    engine.dispose()
    downgrade(empty_url, "0009")
    with engine.connect() as connection:
        assert [bytes(row) for row in connection.execute(select(ClaimPin.evidence)).scalars()] == [whole]
    engine.dispose()
