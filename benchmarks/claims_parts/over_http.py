"""The same walk over HTTP: one server process, several clients, each with claims of its own on the one fund."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from claims_world import MORNING, FakeAssessor

from claims_parts.stores import Store
from claims_parts.walk import WALK, Timings, check_whole
from subsidy_match.platform import Platform

ROOT = Path(__file__).parents[2]


def http_run(store: Store, claims: int, clients: int) -> Timings:
    """Let all events come from ``clients`` concurrent clients."""
    with served(store) as base, ThreadPoolExecutor(clients) as pool:
        started = time.perf_counter()
        parts = list(pool.map(lambda first: client(base, range(first, claims + 1, clients)), range(1, clients + 1)))
        total = time.perf_counter() - started
    check_whole(store, claims)
    return Timings([second for part in parts for second in part], total)


def client(base: str, claims: range) -> list[float]:
    """Bring some claims to their approval."""
    from api_world import token_of

    seconds = []
    with httpx2.Client(base_url=base, timeout=60) as web:
        for claim in claims:
            for step, (name, who, payload) in enumerate(WALK):
                headers = {"Authorization": f"Bearer {token_of(who)}", "Idempotency-Key": f"bench-{claim}-{step}"}
                body = {"event": name, "payload": payload}
                before = time.perf_counter()
                answer = web.post(f"/v1/claims/{claim}/events", json=body, headers=headers)
                seconds.append(time.perf_counter() - before)
                if answer.status_code != 200:
                    raise SystemExit(answer.text)
    return seconds


@contextmanager
def served(store: Store) -> Iterator[str]:
    """A server process over the store."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "claims_parts.over_http", store.url, str(store.folder), str(port)]
    path = [str(ROOT / "benchmarks"), str(ROOT / "tests" / "kit"), *sys.path]
    process = subprocess.Popen(command, env=_environment(path), stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _environment(path: list[str]) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": ":".join(path)}


def _wait(base: str) -> None:
    for _ in range(1200):
        try:
            httpx2.get(f"{base}/healthz")
            return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise SystemExit("the server did not come up")


class Given(Platform):
    """A platform whose assessments are given."""

    def assessor(self, policies: Any, snapshot: Any) -> FakeAssessor:  # noqa: ARG002  # asked of neither
        return FakeAssessor()


def serve(url: str, folder: str, port: str) -> None:
    """Serve the store; assessments are given, so that only the claims' own path is measured."""
    import uvicorn
    from api_server import settings_of

    from subsidy_api.app import create_app

    app = create_app(Given(settings_of(Path(folder), url)), lambda: MORNING)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False, lifespan="off")


if __name__ == "__main__":
    serve(*sys.argv[1:])
