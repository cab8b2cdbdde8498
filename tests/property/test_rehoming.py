"""Whatever claims a closed fund leaves behind, and however much was carried over: no 分 is made or lost in moving them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from claims_world import FUND, World, build_world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.fund.rehoming_office import Rehoming, RehomingOffice
from subsidy_match.claims.service import ClaimFilter
from subsidy_match.claims.states import State
from subsidy_match.claims.store_checks import STORE_CHECKS
from subsidy_match.errors import Conflict
from subsidy_match.store import audit
from subsidy_match.store.engine import open_engine
from subsidy_match.store.unit import in_unit

NEXT, ALL = "next", 20_000_00
STATES = (State.DRAFT, State.ACCEPTED, State.IN_RECHECK, State.APPROVED, State.IN_PAYMENT, State.COMPLETED)
CLAIMS = st.lists(
    st.tuples(st.sampled_from(STATES), st.integers(3, ALL // 2), st.sampled_from([Fraction(1), Fraction(1, 3)])),
    min_size=1,
    max_size=4,
)


@pytest.mark.slow
def test_what_is_held_over_both_funds_stays_whatever_moves(fresh_store: Callable[[], str]):
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(claims=CLAIMS, tenths=st.integers(1, 10))
    def holds(claims: list[tuple[State, int, Fraction]], tenths: int) -> None:
        engine = open_engine(fresh_store())
        with tempfile.TemporaryDirectory() as folder:
            world = build_world(engine, Path(folder), allocated=ALL + 1)
            populate(world, claims)
            check(world, tenths)
        engine.dispose()

    holds()


def populate(world: World, claims: list[tuple[State, int, Fraction]]) -> None:
    """Claims as far on their way as the money lets them come; some draw on a third fund as well."""
    world.open_fund(NEXT, 0, year=2027)
    world.open_fund("province", 10 * ALL)
    for number, (state, amount, share) in enumerate(claims):
        rest = () if share == 1 else (Share("province", 1 - share),)
        world.assume(amount_min=amount, amount_max=amount, funding=(Share(FUND, share), *rest))
        with suppress(Conflict):  # no money is reserved for it
            world.walk(state, period=f"p{number}")


def check(world: World, tenths: int) -> None:
    by = {"actor": world.people["fund"], "at": world.now}
    free = world.money.close(FUND, document_no="结1号", **by).amount
    world.money.carry_over(FUND, NEXT, max(free * tenths // 10, 1), document_no="转1号", **by)
    before, allocated = held(world), world.fund().allocated + world.fund(NEXT).allocated
    done = RehomingOffice(world.engine, world.desk.calendar).rehome_all(FUND, NEXT, document_no="列1号", **by)
    after = held(world)
    assert {claim: after[claim][1:] for claim in before} == {claim: said[1:] for claim, said in before.items()}
    assert {claim for claim in before if after[claim][0] != before[claim][0]} <= gone(done)
    assert world.fund().allocated + world.fund(NEXT).allocated == allocated
    assert {one.refusal.code for one in done.outcomes if one.refusal is not None} <= {"fund_short"}
    checks = (*STORE_CHECKS, audit.verify)
    assert [finding for look in checks for finding in in_unit(world.engine, look)] == []


def held(world: World) -> Mapping[int, tuple[str, int, int, int]]:
    """Where and how much each claim holds of the two funds; those that wait get theirs by being moved."""
    found = {}
    for claim in world.desk.list_claims(ClaimFilter()):
        (part,) = [part for part in claim.funds if part.fund_id in (FUND, NEXT)]  # never both
        if not claim.is_waiting:
            found[claim.id] = (part.fund_id, part.reserved, part.committed, part.paid)
    return found


def gone(done: Rehoming) -> set[int]:
    return {one.claim_id for one in done.outcomes if one.rehomed is not None}
