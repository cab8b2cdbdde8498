"""``serve`` as a process of its own: it sweeps by itself, outlives a sweep that fails, and goes down when told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from claims_world import World, build_world
from sqlalchemy import text

from subsidy_match.claims.deadline.breaches import breaches_of
from subsidy_match.claims.deadline.sweeper import last_sweep
from subsidy_match.claims.states import State
from subsidy_match.cli.context import now
from subsidy_match.cli.sweeping import sweeping
from subsidy_match.platform import Platform
from subsidy_match.settings import Settings
from subsidy_match.store.engine import open_engine
from subsidy_match.store.migration import upgrade
from subsidy_match.store.unit import in_unit

ROOT = Path(__file__).parents[2]
BREAK, MEND = "ALTER TABLE sweep_runs RENAME TO gone", "ALTER TABLE gone RENAME TO sweep_runs"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A store in which forty days passed since anybody did anything."""
    url = Settings(home=tmp_path).url
    upgrade(url)
    engine = open_engine(url)
    made = build_world(engine, tmp_path)
    made.now = datetime.now(UTC) - timedelta(days=40)
    yield made
    engine.dispose()


@dataclass
class Server:
    """A running ``serve``; its log is read while it runs, lest the pipe fill up."""

    port: int
    process: subprocess.Popen[str]
    lines: list[str]
    reader: threading.Thread

    def healthy(self) -> bool:
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}/healthz").status_code == 200
        except httpx2.TransportError:
            assert self.process.poll() is None, self.lines
            return False

    def told(self, event: str) -> list[dict[str, Any]]:
        logged = [json.loads(line) for line in self.lines if line.startswith("{")]
        return [line for line in logged if line["event"] == event]

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(60)
        self.reader.join()
        return code


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "SUBSIDY_HOME": str(home), "SUBSIDY_POLICIES": str(ROOT / "policies")}


@contextmanager
def served(home: Path, *words: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "subsidy_match.cli", "serve", "--port", str(port), *words]
    with subprocess.Popen(command, env=environment(home), stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stderr is not None
        lines: list[str] = []
        reader = threading.Thread(target=lines.extend, args=(process.stderr,))
        reader.start()
        server = Server(port, process, lines, reader)
        try:
            until(server.healthy)
            yield server
        finally:
            process.kill()
            reader.join()


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alter(world: World, statement: str) -> None:
    in_unit(world.engine, lambda session: session.execute(text(statement)))


def test_a_claim_whose_time_ran_out_is_lapsed_and_another_escalated_though_nobody_sweeps(world: World, tmp_path: Path):
    asked, slow = world.walk(State.ACCEPTED), world.walk(State.IN_REVIEW, period="2025")
    world.fire(asked, "request_correction", "clerk", items=["发票"], due_on=(world.now + timedelta(days=9)).date())
    with served(tmp_path) as server:
        until(lambda: server.told("swept"))
        assert world.desk.claim(asked.id).state is State.LAPSED
        found = in_unit(world.engine, lambda session: breaches_of(session, slow.id), immediate=False)
        assert {(breach.stage, breach.level) for breach in found} >= {("TOTAL", "red"), ("IN_REVIEW", "red")}
        assert server.end(signal.SIGTERM) == 0
    assert server.told("sweep_failed") == []


def test_a_sweep_that_fails_is_logged_without_what_it_saw_and_the_server_goes_on(world: World, tmp_path: Path):
    alter(world, BREAK)
    with served(tmp_path, "--sweep-every", "1") as server:
        until(lambda: server.told("sweep_failed"))
        line = server.told("sweep_failed")[0]
        assert (line["level"], line["code"]) == ("error", "store_not_migrated")
        assert "SELECT" not in str(line)
        assert server.healthy()
        server.end(signal.SIGINT)


def test_the_sweep_after_one_that_failed_succeeds_and_an_end_does_not_wait_for_the_next(world: World, tmp_path: Path):
    alter(world, BREAK)
    wired = Platform(Settings(home=tmp_path, policies=ROOT / "policies"))
    sweeps: list[datetime] = []

    def clock() -> datetime:
        sweeps.append(now())
        return sweeps[-1]

    with sweeping(wired, timedelta(milliseconds=20), clock):
        until(lambda: len(sweeps) > 1)
        alter(world, MEND)
        until(lambda: in_unit(world.engine, last_sweep, immediate=False))
    with sweeping(wired, timedelta(days=1), clock):
        pass
    with sweeping(wired, timedelta(0), clock):
        assert "sweep" not in {thread.name for thread in threading.enumerate()}
    assert "sweep" not in {thread.name for thread in threading.enumerate()}
    wired.close()


def test_an_end_comes_between_two_tasks_of_a_sweep(world: World, tmp_path: Path):
    claims = [world.walk(State.SUBMITTED, period=str(year)) for year in range(1990, 2020)]
    wired = Platform(Settings(home=tmp_path, policies=ROOT / "policies"))
    begun = threading.Event()

    def clock() -> datetime:
        begun.set()
        return now()

    with sweeping(wired, timedelta(days=1), clock):
        begun.wait(60)
    assert in_unit(world.engine, last_sweep, immediate=False) is None
    assert any(world.desk.claim(claim.id).state is State.SUBMITTED for claim in claims)
    wired.close()


def test_a_port_that_is_taken_is_said_so(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [sys.executable, "-m", "subsidy_match.cli", "serve", "--port", str(taken.getsockname()[1])],
            env=environment(tmp_path), capture_output=True, text=True, check=False, timeout=120, cwd=ROOT,
        )  # fmt: skip
    assert (done.returncode, "server_not_started" in done.stderr) == (2, True)
