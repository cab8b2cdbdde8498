"""Notices and documents of allocation that cover many claims, objections in between, and clearance for payment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from claims_world import CALENDAR, CONTACT
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, invariant, multiple, rule
from sqlalchemy import text

from machine.base import CLAIMS, Base, tried
from machine.model import ROLES, Attempt, Model, ModelClaim, Topic
from subsidy_match.claims.official.fund_allocations import check_allocations
from subsidy_match.claims.official.objections import Objector
from subsidy_match.claims.transition import Transition
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import PUBLIC, Role

NOTICES, DRAFTS, ISSUED, OBJECTIONS = Bundle("notices"), Bundle("drafts"), Bundle("issued"), Bundle("objections")
OFFICERS = ["notice", "notice_b", "everything", "supervisor"]
ISSUERS = ["approver", "approver_b", "supervisor", "notice", "everything"]
DECIDERS = ["supervisor", "supervisor_b", "everything", "approver"]
DECISIONS = ["dismiss", "uphold", "revoke"]
WHY = {"reason_code": "other", "answer": "说明"}


class Notices(Base):
    """Documents are made over claims, and everything that can happen to them happens."""

    _numbers = 0

    @rule(
        target=NOTICES,
        chosen=st.lists(CLAIMS, min_size=1, max_size=4, unique=True),
        who=st.sampled_from(["notice", "notice_b", "everything", "clerk"]),
    )
    def publish_notice(self, chosen: list[int], who: str):
        approved = [claim_id for claim_id in chosen if self.model.claims[claim_id].state == "APPROVED"]
        chosen = approved or chosen
        expected = len(approved) == len(chosen) and Role.NOTICE in ROLES[who]
        expected = expected and not self.model.filed(who, chosen)
        notice = self._tried(expected, lambda actor: self._draft_notice(chosen, actor), who)
        if notice is None:
            return multiple()
        rows = {i: self.model.row(self.model.claims[i], "publish", Attempt(who, self.today)) for i in chosen}
        self._tried(True, lambda actor: self._notices.publish(notice.id, actor=actor, at=self.world.now), who)
        self.follow(rows, who)
        return notice.id

    @rule(target=NOTICES, notice_id=consumes(NOTICES), who=st.sampled_from(OFFICERS), withdraw=st.booleans())
    def end_notice(self, notice_id: int, who: str, withdraw: bool):
        notice = self._notices.notice(notice_id)
        claims = {e.claim_id: self.model.claims[e.claim_id] for e in notice.entries if e.is_open}
        attempt = Attempt(who, self.today)
        rows = {i: self.model.row(claim, "unpublish", attempt) for i, claim in claims.items()}
        may_close = all(c.state != "OBJECTION" and _is_over(self.model, c, attempt) for c in claims.values())
        expected = Role.NOTICE in ROLES[who] and (None not in rows.values() if withdraw else may_close)
        expected = expected and not self.model.filed(who, claims)
        if withdraw:
            end = lambda actor: self._notices.withdraw(notice_id, actor=actor, at=self.world.now, reason_code="other")  # noqa: E731
        else:
            end = lambda actor: self._notices.close(notice_id, actor=actor, at=self.world.now)  # noqa: E731
        if self._tried(expected, end, who) is None:
            return notice_id
        if withdraw:
            self.follow(rows, who)
        for claim in claims.values():
            claim.in_notice = False
        return multiple()

    @rule(target=OBJECTIONS, claim_id=CLAIMS, who=st.sampled_from(["", "notice", "supervisor", "applicant"]))
    def object(self, claim_id: int, who: str):
        claim, actor = self.model.claims[claim_id], PUBLIC if who == "" else self.world.people[who]
        number = next((n.number for n in reversed(self._notices.notices()) if _lists(n, claim_id)), "无")
        expected = claim.in_notice and claim.state in ("PUBLISHED", "OBJECTION") and who != "applicant"
        objector = Objector("李某", "0517-1") if who == "" else None
        filed, refusal = tried(
            lambda: self._objections.file(
                number,
                self.world.desk.claim(claim_id).claim_no,
                evidence="名单有误",
                objector=objector,
                actor=actor,
                at=self.world.now,
            )
        )
        assert (filed is not None) is expected, refusal
        if filed is None:
            return multiple()
        (row,) = [r for r in self.model_rows(claim, "object")]
        self.model.apply(claim, row, Attempt(who or "public", self.today))
        claim.objections[filed.id] = who or "public"
        assert filed.days_left == claim.days_left
        return filed.id

    @rule(objection_id=consumes(OBJECTIONS), who=st.sampled_from(DECIDERS), decision=st.sampled_from(DECISIONS))
    def decide(self, objection_id: int, who: str, decision: str):
        claim = self.model.claims[self._objections.objection(objection_id).claim_id]
        others = len(claim.objections) > 1
        event = {"uphold": "uphold_objection", "revoke": "revoke"}.get(
            decision, "answer_objection" if others else "dismiss_objection"
        )
        is_open = objection_id in claim.objections
        row = self.model.row(claim, event, Attempt(who, self.today)) if is_open else None
        act = getattr(self._objections, decision)
        done = self._tried(row is not None, lambda actor: act(objection_id, actor=actor, at=self.world.now, **WHY), who)
        if done is not None:
            assert row is not None
            claim.objections = {
                k: v for k, v in claim.objections.items() if event.startswith(("ans", "dis")) and k != objection_id
            }
            self.model.apply(claim, row, Attempt(who, self.today))
            self.model.serve_waitlist(self.today)

    @rule(target=DRAFTS, chosen=st.lists(CLAIMS, min_size=1, max_size=4, unique=True))
    def draft_allocation(self, chosen: list[int]):
        fit = [i for i in chosen if _may_be_listed(self.model.claims[i])]
        chosen = fit or chosen
        made = self._tried(len(fit) == len(chosen), lambda actor: self._draft_allocation(chosen, actor), "notice")
        if made is None:
            return multiple()
        for claim_id in chosen:
            self.model.claims[claim_id].allocation = "draft"
        assert made.total == sum(self.model.claims[i].amount for i in chosen)
        return made.id

    @rule(target=ISSUED, allocation_id=consumes(DRAFTS), who=st.sampled_from(ISSUERS))
    def issue_allocation(self, allocation_id: int, who: str):
        entries = self._allocations.allocation(allocation_id).entries
        claims = [self.model.claims[e.claim_id] for e in entries]
        attempt = Attempt(who, self.today)
        fit = all(e.is_live for e in entries) and all(
            c.state == "PUBLISHED" and _is_over(self.model, c, attempt) for c in claims
        )
        expected = fit and who != "notice" and not ROLES[who].isdisjoint({Role.APPROVER, Role.SUPERVISOR})
        expected = expected and not self.model.filed(who, [e.claim_id for e in entries])
        done = self._tried(
            expected, lambda actor: self._allocations.issue(allocation_id, actor=actor, at=self.world.now), who
        )
        if done is not None:
            for claim in claims:
                claim.allocation = "issued"
            return allocation_id
        self._void(allocation_id, "notice")
        return multiple()

    @rule(allocation_id=ISSUED)
    def clear_allocation(self, allocation_id: int):
        found = self._allocations.allocation(allocation_id)
        claims = {e.claim_id: self.model.claims[e.claim_id] for e in found.entries if e.is_live}
        attempt = Attempt("notice", self.today)
        ready = {i: self.model.row(c, "clear", attempt) for i, c in claims.items()}
        act = lambda actor: self._allocations.clear(allocation_id, actor=actor, at=self.world.now)  # noqa: E731
        self._tried(found.state == "ISSUED", act, "notice")
        self.follow({i: row for i, row in ready.items() if row is not None and found.state == "ISSUED"}, "notice")

    @rule(allocation_id=ISSUED, who=st.sampled_from(ISSUERS))
    def void_allocation(self, allocation_id: int, who: str):
        self._void(allocation_id, who)

    @invariant()
    def documents_list_a_claim_once_and_their_totals_agree(self):
        assert in_unit(self.world.engine, check_allocations, immediate=False) == []
        with self.world.engine.connect() as connection:
            for table, live in (("public_notice_claims", "is_open"), ("fund_allocation_claims", "is_live")):
                found = connection.execute(text(f"SELECT claim_id FROM {table} WHERE {live}")).scalars().all()
                assert len(found) == len(set(found))
            query = "SELECT claim_id FROM objections WHERE state = 'OPEN'"
            under = set(connection.execute(text(query)).scalars())
        assert under == {i for i, claim in self.model.claims.items() if claim.state == "OBJECTION"}

    @invariant()
    def only_allocated_claims_are_payable(self):
        for claim in self.model.claims.values():
            if claim.state in ("PAYABLE", "IN_PAYMENT", "PAY_FAILED", "PAID", "COMPLETED"):
                assert claim.allocation == "issued"

    def model_rows(self, claim: ModelClaim, event: str) -> list[Transition]:
        from subsidy_match.claims.table import TRANSITIONS

        return [row for row in TRANSITIONS if row.event == event and claim.state in row.sources]

    def walk_notice(self, claim_id: int, suffix: str) -> None:
        """The usual next of an approved claim: a notice of its own."""
        self.publish_notice([claim_id], "notice" + suffix)

    def walk_clear(self, claim_id: int, suffix: str) -> None:
        """The usual next of a claim whose notice is over: a document of its own, issued, and cleared."""
        made = self.draft_allocation([claim_id])
        issued = self.issue_allocation(made, "approver" + suffix) if isinstance(made, int) else None
        if isinstance(issued, int):
            self.clear_allocation(issued)
        elif self.model.claims[claim_id].allocation == "issued":
            self.fire(claim_id, "clear", "notice" + suffix)

    @property
    def _notices(self) -> Any:
        return self.world.notices

    @property
    def _objections(self) -> Any:
        return self.world.objections

    @property
    def _allocations(self) -> Any:
        return self.world.allocations

    def _draft_notice(self, claims: list[int], actor: Any) -> Any:
        return self._notices.draft(
            claims, number=self._number(), title="公示", contact=CONTACT, actor=actor, at=self.world.now
        )

    def _draft_allocation(self, claims: list[int], actor: Any) -> Any:
        return self._allocations.draft(claims, number=self._number(), title="下达", actor=actor, at=self.world.now)

    def _number(self) -> str:
        self._numbers += 1
        return f"示例〔2026〕{self._numbers}号"

    def _void(self, allocation_id: int, who: str) -> None:
        found, attempt = self._allocations.allocation(allocation_id), Attempt(who, self.today)
        claims = {e.claim_id: self.model.claims[e.claim_id] for e in found.entries if e.is_live}
        issued = found.state == "ISSUED"
        back = {i: c for i, c in claims.items() if issued and c.state not in ("PUBLISHED", "OBJECTION")}
        rows = {i: self.model.row(c, "recall", attempt) for i, c in back.items()}
        makers = set() if issued else {Role.NOTICE, Role.MAKER}
        may = not ROLES[who].isdisjoint({Role.APPROVER, Role.SUPERVISOR} | makers)
        expected = may and found.state != "VOID" and None not in rows.values() and not self.model.filed(who, claims)
        act = lambda actor: self._allocations.void(allocation_id, actor=actor, at=self.world.now, reason_code="other")  # noqa: E731
        if self._tried(expected, act, who) is not None:
            self.follow(rows, who)
            for claim in claims.values():
                claim.allocation = ""

    def _tried(self, expected: bool, act: Callable[[Any], Any], who: str) -> Any:
        done, refusal = tried(lambda: act(self.world.people[who]))
        assert (done is not None) is expected, refusal
        return done


def _lists(notice: Any, claim_id: int) -> bool:
    return notice.state == "PUBLISHED" and any(e.claim_id == claim_id and e.is_open for e in notice.entries)


def _may_be_listed(claim: ModelClaim) -> bool:
    return claim.state == "PUBLISHED" and not claim.allocation


def _is_over(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    if claim.state != "PUBLISHED":
        return True
    return claim.notice_until is not None and attempt.today > claim.notice_until


def _publish(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.notice_until, claim.in_notice = CALENDAR.add_working_days(attempt.today, 5).on, True


def _unpublish(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.notice_until = None


def _object(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    if claim.state == "PUBLISHED":
        until = claim.notice_until
        over = until is None or until <= attempt.today
        claim.days_left = 0 if over else CALENDAR.working_days_between(attempt.today, until)
        claim.barred = claim.deciders | {person for person, _ in claim.duties}


def _dismiss(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.notice_until = CALENDAR.add_working_days(attempt.today, claim.days_left).on


def _uphold(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.approved, claim.notice_until = None, None
    claim.in_notice, claim.allocation = False, ""


def _new(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    return attempt.who not in claim.barred and attempt.who not in claim.objections.values()


TOPIC = Topic(
    guards={
        "notice_over": lambda model, claim, attempt: claim.state == "PUBLISHED" and _is_over(model, claim, attempt),
        "allocated": lambda model, claim, attempt: claim.allocation == "issued",
        "not_allocated": lambda model, claim, attempt: claim.allocation != "issued",
        "objection_decider_new": _new,
        "last_objection": lambda model, claim, attempt: len(claim.objections) <= 1,
        "other_objections": lambda model, claim, attempt: len(claim.objections) > 1,
    },
    apply={
        "publish": _publish,
        "unpublish": _unpublish,
        "object": _object,
        "dismiss_objection": _dismiss,
        "uphold_objection": _uphold,
    },
    money={"reopen": lambda model, claim: claim.hold("reserved", claim.held("committed"))},
    kinds={"PUBLISHED": "committed", "OBJECTION": "committed", "PAYABLE": "committed"},
    ways={
        "APPROVED": lambda machine, claim_id, suffix: machine.walk_notice(claim_id, suffix),
        "PUBLISHED": lambda machine, claim_id, suffix: machine.walk_clear(claim_id, suffix),
    },
)

__all__ = ["TOPIC", "Notices"]
