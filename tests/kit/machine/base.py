"""The machine's ground: a world and its model, the bundles, and how an attempt is made and judged."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from claims_world import OTHER_USCC, SECOND, build_world
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from machine.model import POOL, POOL_STEP, Attempt, Model, ModelClaim, Topic, joined
from subsidy_match.claims.assessment import Assessment, Share
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.claims.table import TRANSITIONS
from subsidy_match.claims.transition import Transition
from subsidy_match.errors import SubsidyError
from subsidy_match.store.engine import open_engine
from subsidy_match.store.users import SYSTEM

CLAIMS = Bundle("claims")
CITY, PROVINCE = "city", "province"
ALLOCATED = {CITY: 30_000_01, PROVINCE: 20_000_00, POOL: 19_999_99}
TERMS: Mapping[str, dict[str, Any]] = {POOL: {"mode": Mode.POOLED, "step": POOL_STEP}}
DESK_EVENTS = sorted({str(row.event) for row in TRANSITIONS if row.door == "desk" and row.sources})
_POSTS = ["applicant", "clerk", "lead", "reviewer", "rechecker", "task_officer", "approver", "notice", "supervisor"]
ACTORS = [*_POSTS, *(name + SECOND for name in _POSTS), "everything", "system"]
REVIEWERS = ["reviewer", "reviewer" + SECOND, "everything"]
FIELDS: Mapping[str, Any] = {"reason_code": "other", "note": "说明", "items": ["发票"]}


def tried(work: Callable[[], Any]) -> tuple[Any, SubsidyError | None]:
    """What ``work`` gives, or why it was refused."""
    try:
        return work(), None
    except SubsidyError as refusal:
        return None, refusal


class Base(RuleBasedStateMachine):
    """Fires anything at anything, and asks the model whether it must work."""

    fresh: Callable[[], str]
    topics: Sequence[Topic]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = build_world(open_engine(self.fresh()), Path(self.folder.name), anew=True)
        self.world.give_account(uscc=OTHER_USCC, number="6222000000005678")
        for fund, allocated in ALLOCATED.items():
            self.world.open_fund(fund, allocated, **TERMS.get(fund, {}))
        self.world.people = dict(self.world.people) | {"system": SYSTEM}
        self.topic = joined(self.topics)
        self.model = Model(dict(ALLOCATED), self.topic, lambda: self.world.now)
        self.files: set[tuple[date, tuple[tuple[str, int, str, str, str], ...]]] = set()

    def teardown(self) -> None:
        self.world.engine.dispose()
        self.folder.cleanup()

    @property
    def today(self) -> date:
        return business_day(self.world.now)

    @rule(
        claim_id=CLAIMS,
        event=st.sampled_from(DESK_EVENTS),
        who=st.sampled_from(ACTORS),
        assignee=st.sampled_from(REVIEWERS),
        cut=st.booleans(),
    )
    def attempt(self, claim_id: int, event: str, who: str, assignee: str, cut: bool):
        self.fire(claim_id, event, who, assignee, cut=cut)

    @rule(claim_id=CLAIMS, steps=st.integers(1, 12), cut=st.booleans(), second=st.booleans())
    def walk(self, claim_id: int, steps: int, cut: bool, second: bool):
        """The usual next steps by whoever usually does them, or their second, so that claims get far."""
        suffix = SECOND if second else ""
        for _ in range(steps):
            claim = self.model.claims[claim_id]
            if claim.state == "PUBLISHED":
                self.world.wait(9)
            if way := self.topic.ways.get(claim.state):
                way(self, claim_id, suffix)
            elif claim.state in self.topic.usual:
                usual = "ACCEPTED" if claim.state == "IN_REVIEW" and not claim.assignee else claim.state
                event, who = self.topic.usual[usual]
                self.fire(claim_id, event, who + suffix if who else claim.assignee, f"reviewer{suffix}", cut=cut)

    @rule(days=st.integers(1, 9))
    def days_pass(self, days: int):
        self.world.wait(days)

    def fire(self, claim_id: int, event: str, who: str, assignee: str = "reviewer", *, cut: bool = False) -> None:
        """Attempt an event at the desk: it must work exactly where the model says so."""
        self.world.now += timedelta(seconds=1)  # so that claims are accepted one after another
        claim = self.model.claims[claim_id]
        reduced = max(claim.estimate // 2, 1) if cut and claim.state == "IN_REVIEW" and event == "pass" else None
        attempt = Attempt(who, self.today, assignee, reduced)
        row = self.model.row(claim, event, attempt)
        if row is not None and row.door != "desk":
            row = None
        payload = self._payload(claim, event, attempt)
        self.world.assessor.answer = self.answer_for(claim)
        moved, refusal = tried(lambda: self.world.fire(claim_id, event, who, **payload))
        assert (moved is None) is (row is None), refusal
        if row is not None:
            self.model.apply(claim, row, attempt)
            self.model.serve_waitlist(self.today)

    def answer_for(self, claim: ModelClaim) -> Assessment:
        """What matching says of the claim, unless a rule lets it say something new."""
        return replace(
            self.world.assessor.answer,
            amount_min=claim.estimate,
            amount_max=claim.estimate,
            funding=tuple(Share(fund, share) for fund, share in claim.shares.items()),
            item_keys=(claim.item,),
            exclusive_groups=("projects",),
        )

    def follow(self, rows: Mapping[int, Transition | None], who: str) -> None:
        """Let the model take the rows (claim id → row) that the office took."""
        for claim_id, row in rows.items():
            assert row is not None
            self.model.apply(self.model.claims[claim_id], row, Attempt(who, self.today))

    def _payload(self, claim: ModelClaim, event: str, attempt: Attempt) -> dict[str, Any]:
        named = [row for row in TRANSITIONS if row.event == event and claim.state in row.sources]
        row = named[0] if named else next(row for row in TRANSITIONS if row.event == event)
        given = {name: FIELDS[name] for name in row.needs if name in FIELDS}
        own = self.topic.payload.get(event)
        return given if own is None else given | own(self, claim, attempt)
