"""Four servers over one store, clients racing with the same idempotency keys, two servers killed with -9 and restarted."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import claims_world
import httpx2
import pytest
from api_server import set_clock, settings_of, start_server
from api_world import FUND, MORNING, populate, token_of
from sqlalchemy import text
from store_truths import check_store

from subsidy_match.claims.birth import draft_row, insert_claim
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.fund import funds
from subsidy_match.claims.service import ClaimFilter
from subsidy_match.claims.states import State
from subsidy_match.platform import Platform
from subsidy_match.store.idempotency import LEASE
from subsidy_match.store.unit import in_unit

CLAIMS, AFFORDABLE, ONE = 60, 45, 10_000_00
SERVERS, CLIENTS = 4, 6


@pytest.fixture
def crowd(store_url: str, tmp_path: Path) -> Iterator[Platform]:
    """Many submitted claims on a fund that cannot bear them all."""
    set_clock(tmp_path, MORNING)
    platform = Platform(settings_of(tmp_path, store_url))

    def insert(session) -> None:
        populate(session)
        _leave_in_fund(session, AFFORDABLE * ONE + ONE - 1)
        for number in range(CLAIMS):
            key = {"uscc": claims_world.USCC, "policy_id": "p", "period": str(number), "subject": None}
            row = draft_row(claims_world.ASSESSMENT, **key, filer="applicant", at=MORNING)
            insert_claim(session, row, claims_world.ASSESSMENT, year=2026)
            row.state, row.version = "SUBMITTED", 0

    in_unit(platform.engine, insert)
    yield platform
    platform.close()


def _leave_in_fund(session, amount: int) -> None:
    surplus = amount - funds.fund(session, FUND).available
    if surplus > 0:
        funds.allocate(session, FUND, surplus, key="more", at=MORNING, actor="admin")
    else:
        posting = funds.Posting(FUND, funds.Op.RESERVE, -surplus, "others", MORNING, "admin")
        funds.post(session, posting)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Servers:
    """The servers by port; one may be killed and started again under the same port."""

    def __init__(self, home: Path, url: str, stack: ExitStack) -> None:
        self._home, self._url, self._stack = home, url, stack
        self.running = {free_port(): None for _ in range(SERVERS)}
        for port in self.running:
            self.start(port)
        for port in self.running:
            self._wait(port)

    def start(self, port: int) -> None:
        process = start_server(self._home, self._url, port)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        self.running[port] = process

    def kill(self, port: int) -> None:
        self.running[port].kill()
        self.running[port].wait()

    def _wait(self, port: int) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                httpx2.get(f"http://127.0.0.1:{port}/healthz")
                return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError("the server did not come up")


def accept_until_answered(web: httpx2.Client, ports: list[int], claim: int, seed: int, end: float) -> tuple[int, bytes]:
    """Ask any server to accept a claim, with the key that all others use for it, until one answers for good."""
    chance = random.Random(f"{claim}-{seed}")
    headers = {"Authorization": f"Bearer {token_of('clerk')}", "Idempotency-Key": f"accept-{claim}"}
    while time.monotonic() < end:
        url = f"http://127.0.0.1:{chance.choice(ports)}/v1/claims/{claim}/events"
        try:
            answer = web.post(url, json={"event": "accept"}, headers=headers)
        except httpx2.TransportError:
            time.sleep(0.05)
            continue
        if answer.status_code == 503 or (answer.status_code == 409 and answer.json()["code"] == "request_in_flight"):
            time.sleep(0.05)
            continue
        return answer.status_code, answer.content
    raise AssertionError(f"claim {claim} was never answered")


def done(platform: Platform) -> int:
    query = text("SELECT count(*) FROM claims WHERE state = 'ACCEPTED'")
    return int(in_unit(platform.engine, lambda s: s.execute(query).scalar_one(), immediate=False))


def wait_until(platform: Platform, accepted: int) -> None:
    deadline = time.monotonic() + 90
    while done(platform) < accepted and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_servers_leave_every_request_done_once_and_the_fund_whole(
    crowd: Platform, store_url: str, tmp_path: Path
):
    claims = [claim.id for claim in crowd.desk.list_claims(ClaimFilter(limit=CLAIMS))]
    end = time.monotonic() + 200
    with ExitStack() as stack:
        servers = Servers(tmp_path, store_url, stack)
        ports = list(servers.running)

        def client(seed: int) -> dict[int, tuple[int, bytes]]:
            mine = list(claims)
            random.Random(seed).shuffle(mine)
            with httpx2.Client(timeout=30) as web:  # one a thread: making one takes longer than the request
                return {claim: accept_until_answered(web, ports, claim, seed, end) for claim in mine}

        with ThreadPoolExecutor(CLIENTS) as pool:
            results = [pool.submit(client, seed) for seed in range(CLIENTS)]
            wait_until(crowd, CLAIMS // 6)
            for port in ports[:2]:
                servers.kill(port)
            assert done(crowd) < CLAIMS, "they were killed too late to show anything"
            for port in ports[:2]:
                servers.start(port)
            # A key whose holder was killed is free once its lease is over.
            set_clock(tmp_path, MORNING + LEASE + timedelta(seconds=1))
            answers = [result.result() for result in results]
    check_once(crowd, claims, answers)


def check_once(platform: Platform, claims: list[int], answers: list[dict[int, tuple[int, bytes]]]) -> None:
    for claim in claims:
        given = {answer[claim] for answer in answers}
        assert len(given) == 1, "the same key got different answers"
        assert next(iter(given))[0] == 200
    found: list[Claim] = list(platform.desk.list_claims(ClaimFilter(limit=CLAIMS)))
    assert {claim.state for claim in found} == {State.ACCEPTED}
    assert {claim.version for claim in found} == {1}
    assert sum(not claim.is_waiting for claim in found) == AFFORDABLE
    check_store(platform.engine)
    with platform.engine.connect() as connection:
        entries = connection.execute(text("SELECT claim_id, op FROM fund_entries WHERE claim_id > 0")).all()
    assert sorted(entries) == sorted((claim.id, "reserve") for claim in found if not claim.is_waiting)
