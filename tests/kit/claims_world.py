"""A small invented world of claims: people for every post, one fund, one firm, an assessor that says what it is told."""

from __future__ import annotations

import re
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from kept_rows import keep_or_pour
from sqlalchemy import Engine

from subsidy_match.calendar import WorkingCalendar, load_calendar
from subsidy_match.claims.assessment import Assessment, Share, Standing
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.fund import funds
from subsidy_match.claims.fund.fund_office import FundOffice
from subsidy_match.claims.official.allocation_office import AllocationOffice
from subsidy_match.claims.official.fund_allocations import Allocation
from subsidy_match.claims.official.notice_office import NoticeOffice
from subsidy_match.claims.official.objections import ObjectionDesk
from subsidy_match.claims.official.public_notices import Contact
from subsidy_match.claims.payment.batches import Line
from subsidy_match.claims.payment.payment_states import OPEN_LINES
from subsidy_match.claims.payment.payouts import PayoutOffice
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.states import Event, State
from subsidy_match.store.sealing import load_sealer
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import RESERVED_ROLES, Actor, Role, add_user

USCC = "91320812MAB4DM124P"
OTHER_USCC = "91320803MAUJ3CK13H"
FIRM = "淮安示例一号有限公司"
FUND = "demo-fund-2026"
POLICY = "demo-policy"
CONTACT = Contact("示例局办公室", phone="0517-00000000")
MORNING = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)  # Monday 9:00 in China
FIRST_DAY = date(2026, 6, 1)
CALENDAR = load_calendar(Path(__file__).parents[2] / "policies" / "parameters" / "calendar")

ASSESSMENT = Assessment(
    verdict="eligible",
    amount_min=10_000_00,
    amount_max=10_000_00,
    enterprise_name=FIRM,
    policy_zh="示例政策",
    policy_en="Demo policy",
    policy_hash="p" * 64,
    snapshot_id="s1",
    channel="fast",
    sla_days=10,
    notice_days=5,
    with_recheck=True,
    funding=(Share(FUND, Fraction(1)),),
    evidence=b'{"verdict":"eligible"}',
    automatic=True,
)

_POSTS: Mapping[str, tuple[Role, ...]] = {
    "applicant": (Role.APPLICANT,),
    "clerk": (Role.CLERK,),
    "lead": (Role.LEAD,),
    "reviewer": (Role.REVIEWER,),
    "rechecker": (Role.RECHECKER,),
    "task_officer": (Role.TASK_OFFICER,),
    "approver": (Role.APPROVER,),
    "notice": (Role.NOTICE,),
    "maker": (Role.MAKER,),
    "checker": (Role.CHECKER,),
    "reconciler": (Role.RECONCILER,),
    "supervisor": (Role.SUPERVISOR,),
    "fund": (Role.FUND,),
}
_SOLE: Mapping[str, tuple[Role, ...]] = {
    "other_applicant": (Role.APPLICANT,),
    "everything": tuple(role for role in Role if role not in RESERVED_ROLES | {Role.AGENT}),
}


SECOND = "_b"
PEOPLE: Mapping[str, tuple[Role, ...]] = {**_POSTS, **{name + SECOND: roles for name, roles in _POSTS.items()}, **_SOLE}
"""Login → roles: two for every post (``clerk`` and ``clerk_b``), who may stand in for each other."""

DEPARTMENTS: Mapping[str, str] = {"task_officer": "税务局", "task_officer" + SECOND: "税务局"}
FIRMS: Mapping[str, tuple[str, ...]] = {
    "applicant": (USCC, OTHER_USCC),
    "applicant_b": (USCC, OTHER_USCC),
    "everything": (USCC,),
    "other_applicant": (OTHER_USCC,),
}


@dataclass
class FakeAssessor:
    """Says for every firm and policy what the test put in."""

    answer: Assessment = ASSESSMENT
    credit: Standing = field(default_factory=lambda: Standing(clear=True))
    calls: int = 0

    def assess(self, *, uscc: str, policy_id: str, period: str, subject: str | None, as_of: date) -> Assessment:
        self.calls += 1
        return self.answer

    def standing(self, *, uscc: str, as_of: date) -> Standing:
        return self.credit


@dataclass
class World:
    """Everything a test needs to walk a claim; ``now`` moves only when the test moves it."""

    engine: Engine
    desk: ClaimDesk
    office: PayoutOffice
    assessor: FakeAssessor
    people: Mapping[str, Actor]
    now: datetime = MORNING

    @property
    def notices(self) -> NoticeOffice:
        return NoticeOffice(self.desk)

    @property
    def objections(self) -> ObjectionDesk:
        return ObjectionDesk(self.desk)

    @property
    def allocations(self) -> AllocationOffice:
        return AllocationOffice(self.desk)

    def assume(self, **changes: Any) -> None:
        self.assessor.answer = replace(self.assessor.answer, **changes)

    @property
    def today(self) -> date:
        return business_day(self.now)

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    def draft(self, *, by: str = "applicant", uscc: str = USCC, period: str = "2026", **more: Any) -> Claim:
        return self.desk.create_draft(
            uscc=uscc, policy_id=POLICY, period=period, actor=self.people[by], at=self.now, **more
        )

    def fire(self, claim: Claim | int, event: Event | str, by: str, **payload: Any) -> Claim:
        claim_id = claim if isinstance(claim, int) else claim.id
        return self.desk.fire(claim_id, event, actor=self.people[by], at=self.now, payload=payload)

    def give_account(self, *, uscc: str = USCC, holder: str = FIRM, number: str | None = None) -> int:
        number = number or ("6222000000001234" if uscc == USCC else f"6222{zlib.crc32(uscc.encode()):012d}")
        account = self.desk.register_account(
            uscc=uscc, holder=holder, bank_name="示例银行", number=number, actor=self.people["applicant"], at=self.now
        )
        self.desk.verify_account(account.id, actor=self.people["clerk"], at=self.now)
        return account.id

    def walk(self, state: State, **draft: Any) -> Claim:
        """Bring a new claim along the main path to ``state``."""
        return self.carry_on(self.draft(**draft), state)

    def carry_on(self, claim: Claim, state: State) -> Claim:
        """Bring a claim along the main path from where it stands to ``state``."""
        while claim.state is not state:
            claim = _NEXT[claim.state](self, claim)
        return claim

    def publish(self, *claims: Claim | int, number: str | None = None, by: str = "notice") -> Claim:
        """Put approved claims into a notice and publish it; gives the first of them."""
        ids = [_id(claim) for claim in claims]
        number = number or f"公示〔2026〕{ids[0]}-{uuid.uuid4().hex[:8]}号"
        actor = self.people[by]
        notice = self.notices.draft(ids, number=number, title="示例公示", contact=CONTACT, actor=actor, at=self.now)
        self.notices.publish(notice.id, actor=actor, at=self.now)
        return self.desk.claim(ids[0])

    def allocate(self, *claims: Claim | int, number: str | None = None) -> Allocation:
        """Draft a document of allocation over claims and issue it."""
        ids = [_id(claim) for claim in claims]
        number = number or f"下达〔2026〕{ids[0]}-{uuid.uuid4().hex[:8]}号"
        maker, issuer = self.people["notice"], self.people["approver"]
        made = self.allocations.draft(ids, number=number, title="示例下达", actor=maker, at=self.now)
        return self.allocations.issue(made.id, actor=issuer, at=self.now)

    def clear(self, *claims: Claim | int) -> Claim:
        """Allocate the money of claims whose notice is over and make them payable; gives the first of them."""
        made = self.allocate(*claims)
        self.allocations.clear(made.id, actor=self.people["notice"], at=self.now)
        return self.desk.claim(_id(claims[0]))

    def pay(self, claim: Claim, outcome: str = "成功", code: str = "") -> Claim:
        """Send the batch in which ``claim`` waits and take the receipt of its line in."""
        batch, line = next((b, n) for b in self.office.batches() for n in b.lines if _waits(n, claim))
        self.office.send_batch(batch.id, actor=self.people["maker"], at=self.now)
        self.receipts([(line.instruction, line.amount, outcome, f"B{line.id}", code)])
        return self.desk.claim(claim.id)

    def receipts(self, rows: list[tuple[str, int, str, str, str]], name: str = "receipts.csv") -> Any:
        content = receipt_file(rows, self.last_fours(), on=self.today)
        return self.office.import_receipts(content, name=name, actor=self.people["reconciler"], at=self.now)

    def returns(self, rows: list[tuple[str, int, str, str, str]], name: str = "returns.csv") -> Any:
        """Take in returned payments: instruction, amount, reference of the settlement, of the return, reason."""
        content = return_file(rows, self.last_fours(), on=self.today)
        return self.office.import_returns(content, name=name, actor=self.people["reconciler"], at=self.now)

    def last_fours(self) -> dict[str, str]:
        """The last digits of the account of every instruction."""
        return {line.instruction: line.last_four for batch in self.office.batches() for line in batch.lines}

    def fund(self, fund_id: str = FUND) -> funds.Fund:
        return in_unit(self.engine, lambda session: funds.fund(session, fund_id), immediate=False)

    def open_fund(self, fund_id: str, allocated: int, **terms: Any) -> None:
        in_unit(self.engine, lambda session: _open_fund(session, fund_id, allocated, **terms))

    @property
    def money(self) -> FundOffice:
        return FundOffice(self.engine, CALENDAR)


def _id(claim: Claim | int) -> int:
    return claim if isinstance(claim, int) else claim.id


def _waits(line: Line, claim: Claim) -> bool:
    return line.claim_id == claim.id and line.state in OPEN_LINES


def receipt_file(
    rows: list[tuple[str, int, str, str, str]], last_fours: Mapping[str, str] | None = None, *, on: date | None = None
) -> bytes:
    """A receipt file; to the usual account unless ``last_fours`` knows another, on the day of the batch unless told."""
    lines = ["支付令号,金额(元),账号后四位,结果,银行流水号,到账日期,失败代码"]
    for instruction, amount, outcome, ref, code in rows:
        account = (last_fours or {}).get(instruction, "1234")
        lines.append(
            f"{instruction},{amount // 100}.{amount % 100:02d},{account},{outcome},{ref},{on or made_on(instruction)},{code}"
        )
    return "\r\n".join(lines).encode("utf-8-sig")


def return_file(
    rows: list[tuple[str, int, str, str, str]], last_fours: Mapping[str, str] | None = None, *, on: date | None = None
) -> bytes:
    """A file of returned payments, as ``receipt_file``."""
    lines = ["支付令号,金额(元),账号后四位,原银行流水号,退回流水号,退回日期,退回原因代码"]
    for instruction, amount, ref, return_ref, code in rows:
        account = (last_fours or {}).get(instruction, "1234")
        yuan = f"{amount // 100}.{amount % 100:02d}"
        lines.append(f"{instruction},{yuan},{account},{ref},{return_ref},{on or made_on(instruction)},{code}")
    return "\r\n".join(lines).encode("utf-8-sig")


def made_on(instruction: str) -> date:
    known = re.match(r"PB(\d{8})", instruction)
    return date.fromisoformat(known[1]) if known else FIRST_DAY


def build_world(engine: Engine, folder: Path, *, allocated: int = 1_000_000_00, anew: bool = False) -> World:
    """People for every post, one fund, and a firm with a verified account; all made by the product itself if ``anew``."""
    people: dict[str, Actor] = {}

    def make() -> tuple[dict[str, Actor], bytes]:
        people.update(in_unit(engine, _people))
        world = _world_of(engine, folder, people)
        world.open_fund(FUND, allocated)
        world.give_account()
        return people, (folder / "seal.key").read_bytes()

    known, seal_key = make() if anew else keep_or_pour(engine, f"claims {allocated}", make)
    if not people:
        (folder / "seal.key").write_bytes(seal_key)  # the account was sealed with it
        (folder / "seal.key").chmod(0o600)
    return _world_of(engine, folder, dict(known))


def _world_of(engine: Engine, folder: Path, people: Mapping[str, Actor]) -> World:
    assessor = FakeAssessor()
    desk = ClaimDesk(engine, assessor, CALENDAR, load_sealer(folder / "seal.key"))
    return World(engine, desk, PayoutOffice(desk, folder / "payouts"), assessor, people)


def _people(session: Any) -> dict[str, Actor]:
    made = {}
    for login, roles in PEOPLE.items():
        firms = FIRMS.get(login, ())
        where = DEPARTMENTS.get(login, "")
        made[login], _ = add_user(
            session, login=login, name=f"甲{login}", department=where, roles=roles, funds=["*"], firms=firms
        )
    return made


def _open_fund(session: Any, fund_id: str, allocated: int, **terms: Any) -> None:
    funds.open_fund(
        session,
        fund_id,
        name_zh="示例资金",
        name_en="Demo fund",
        allocated=allocated,
        at=MORNING,
        actor="admin",
        indicator_no=f"示例指2026-{fund_id}",
        function_code="2150805",
        spending_plan="示例计划",
        **{"year": 2026, **terms},
    )


def _approve_payment(world: World, claim: Claim) -> Claim:
    batch = world.office.create_batch([claim.id], actor=world.people["maker"], at=world.now)
    world.office.approve_batch(batch.id, actor=world.people["checker"], at=world.now)
    return world.desk.claim(claim.id)


def _notice_and_wait(world: World, claim: Claim) -> Claim:
    world.wait(8)
    while claim.notice_until is not None and world.today <= claim.notice_until:  # a holiday fell into its days
        world.wait(1)
    return world.clear(claim)


def _approved(world: World, claim: Claim) -> Claim:
    return world.publish(claim) if claim.notice_days else world.clear(claim)


def _pass_review(world: World, claim: Claim) -> Claim:
    who = next(person for person in world.people.values() if person.id == claim.assignee)
    return world.desk.fire(claim.id, "pass", actor=who, at=world.now)


_NEXT: Mapping[State, Callable[[World, Claim], Claim]] = {
    State.DRAFT: lambda world, claim: world.fire(claim, "submit", "applicant"),
    State.SUBMITTED: lambda world, claim: world.fire(claim, "accept", "clerk"),
    State.ACCEPTED: lambda world, claim: world.fire(claim, "assign", "lead", assignee="reviewer"),
    State.IN_REVIEW: _pass_review,
    State.IN_RECHECK: lambda world, claim: world.fire(claim, "pass", "rechecker"),
    State.IN_APPROVAL: lambda world, claim: world.fire(claim, "approve", "approver"),
    State.APPROVED: _approved,
    State.PUBLISHED: _notice_and_wait,
    State.PAYABLE: _approve_payment,
    State.IN_PAYMENT: lambda world, claim: world.pay(claim),
}

__all__ = [
    "CALENDAR",
    "CONTACT",
    "FIRM",
    "FIRMS",
    "FUND",
    "PEOPLE",
    "POLICY",
    "SECOND",
    "USCC",
    "FakeAssessor",
    "WorkingCalendar",
    "World",
    "build_world",
]
