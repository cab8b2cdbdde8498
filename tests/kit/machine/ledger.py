"""Money comes into funds and moves between them; a pooled one is shared out by runs."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from machine.base import CITY, PROVINCE, Base, tried
from machine.model import POOL, POOL_STEP, ROLES, Attempt, Model, ModelClaim, Topic
from subsidy_match.claims.table import TRANSITIONS
from subsidy_match.claims.transition import Transition
from subsidy_match.store.users import Role

FUNDS = st.sampled_from([CITY, PROVINCE, POOL])
OFFICERS = st.sampled_from(["fund", "fund_b", "supervisor", "everything", "clerk"])
SHARING = ("IN_RECHECK", "IN_APPROVAL")
ALLOT = next(row for row in TRANSITIONS if row.event == "allot")


class Ledger(Base):
    """The fund office at work."""

    def __init__(self) -> None:
        super().__init__()
        self.documents = 0
        self.run: tuple[int, str, dict[int, tuple[int, int]]] | None = None  # id, maker, claim → asked and share

    @rule(fund=FUNDS, amount=st.sampled_from([1, 10_000_00]))
    def more_money(self, fund: str, amount: int):
        self.documents += 1
        actor, number = self.world.people["fund"], f"指{self.documents}号"
        self.world.money.allocate(fund, amount, document_no=number, actor=actor, at=self.world.now)
        self.model.allocated[fund] += amount
        self.model.serve_waitlist(self.today)

    @rule(source=FUNDS, into=FUNDS, amount=st.sampled_from([1, 10_000_00, 30_000_01]))
    def transfer(self, source: str, into: str, amount: int):
        self.documents += 1
        by = {"actor": self.world.people["fund"], "at": self.world.now, "document_no": f"调{self.documents}号"}
        done, refusal = tried(lambda: self.world.money.transfer(source, into, amount, **by))
        must = source != into and amount <= self.model.available(source)
        assert (done is not None) is must, refusal
        if must:
            self.model.allocated[source] -= amount
            self.model.allocated[into] += amount
            self.model.serve_waitlist(self.today)

    @rule(who=OFFICERS)
    def draft_run(self, who: str):
        asked = {
            claim_id: claim.amount
            for claim_id, claim in self.model.claims.items()
            if claim.is_pooled and claim.state in SHARING and not claim.money
        }
        budget = self.model.available(POOL)
        must = Role.FUND in ROLES[who] and self.run is None and bool(asked) and budget > 0
        must = must and not self.model.filed(who, asked)
        people, now = self.world.people, self.world.now
        made, refusal = tried(lambda: self.world.money.draft_run(POOL, actor=people[who], at=now))
        assert (made is not None) is must, refusal
        if made is None:
            return
        needed = sum(asked.values())
        floored = {one: amount * budget // (needed * POOL_STEP) * POOL_STEP for one, amount in asked.items()}
        shares = asked if needed <= budget else floored
        assert {part.claim_id: (part.asked, part.share) for part in made.parts} == {
            one: (amount, shares[one]) for one, amount in asked.items()
        }
        assert made.total == sum(shares.values()) <= budget
        self.run = (made.id, who, {one: (amount, shares[one]) for one, amount in asked.items()})

    @rule(who=OFFICERS)
    def confirm_run(self, who: str):
        if self.run is None:
            return
        run_id, maker, parts = self.run
        total = sum(share for _, share in parts.values())
        must = (
            self._may_confirm(who)
            and who != maker
            and not self.model.filed(who, parts)
            and all(self._unchanged(claim_id, asked) for claim_id, (asked, _) in parts.items())
            and total <= self.model.available(POOL)
        )
        actor, now = self.world.people[who], self.world.now
        done, refusal = tried(lambda: self.world.money.confirm_run(run_id, actor=actor, at=now))
        assert (done is not None) is must, refusal
        if must:
            self.run = None
            for claim_id, (_, share) in parts.items():
                if share:
                    self.model.apply(self.model.claims[claim_id], ALLOT, Attempt(who, self.today, cut=share))

    @rule(who=OFFICERS)
    def cancel_run(self, who: str):
        if self.run is None:
            return
        run_id, actor, now = self.run[0], self.world.people[who], self.world.now
        done, refusal = tried(lambda: self.world.money.cancel_run(run_id, actor=actor, at=now))
        assert (done is not None) is self._may_confirm(who), refusal
        if done is not None:
            self.run = None

    @rule()
    def share_out(self):
        """The usual way: drafted by one, confirmed by the other."""
        if self.run is None:
            self.draft_run("fund")
        self.confirm_run("fund_b")

    def _may_confirm(self, who: str) -> bool:
        return not ROLES[who].isdisjoint({Role.FUND, Role.SUPERVISOR})

    def _unchanged(self, claim_id: int, asked: int) -> bool:
        claim = self.model.claims[claim_id]
        return claim.state in SHARING and claim.amount == asked and not claim.money


def _allot(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.proposed = attempt.cut


TOPIC = Topic(
    guards={"allotted": lambda model, claim, attempt: claim.is_allotted},
    apply={"allot": _allot},
)
