"""The API behind a real server on loopback: racing clients, and a policy set published while requests run."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from api_world import FIRM, POLICY, ApiWorld, api, api_home, token_of

from subsidy_api.logs import LOG_CONFIG
from subsidy_match.rules.publishing import publish

__all__ = ["api", "api_home"]


@contextmanager
def served(world: ApiWorld) -> Iterator[str]:
    config = uvicorn.Config(world.app, port=0, log_config=LOG_CONFIG, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def call(base: str, method: str, path: str, by: str, **more: object) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token_of(by)}", **dict(more.pop("headers", {}))}  # type: ignore[call-overload]
    with httpx2.Client(base_url=base, timeout=60) as client:
        return client.request(method, path, headers=headers, **more)


@pytest.fixture
def own_policies(api: ApiWorld, api_home: Path, tmp_path: Path) -> Path:
    """A policy folder and published sets of this test alone."""
    published = api.platform.settings.published
    published.unlink()
    shutil.copytree(api_home / "home" / "published", published)
    return Path(shutil.copytree(api_home / "policies", tmp_path / "policies"))


def test_racing_with_one_key_makes_one_claim(api: ApiWorld):
    body = {"uscc": FIRM, "policy_id": POLICY, "period": "2026"}

    def draft(_: int) -> httpx2.Response:
        headers = {"Idempotency-Key": "the-same-for-all"}
        return call(base, "POST", "/v1/claims", "applicant", json=body, headers=headers)

    with served(api) as base, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(draft, range(24)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"request_in_flight"}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert len(api.get("/v1/claims", "clerk").json()["items"]) == 1


def test_racing_on_one_version_lets_one_event_happen(api: ApiWorld):
    claim = api.walk("SUBMITTED")

    def accept(_: int) -> int:
        body, headers = {"event": "accept"}, {"If-Match": '"2"'}
        return call(base, "POST", f"/v1/claims/{claim}/events", "clerk", json=body, headers=headers).status_code

    with served(api) as base, ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(accept, range(16)))
    assert statuses == [200] + [412] * 15


def test_an_answer_is_of_one_policy_set_while_another_is_published(api: ApiWorld, own_policies: Path):
    changed = own_policies / "demo-active@2026-01-01.yml"
    stop = threading.Event()
    seen: set[tuple[str, int]] = set()

    def ask() -> None:
        while not stop.is_set():
            report = call(base, "POST", "/v1/eligibility", "applicant", json={"uscc": FIRM}).json()
            amounts = {match["policy_id"]: match["amount"]["max"] for match in report["matches"]}
            seen.add((report["policy_set"], amounts[POLICY]))

    with served(api) as base:
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        changed.write_text(changed.read_text("utf-8").replace("value: 1万元", "value: 3万元"), "utf-8")
        cases = own_policies / "demo-active.cases.yml"
        cases.write_text(cases.read_text("utf-8").replace("amount: 1万元", "amount: 3万元"), "utf-8")
        new = publish(own_policies, api.platform.settings.published).hash
        time.sleep(0.5)
        stop.set()
        for thread in threads:
            thread.join()
    assert len(seen) == 2
    assert (new, 30_000_00) in seen


def test_a_body_too_large_is_refused_by_the_server_too(api: ApiWorld):
    with served(api) as base:
        answer = call(base, "POST", "/v1/eligibility", "applicant", content=b"x" * 5_000_000)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert call(base, "GET", "/healthz", "applicant").status_code == 200
