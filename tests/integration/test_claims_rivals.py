"""Real processes race for the money of one fund and two of them are killed in the middle: nothing is lost or doubled."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import claims_world
import pytest
from claims_world import FUND, MORNING, World
from sqlalchemy import select, text

from subsidy_match.claims.birth import draft_row, insert_claim
from subsidy_match.claims.fund import funds
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.service import ClaimFilter
from subsidy_match.claims.states import State
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

CLAIMS, AFFORDABLE, ONE = 80, 60, 10_000_00
FUND_SIZE = AFFORDABLE * ONE + ONE - 1  # one fen short of one more


@pytest.fixture
def crowd(world: World) -> World:
    """Many submitted claims on a fund that cannot bear them all."""
    answer = claims_world.ASSESSMENT

    def insert(session) -> None:
        surplus = funds.fund(session, FUND).allocated - FUND_SIZE
        posting = funds.Posting(FUND, funds.Op.RESERVE, surplus, "others", MORNING, "admin")
        funds.post(session, posting)
        for number in range(CLAIMS):
            key = {"uscc": claims_world.USCC, "policy_id": "p", "period": str(number), "subject": None}
            row = draft_row(answer, **key, filer="applicant", at=MORNING)
            insert_claim(session, row, answer, year=2026)

    in_unit(world.engine, insert)
    for claim in world.desk.list_claims(ClaimFilter(limit=CLAIMS)):
        world.fire(claim, "submit", "applicant")
    return world


@pytest.fixture
def start(store_url: str, tmp_path: Path) -> Iterator:
    running: list[subprocess.Popen[bytes]] = []
    script = Path(claims_world.__file__).parent / "rival.py"

    def begin(number: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-W", "ignore", str(script), store_url, str(tmp_path), str(number)]
        running.append(subprocess.Popen(command))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.wait()


def accepted(world: World) -> int:
    count = text("SELECT count(*) FROM claims WHERE state = 'ACCEPTED'")
    return in_unit(world.engine, lambda s: s.execute(count).scalar_one(), immediate=False)


@pytest.mark.slow
def test_rivals_killed_in_the_middle_leave_every_claim_accepted_once_and_the_fund_whole(crowd: World, start):
    rivals = [start(number) for number in range(4)]
    deadline = time.monotonic() + 120
    while accepted(crowd) < CLAIMS // 8 and time.monotonic() < deadline:
        time.sleep(0.005)
    for victim in rivals[:2]:
        victim.kill()
    assert accepted(crowd) < CLAIMS, "they were killed too late to show anything"
    assert [process.wait(timeout=120) for process in (*rivals[2:], start(5), start(6))] == [0, 0, 0, 0]
    check(crowd)


def check(world: World) -> None:
    claims = world.desk.list_claims(ClaimFilter(limit=CLAIMS))
    assert {claim.state for claim in claims} == {State.ACCEPTED}
    assert sum(not claim.is_waiting for claim in claims) == AFFORDABLE
    assert world.fund().available == ONE - 1
    assert in_unit(world.engine, funds.check_balances) == []
    assert in_unit(world.engine, audit.verify) == []
    for table, condition in (
        ("outbox", "key LIKE 'claim:%'"),
        ("audit_entries", "action = 'accept' AND outcome = 'done'"),
    ):
        rows = in_unit(world.engine, lambda s, q=f"SELECT count(*) FROM {table} WHERE {condition}": s.scalar(text(q)))
        assert rows == (CLAIMS if table == "audit_entries" else 2 * CLAIMS)
    versions = in_unit(world.engine, lambda s: set(s.scalars(select(ClaimRow.version))))
    assert versions == {2}
