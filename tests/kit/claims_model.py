"""A plain model of claims and funds: dictionaries and whole numbers, no database, no code of the library but its table.

It says of every attempt whether it must succeed, and what then is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from claims_world import CALENDAR, PEOPLE

from subsidy_match.claims.table import TRANSITIONS
from subsidy_match.claims.transition import Transition
from subsidy_match.store.users import Role

CROSSES = {
    ("filer", "clerk"), ("filer", "reviewer"), ("filer", "rechecker"), ("filer", "approver"),
    ("filer", "batch_maker"), ("filer", "batch_checker"), ("clerk", "approver"), ("reviewer", "rechecker"),
    ("reviewer", "approver"), ("reviewer", "batch_maker"), ("reviewer", "batch_checker"), ("rechecker", "approver"),
    ("rechecker", "batch_maker"), ("rechecker", "batch_checker"), ("approver", "batch_maker"),
    ("approver", "batch_checker"), ("batch_maker", "batch_checker"),
}  # fmt: skip
DEAD = {"NOT_ACCEPTED", "LAPSED", "REJECTED", "WITHDRAWN"}
BACK_BEFORE_PASS = {"SUBMITTED", "ACCEPTED", "IN_REVIEW"}
ROLES: Mapping[str, frozenset[Role]] = {name: frozenset(roles) for name, roles in PEOPLE.items()} | {
    "system": frozenset({Role.SYSTEM})
}


@dataclass
class ModelClaim:
    """A claim as the model knows it; ``held_money`` is fund → (kind, 分)."""

    key: tuple[str, str]
    item: str
    estimate: int
    shares: Mapping[str, Fraction]
    state: str = "DRAFT"
    proposed: int | None = None
    approved: int | None = None
    is_held: bool = False
    is_waiting: bool = False
    rank: int | None = None
    assignee: str = ""
    asked_in: str = ""
    correction_due: date | None = None
    notice_until: date | None = None
    instruction: str = ""
    version: int = 1
    duties: list[tuple[str, str]] = field(default_factory=list)
    money: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        return self.approved or self.proposed or self.estimate

    def parts(self) -> dict[str, int]:
        exact = {fund: self.amount * share for fund, share in self.shares.items()}
        parts = {fund: int(value) for fund, value in exact.items()}
        rest = sorted(exact, key=lambda fund: (-(exact[fund] - parts[fund]), fund))
        for fund in rest[: self.amount - sum(parts.values())]:
            parts[fund] += 1
        return parts

    def held(self, kind: str) -> dict[str, int]:
        return {fund: kinds.get(kind, 0) for fund, kinds in self.money.items()}


@dataclass
class Model:
    """All claims and funds."""

    allocated: Mapping[str, int]
    claims: dict[int, ModelClaim] = field(default_factory=dict)
    accepted: int = 0

    def total(self, fund: str, kind: str) -> int:
        return sum(claim.money.get(fund, {}).get(kind, 0) for claim in self.claims.values())

    def available(self, fund: str) -> int:
        return self.allocated[fund] - sum(self.total(fund, kind) for kind in ("reserved", "committed", "paid"))

    def may_draft(self, key: tuple[str, str], item: str) -> bool:
        live = [claim for claim in self.claims.values() if claim.state not in DEAD]
        return all(claim.key != key and claim.item != item for claim in live)

    def row(self, claim: ModelClaim, event: str, who: str, today: date, assignee: str = "") -> Transition | None:
        """The row that must fire, or ``None`` where the attempt must be refused."""
        for row in TRANSITIONS:
            if row.event == event and claim.state in row.sources and self._is_branch(claim, row.when):
                roles = ROLES[who] & row.roles
                guards = all(self._guard(claim, guard, who, today, assignee) for guard in row.guards)
                fits = roles and guards and not self.is_barred(claim, who, row.duty) and self._affordable(claim, row)
                return row if fits else None
        return None

    def is_barred(self, claim: ModelClaim, who: str, duty: str | None) -> bool:
        if duty is None or who == "system":
            return False
        mine = {past for person, past in claim.duties if person == who}
        return any((duty, past) in CROSSES or (past, duty) in CROSSES for past in mine)

    def apply(
        self, claim: ModelClaim, row: Transition, who: str, today: date, *, cut: int | None, assignee: str
    ) -> None:
        source, claim.version = claim.state, claim.version + 1
        if row.duty and who != "system":
            claim.duties.append((who, str(row.duty)))
        match str(row.event):
            case "accept":
                self.accepted += 1
                claim.rank = self.accepted
            case "assign":
                claim.assignee = assignee
            case "request_correction":
                claim.asked_in, claim.correction_due = source, today + timedelta(days=5)
            case "resubmit":
                claim.asked_in, claim.correction_due = "", None
                claim.proposed = None if row.target in BACK_BEFORE_PASS else claim.proposed
            case "pass" if source == "IN_REVIEW":
                claim.proposed = cut or claim.amount
            case "approve":
                claim.approved = claim.amount
            case "publish":
                claim.notice_until = CALENDAR.add_working_days(today, 5).on
            case "hold" | "unhold" as event:
                claim.is_held = event == "hold"
        self._move_money(claim, row)
        claim.state = str(row.target or source)

    def _move_money(self, claim: ModelClaim, row: Transition) -> None:
        match str(row.fund):
            case "reserve_or_wait":
                claim.is_waiting = not self._fits(claim) or self._others_wait(claim, earlier_only=False)
                if not claim.is_waiting:
                    self._hold(claim, "reserved", claim.parts())
            case "reserve":
                claim.is_waiting = False
                self._hold(claim, "reserved", claim.parts())
            case "adjust" if claim.rank is not None and not claim.is_waiting:
                self._hold(claim, "reserved", claim.parts())
            case "release":
                claim.money, claim.is_waiting = {}, False
            case "commit":
                self._hold(claim, "committed", claim.held("reserved"))
            case "pay":
                self._hold(claim, "paid", claim.held("committed"))

    def _hold(self, claim: ModelClaim, kind: str, parts: Mapping[str, int]) -> None:
        claim.money = {fund: {kind: amount} for fund, amount in parts.items() if amount}

    def _affordable(self, claim: ModelClaim, row: Transition) -> bool:
        if row.fund == "reserve":
            return self._fits(claim)
        if row.event == "resubmit" and claim.rank is not None and not claim.is_waiting:
            before, claim.proposed = claim.proposed, None if row.target in BACK_BEFORE_PASS else claim.proposed
            fits = self._fits(claim)
            claim.proposed = before
            return fits
        return True

    def _fits(self, claim: ModelClaim) -> bool:
        held = claim.held("reserved")
        return all(self.available(fund) + held.get(fund, 0) >= part for fund, part in claim.parts().items())

    def _others_wait(self, claim: ModelClaim, *, earlier_only: bool) -> bool:
        return any(
            other.is_waiting
            and other is not claim
            and set(other.shares) & set(claim.shares)
            and (not earlier_only or (other.rank or 0) < (claim.rank or 0))
            for other in self.claims.values()
        )

    def _is_branch(self, claim: ModelClaim, when: str | None) -> bool:
        if when in (None, "with_recheck", "with_notice"):
            return True
        return when == f"asked_in_{claim.asked_in.lower()}"

    def _guard(self, claim: ModelClaim, guard: str, who: str, today: date, assignee: str) -> bool:
        due = claim.correction_due or today
        answers = {
            "may_file": who == "system" or who == "applicant" or (who == "everything" and claim.key[0].endswith("4P")),
            "not_held": not claim.is_held,
            "held": claim.is_held,
            "assignee_fit": self._assignee_fits(claim, who, assignee),
            "assigned_to_actor": claim.assignee == who,
            "reserved_in_full": not claim.is_waiting,
            "first_in_line": claim.is_waiting and not self._others_wait(claim, earlier_only=True),
            "before_correction_due": today <= due,
            "after_correction_due": today > due,
            "notice_over": claim.notice_until is not None and today > claim.notice_until,
        }
        return answers.get(guard, True)  # the rest always holds in this world

    def _assignee_fits(self, claim: ModelClaim, who: str, assignee: str) -> bool:
        may_choose = assignee == who or Role.LEAD in ROLES[who]
        return (
            may_choose and Role.REVIEWER in ROLES[assignee or who] and not self.is_barred(claim, assignee, "reviewer")
        )
