"""The cast and the money of the demo: invented people for every post, funds, and one claim walked by the calendar."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from subsidy_match.claims.claim import Claim
from subsidy_match.claims.fund import funds
from subsidy_match.claims.official.allocation_office import AllocationOffice
from subsidy_match.claims.official.notice_office import NoticeOffice
from subsidy_match.claims.official.public_notices import Contact
from subsidy_match.claims.payment.payouts import PayoutOffice
from subsidy_match.claims.payment.statements import RECEIPT_HEADER
from subsidy_match.claims.payment.treasury import yuan
from subsidy_match.claims.states import Event
from subsidy_match.errors import NotFound
from subsidy_match.money import Fen
from subsidy_match.platform import Platform
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.truth import Verdict
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import ALL_FUNDS, Actor, Role, add_user

__all__ = ["funds_of", "open_funds", "staff", "walk_to_completed"]

_ALLOCATED = Fen(200_000_000 * 100)  # two hundred million yuan a fund
_OPENS = time(1, 0, tzinfo=UTC)  # 9:00 in China

# login -> name for the screen, department, role; the duties table wants a person a post
_POSTS: Mapping[str, tuple[str, str, Role]] = {
    "clerk": ("窗口甲", "市政务服务中心", Role.CLERK),
    "lead": ("负责人乙", "市工业和信息化局", Role.LEAD),
    "reviewer": ("初审丙", "市工业和信息化局", Role.REVIEWER),
    "rechecker": ("复核丁", "市工业和信息化局", Role.RECHECKER),
    "approver": ("审批戊", "市财政局", Role.APPROVER),
    "notice": ("公示己", "市财政局", Role.NOTICE),
    "maker": ("制单庚", "市财政局", Role.MAKER),
    "checker": ("复核辛", "市财政局", Role.CHECKER),
    "reconciler": ("对账壬", "市财政局", Role.RECONCILER),
    "fund": ("资金癸", "市财政局", Role.FUND),
    "fund_b": ("资金卯", "市财政局", Role.FUND),
}


@dataclass(frozen=True, slots=True)
class _Day:
    """A working day of the story: its steps, each an event, who does it, and what comes with it."""

    after: int  # working days after the start
    steps: tuple[tuple[Event, str, Mapping[str, Any]], ...]


_STORY = (
    _Day(0, ((Event.ACCEPT, "clerk", {}),)),
    _Day(1, ((Event.ASSIGN, "lead", {"assignee": "reviewer"}),)),
    _Day(2, ((Event.PASS, "reviewer", {}),)),
    _Day(3, ((Event.PASS, "rechecker", {}),)),
    _Day(4, ((Event.APPROVE, "approver", {}),)),
)
_PUBLISHED_AFTER, _ALLOCATED_AFTER, _PAID_AFTER = 4, 10, 11
_NOTICE_NO, _ALLOCATION_NO = "演示公示〔2026〕1号", "演示财建〔2026〕1号"


def staff(engine: Engine, uscc: str, tokens: Path) -> dict[str, Actor]:
    """Add one invented person for every post and one who files for the firm; tokens are written to a closed file."""

    def add(session: Session) -> dict[str, tuple[Actor, str]]:
        people = {
            login: add_user(
                session,
                login=login,
                name=name,
                department=where,
                roles=[role],
                funds=[ALL_FUNDS],
                person=f"演示-{login}",
            )
            for login, (name, where, role) in _POSTS.items()
        }
        people["applicant"] = add_user(
            session, login="applicant", name="申报人子", roles=[Role.APPLICANT], firms=[uscc]
        )
        return people

    added = in_unit(engine, add)
    tokens.touch(mode=0o600)
    tokens.write_text(
        json.dumps({login: token for login, (_, token) in added.items()}, indent=2) + "\n", encoding="utf-8"
    )
    return {login: actor for login, (actor, _) in added.items()}


def open_funds(engine: Engine, policies: PolicySet, as_of: date, *, at: datetime) -> None:
    """Open every fund that a policy in force draws on."""
    wanted = sorted({fund for policy in policies.in_force(as_of) for fund, _ in policy.funding})

    def opened(session: Session) -> None:
        for fund in wanted:
            funds.open_fund(
                session, fund, name_zh=f"演示资金 {fund}", name_en=f"Demo fund {fund}", year=as_of.year,
                allocated=_ALLOCATED, at=at, actor="system",
            )  # fmt: skip

    in_unit(engine, opened)


def funds_of(engine: Engine, claim: Claim) -> Sequence[funds.Fund]:
    """The funds that a claim draws on."""
    return in_unit(engine, lambda session: [funds.fund(session, part.fund_id) for part in claim.funds], immediate=False)


def walk_to_completed(wired: Platform, people: Mapping[str, Actor], uscc: str, policy_id: str, *, start: date) -> Claim:
    """File the firm's best claim under a policy and take it through every post to the bank's receipt."""
    claim = _file(wired, people, uscc, policy_id, at=_at(wired, start, 0))
    for day in _STORY:
        for event, login, payload in day.steps:
            claim = wired.desk.fire(
                claim.id, event, actor=people[login], at=_at(wired, start, day.after), payload=payload
            )
    _publish(wired, people, claim, at=_at(wired, start, _PUBLISHED_AFTER))
    _allocate(wired, people, claim, at=_at(wired, start, _ALLOCATED_AFTER))
    return _pay(wired, people, claim, at=_at(wired, start, _PAID_AFTER))


def _at(wired: Platform, start: date, days: int) -> datetime:
    return datetime.combine(wired.calendar.add_working_days(start, days).on, _OPENS)


def _file(wired: Platform, people: Mapping[str, Actor], uscc: str, policy_id: str, *, at: datetime) -> Claim:
    desk, applicant = wired.desk, people["applicant"]
    matches = wired.match(uscc, at.date(), policy_ids=[policy_id])
    match = next((m for m in matches if m.verdict in (Verdict.ELIGIBLE, Verdict.TO_CONFIRM)), None)
    if match is None:
        raise NotFound("no_claim", f"{uscc} 没有可申报的 {policy_id}", f"{uscc} has nothing to claim under {policy_id}")
    name = wired.snapshot().enterprise(uscc).name
    account = desk.register_account(
        uscc=uscc, holder=name, bank_name="演示银行", number="6200000000000000000", actor=applicant, at=at
    )
    desk.verify_account(account.id, actor=people["clerk"], at=at)
    claim = desk.create_draft(
        uscc=uscc, policy_id=policy_id, period=match.period.id, subject=match.subject, actor=applicant, at=at
    )
    own = [material for material in match.policy.materials if material.brought_by != "department"]
    given = {f"m{n}": _hand_in(wired, applicant, uscc, m.label.zh, at=at) for n, m in enumerate(own, start=1)}
    payload = {"account_id": account.id, "materials": given}
    return desk.fire(claim.id, Event.SUBMIT, actor=applicant, at=at, payload=payload)


def _publish(wired: Platform, people: Mapping[str, Actor], claim: Claim, *, at: datetime) -> None:
    """The public notice, where the policy asks for one."""
    if claim.notice_days == 0:
        return
    office, officer = NoticeOffice(wired.desk), people["notice"]
    contact = Contact("市财政局办公室(演示)", phone="0517-00000000")
    notice = office.draft([claim.id], number=_NOTICE_NO, title="演示公示", contact=contact, actor=officer, at=at)
    office.publish(notice.id, actor=officer, at=at)


def _allocate(wired: Platform, people: Mapping[str, Actor], claim: Claim, *, at: datetime) -> None:
    """The document of allocation: drafted by one person, issued by another."""
    office, maker, issuer = AllocationOffice(wired.desk), people["notice"], people["approver"]
    made = office.draft([claim.id], number=_ALLOCATION_NO, title="演示资金下达", actor=maker, at=at)
    office.issue(made.id, actor=issuer, at=at)
    office.clear(made.id, actor=maker, at=at)


def _hand_in(wired: Platform, applicant: Actor, uscc: str, title: str, *, at: datetime) -> str:
    content = f"%PDF-1.4\n% {title}\n%%EOF\n".encode()
    document = wired.documents.add(content, name=f"{title}.pdf"[:100], uscc=uscc, actor=applicant, at=at)
    return f"sha256:{document.sha256}"


def _pay(wired: Platform, people: Mapping[str, Actor], claim: Claim, *, at: datetime) -> Claim:
    office = PayoutOffice(wired.desk, wired.settings.treasury)
    batch = office.create_batch([claim.id], actor=people["maker"], at=at)
    office.approve_batch(batch.id, actor=people["checker"], at=at)
    office.send_batch(batch.id, actor=people["maker"], at=at)
    day = (at + timedelta(hours=8)).date()
    lines = [
        f"{line.instruction},{yuan(line.amount)},{line.last_four},成功,DEMO-{line.instruction},{day},"
        for line in batch.lines
    ]
    receipt = "\r\n".join([",".join(RECEIPT_HEADER), *lines]).encode("utf-8-sig")
    office.import_receipts(receipt, name="演示回单.csv", actor=people["reconciler"], at=at)
    return wired.desk.claim(claim.id)
