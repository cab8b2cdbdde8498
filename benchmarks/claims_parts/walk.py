"""The work that is measured: every claim goes from submitted to approved, five events in five transactions."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import claims_world
from claims_world import CALENDAR, MORNING, USCC, FakeAssessor

from claims_parts.stores import Store
from subsidy_match.claims.birth import draft_row, insert_claim
from subsidy_match.claims.fund import funds
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.store import audit
from subsidy_match.store.engine import open_engine
from subsidy_match.store.sealing import load_sealer
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import user_by_login

if TYPE_CHECKING:
    from claims_parts.bound import Bound

WALK: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("accept", "clerk", {}),
    ("assign", "lead", {"assignee": "reviewer"}),
    ("pass", "reviewer", {}),
    ("pass", "rechecker", {}),
    ("approve", "approver", {}),
)
WORTH = claims_world.ASSESSMENT.amount_max or 0


@dataclass
class Timings:
    """How long each event took; ``total`` where they ran beside each other."""

    seconds: list[float] = field(default_factory=list)
    total: float | None = None

    @property
    def rate(self) -> float:
        return len(self.seconds) / (self.total or sum(self.seconds))

    def quantile(self, percent: int) -> float:
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[percent - 1]

    def summary(self) -> dict[str, float]:
        return {
            "events_per_s": round(self.rate, 1),
            "p50_ms": round(self.quantile(50) * 1000, 2),
            "p99_ms": round(self.quantile(99) * 1000, 2),
        }


def prepare(store: Store, claims: int) -> None:
    """People, one fund that bears every claim, and the claims, submitted."""
    from api_world import FUND, populate

    def insert(session: Any) -> None:
        populate(session)
        funds.allocate(session, FUND, WORTH * claims, key="bench", at=MORNING, actor="admin")
        for number in range(claims):
            key = {"uscc": USCC, "policy_id": "p", "period": str(number), "subject": None}
            row = draft_row(claims_world.ASSESSMENT, **key, filer="applicant", at=MORNING)
            insert_claim(session, row, claims_world.ASSESSMENT, year=2026)
            row.state = "SUBMITTED"

    engine = open_engine(store.url)
    in_unit(engine, insert)
    engine.dispose()
    store.settle()


def walk_in_process(store: Store, claims: int, bound: Bound) -> Timings:
    """Let the desk do all events, one after the other, each followed by its bound."""
    engine = open_engine(store.url)
    desk = ClaimDesk(engine, FakeAssessor(), CALENDAR, load_sealer(store.folder / "seal.key"))
    people = {who: in_unit(engine, lambda s, w=who: user_by_login(s, w), immediate=False) for _, who, _ in WALK}
    bound.listen(engine)
    timings = Timings()
    for claim in range(1, claims + 1):
        for name, who, payload in WALK:
            before = time.perf_counter()
            desk.fire(claim, name, actor=people[who], at=MORNING, payload=payload)
            timings.seconds.append(time.perf_counter() - before)
            bound.replay()
    check_whole(store, claims)
    engine.dispose()
    return timings


def check_whole(store: Store, claims: int) -> None:
    """A fast answer that is wrong is worth nothing."""
    from api_world import FUND

    engine = open_engine(store.url)
    fund = in_unit(engine, lambda session: funds.fund(session, FUND), immediate=False)
    findings = in_unit(engine, funds.check_balances, immediate=False) + in_unit(engine, audit.verify, immediate=False)
    engine.dispose()
    if fund.committed != claims * WORTH or findings:
        raise SystemExit(f"the run left the store wrong: {fund.committed} committed, {findings}")
