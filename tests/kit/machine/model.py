"""A plain model of claims and funds: dictionaries and whole numbers, no database, no code of the library but its table.

It says of every attempt whether it must succeed, and what then is true. What it knows of one topic is a ``Topic``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from claims_world import PEOPLE

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
ROLES: Mapping[str, frozenset[Role]] = {name: frozenset(roles) for name, roles in PEOPLE.items()} | {
    "system": frozenset({Role.SYSTEM}),
    "public": frozenset({Role.PUBLIC}),
}

POOL, POOL_STEP = "pool", 100_00
DECISIONS = {
    "refuse", "reject", "approve", "revoke", "answer_objection", "dismiss_objection", "uphold_objection",
    "uphold_appeal", "dismiss_appeal", "consent_withdrawal", "refuse_withdrawal", "propose_recovery",
    "approve_recovery", "propose_write_off", "approve_write_off",
}  # fmt: skip
PERSONAL = {"not_filer", "new_decider", "objection_decider_new", "write_off_by_another"}
"""Guards that hold only where they hold for everybody whose step it is, the principal of a deputy as well."""
ENDS = {"NOT_ACCEPTED", "LAPSED", "REJECTED", "REVOKED", "WITHDRAWN", "COMPLETED", "RECOVERED", "WRITTEN_OFF"}


@dataclass
class Demand:
    """What is to be recovered of a claim: proposed, then (``by`` another) open."""

    amount: int
    to_treasury: bool
    is_open: bool = False
    received: int = 0
    last: int = 0
    write_off_by: str = ""

    @property
    def rest(self) -> int:
        return self.amount - self.received


@dataclass
class ModelClaim:
    """A claim as the model knows it; ``money`` is fund → kind → 分, ``deciders`` made one of ``DECISIONS``."""

    key: tuple[str, str]
    item: str
    estimate: int
    shares: Mapping[str, Fraction]
    state: str = "DRAFT"
    proposed: int | None = None
    claimed: int | None = None
    approved: int | None = None
    is_held: bool = False
    is_waiting: bool = False
    rank: int | None = None
    assignee: str = ""
    asked_in: str = ""
    correction_due: date | None = None
    notice_until: date | None = None
    in_notice: bool = False
    days_left: int = 0
    objections: dict[int, str] = field(default_factory=dict)
    barred: set[str] = field(default_factory=set)
    allocation: str = ""
    instruction: str = ""
    since: date | None = None
    version: int = 1
    task_open: bool = False
    tasks: int = 0
    duties: list[tuple[str, str]] = field(default_factory=list)
    deciders: set[str] = field(default_factory=set)
    withdrawal_asked: bool = False
    slot: int | None = None
    decided_on: date | None = None
    appealed: bool = False
    demand: Demand | None = None
    given_up: Demand | None = None
    recovered: int = 0
    parked: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    money: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        return self.approved or self.proposed or self.claimed or self.estimate

    @property
    def is_pooled(self) -> bool:
        return POOL in self.shares

    @property
    def is_allotted(self) -> bool:
        return not self.is_pooled or sum(self.held("reserved").values()) == self.amount

    def parts(self) -> dict[str, int]:
        exact = {fund: self.amount * share for fund, share in self.shares.items()}
        parts = {fund: int(value) for fund, value in exact.items()}
        rest = sorted(exact, key=lambda fund: (-(exact[fund] - parts[fund]), fund))
        for fund in rest[: self.amount - sum(parts.values())]:
            parts[fund] += 1
        return parts

    def held(self, kind: str) -> dict[str, int]:
        return {fund: kinds.get(kind, 0) for fund, kinds in self.money.items()}

    def hold(self, kind: str, parts: Mapping[str, int]) -> None:
        self.money = {fund: {kind: amount} for fund, amount in parts.items() if amount}


@dataclass(frozen=True)
class Attempt:
    """Who tries something, on which day; ``cut`` is a reduced amount."""

    who: str
    today: date
    assignee: str = ""
    cut: int | None = None


Guard = Callable[["Model", ModelClaim, Attempt], bool]


@dataclass(frozen=True)
class Topic:
    """What the model knows of one topic of claims.

    Attributes:
        guards: guard → whether it holds; one that no topic names always holds in this world.
        affordable: event → whether the money is there.
        apply: event → what it writes into the claim, before the state moves.
        money: fund effect → what it moves.
        kinds: state → the kinds of money that a claim may hold in it; none where no topic says.
        usual: state → the usual next event, and by whom ("" is whoever it is assigned to).
        payload: event → fields of its payload beyond the common ones.
        follows: event → the event that the machine fires right after it, if any.
        ways: state → the usual next where it is no event of the desk: given the machine, the claim, a suffix of people.
        dead: states that free place and items.
    """

    guards: Mapping[str, Guard] = field(default_factory=dict)
    affordable: Mapping[str, Callable[[Model, ModelClaim, Transition], bool]] = field(default_factory=dict)
    apply: Mapping[str, Callable[[Model, ModelClaim, Transition, Attempt], None]] = field(default_factory=dict)
    money: Mapping[str, Callable[[Model, ModelClaim], None]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    usual: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    payload: Mapping[str, Callable[[Any, ModelClaim, Attempt], dict[str, Any]]] = field(default_factory=dict)
    follows: Mapping[str, Callable[[ModelClaim], str | None]] = field(default_factory=dict)
    ways: Mapping[str, Callable[[Any, int, str], None]] = field(default_factory=dict)
    dead: frozenset[str] = frozenset()


def joined(topics: Sequence[Topic]) -> Topic:
    """Everything that the topics know, as one; two must not speak of the same thing."""
    names = ("guards", "affordable", "apply", "money", "kinds", "usual", "payload", "follows", "ways")
    parts: dict[str, dict[str, Any]] = {name: {} for name in names}
    for topic in topics:
        for name in names:
            said = getattr(topic, name)
            assert not parts[name].keys() & said.keys(), (name, parts[name].keys() & said.keys())
            parts[name] |= said
    return Topic(**parts, dead=frozenset().union(*(topic.dead for topic in topics)))


@dataclass
class Model:
    """All claims and funds."""

    allocated: dict[str, int]
    topic: Topic
    now: Callable[[], datetime]
    claims: dict[int, ModelClaim] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    lent: dict[tuple[str, Role], tuple[str, date]] = field(default_factory=dict)

    def total(self, fund: str, kind: str) -> int:
        return sum(claim.money.get(fund, {}).get(kind, 0) for claim in self.claims.values())

    def available(self, fund: str) -> int:
        return (
            self.allocated[fund]
            - self.gone.get(fund, 0)
            - sum(self.total(fund, kind) for kind in ("reserved", "committed", "paid"))
        )

    def live(self) -> list[ModelClaim]:
        return [claim for claim in self.claims.values() if claim.state not in self.topic.dead]

    def filed(self, who: str, claims: Iterable[int]) -> bool:
        """Whether somebody filed one of the claims, and therefore may put none of them into a document."""
        return any((who, "filer") in self.claims[claim_id].duties for claim_id in claims)

    def may_draft(self, key: tuple[str, str]) -> bool:
        return all(claim.key != key for claim in self.live()) and not self.is_recovering_from(key[0])

    def rank_now(self, claim: ModelClaim) -> int:
        """The place in the queue: by the moment of acceptance, to the second, then by id."""
        number = next(claim_id for claim_id, other in self.claims.items() if other is claim)
        return int(self.now().timestamp()) * 10_000 + number

    def is_recovering_from(self, firm: str) -> bool:
        return any(claim.state == "RECOVERING" and claim.key[0] == firm for claim in self.claims.values())

    def row(self, claim: ModelClaim, event: str, attempt: Attempt) -> Transition | None:
        """The row that must fire, or ``None`` where the attempt must be refused."""
        for row in TRANSITIONS:
            if row.event == event and claim.state in row.sources and _is_branch(claim, row.when):
                return row if self._may(claim, row, attempt) else None
        return None

    def is_barred(self, claim: ModelClaim, who: str, duty: str | None) -> bool:
        if duty is None or who == "system":
            return False
        mine = {past for person, past in claim.duties if person == who}
        return any((duty, past) in CROSSES or (past, duty) in CROSSES for past in mine)

    def apply(self, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
        source, claim.version = claim.state, claim.version + 1
        if row.duty and attempt.who != "system":
            claim.duties += [(who, str(row.duty)) for who in self.people(row, attempt)]
        if change := self.topic.apply.get(row.event):
            change(self, claim, row, attempt)
        if move := self.topic.money.get(row.fund):
            move(self, claim)
        if row.event in DECISIONS:
            claim.deciders.update(self.people(row, attempt))
        claim.state = str(row.target or source)
        if claim.state in self.topic.dead:  # out of every document
            claim.in_notice, claim.allocation = False, ""
        if claim.state in ENDS:
            claim.withdrawal_asked = False
        if claim.state != source:
            claim.since = attempt.today
        claim.task_open = claim.task_open and claim.state == "IN_REVIEW"
        look = self.topic.follows.get(row.event)
        if look is not None and (event := look(claim)):
            system = Attempt("system", attempt.today)
            following = self.row(claim, event, system)
            assert following is not None
            self.apply(claim, following, system)

    def serve_waitlist(self, today: date) -> None:
        """Whoever waits longest is reserved for as soon as the money is there."""
        row = next(row for row in TRANSITIONS if row.event == "reserve")
        for claim in sorted(self.claims.values(), key=lambda claim: claim.rank or 0):
            if claim.is_waiting and self.fits(claim) and not self.others_wait(claim, earlier_only=True):
                self.apply(claim, row, Attempt("system", today))

    def people(self, row: Transition, attempt: Attempt) -> list[str]:
        """Whoever acts and the one in whose place; nobody where neither holds the role."""
        if not ROLES[attempt.who].isdisjoint(row.roles):
            return [attempt.who]
        lent = [self.lent.get((attempt.who, role)) for role in row.roles]
        return next(([attempt.who, who] for who, until in filter(None, lent) if attempt.today <= until), [])

    def fits(self, claim: ModelClaim) -> bool:
        held = claim.held("reserved")
        return all(self.available(fund) + held.get(fund, 0) >= part for fund, part in claim.parts().items())

    def others_wait(self, claim: ModelClaim, *, earlier_only: bool) -> bool:
        return any(
            other.is_waiting
            and other is not claim
            and set(other.shares) & set(claim.shares)
            and (not earlier_only or (other.rank or 0) < (claim.rank or 0))
            for other in self.claims.values()
        )

    def _may(self, claim: ModelClaim, row: Transition, attempt: Attempt) -> bool:
        afford = self.topic.affordable.get(row.event)
        people = self.people(row, attempt)
        return (
            bool(people)
            and all(self._holds(guard, claim, attempt) for guard in row.guards)
            and all(
                self._holds(guard, claim, replace(attempt, who=who))
                for guard in PERSONAL & {*row.guards}
                for who in people
            )
            and not any(self.is_barred(claim, who, row.duty) for who in people)
            and (afford is None or afford(self, claim, row))
        )

    def _holds(self, guard: str, claim: ModelClaim, attempt: Attempt) -> bool:
        known = self.topic.guards.get(guard)
        return known is None or known(self, claim, attempt)


def _is_branch(claim: ModelClaim, when: str | None) -> bool:
    if when in (None, "with_recheck", "with_notice"):
        return True
    return when in (f"asked_in_{claim.asked_in.lower()}", f"appealed_{claim.asked_in.lower()}")
