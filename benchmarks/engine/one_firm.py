"""One firm after another against all policies: in process, over HTTP, and by the reference evaluator alone.

``python -m engine.one_firm '{"policies": …}'`` measures in a process of its own and prints a line of JSON.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import uvicorn

from engine.firms import AS_OF
from engine.measure import peak_mib
from engine.sources import add_sources
from engine.workload import Workload, files_of, prepare_apart
from subsidy_api.app import create_app
from subsidy_match.matching.overview import look_over, overview_report
from subsidy_match.matching.report import report
from subsidy_match.matching.single import match_one
from subsidy_match.platform import Platform
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import PolicySet
from subsidy_match.settings import Settings
from subsidy_match.store.migration import upgrade
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Role, add_user

_TOKEN = "a-token-of-the-benchmark"
_PAGE = 20
_WARM = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """How many firms of a population are asked about, and how many of them by the reference evaluator too."""

    population: int
    policies: int
    firms: int
    compared: int
    data: str
    rich: bool = False


def measure(asked: Asked) -> dict[str, Any]:
    """Measure the same firms in all ways, and compare what is said of some of them."""
    work = Workload(asked.population, asked.policies, asked.rich)
    prepare_apart(work, Path(asked.data))
    with tempfile.TemporaryDirectory(dir=asked.data) as folder:
        platform, policies = _installed(work, Path(asked.data), Path(folder))
        try:
            return {"workload": str(work), "firms": asked.firms, **_measured(platform, policies, asked)}
        finally:
            platform.close()


def _measured(platform: Platform, policies: PolicySet, asked: Asked) -> dict[str, Any]:
    snapshot = platform.snapshot()
    codes = _codes(snapshot, asked.firms + _WARM)
    firms = [snapshot.enterprise(code) for code in codes]
    made = time.perf_counter()
    plan = platform.plans.get(policies, AS_OF)
    made = time.perf_counter() - made

    def overview(firm: Enterprise) -> Any:
        found = look_over(plan, firm, snapshot_id=None)
        return found.explained(0, _PAGE)

    def reference(firm: Enterprise) -> Any:
        return match_one(policies, firm, AS_OF)

    found = {
        "plan_ms": round(made * 1000, 1),
        "verdicts_amounts": _times(plan.match, firms),
        "with_reasons": _times(overview, firms),
        "document": _times(snapshot.enterprise, codes),
    }
    with _served(platform) as port:
        connection = HTTPConnection("127.0.0.1", port)
        found["http"], size = _http(connection, codes)
        connection.close()
    found["http_kib"] = size // 1024
    found["reference"] = _times(reference, firms[: asked.compared + _WARM])
    found["times_reference"] = round(found["reference"]["p50"] / found["with_reasons"]["p50"], 1)
    found["compared"] = _compare(plan, policies, firms[: asked.compared])
    return {**found, "peak_mib": peak_mib()}


def _times(what: Callable[[Any], Any], several: Sequence[Any]) -> dict[str, float]:
    """Milliseconds, after some that are not counted."""
    taken = []
    for one in several:
        started = time.perf_counter()
        what(one)
        taken.append((time.perf_counter() - started) * 1000)
    counted = sorted(taken[_WARM:])
    return {"p50": round(statistics.median(counted), 2), "p99": round(counted[int(len(counted) * 0.99)], 2)}


def _http(connection: HTTPConnection, codes: Sequence[str]) -> tuple[dict[str, float], int]:
    size = 0

    def ask(code: str) -> None:
        nonlocal size
        connection.request("GET", f"/v1/enterprises/{code}/overview?limit={_PAGE}", headers=_HEADERS)
        answer = connection.getresponse()
        size = len(answer.read())
        if answer.status != 200:
            raise AssertionError(answer.status)

    return _times(ask, codes), size


def _compare(plan: Any, policies: PolicySet, firms: Sequence[Enterprise]) -> int:
    """Every page of some firms has to be what the reference evaluator says; gives the number of matches."""
    compared = 0
    for firm in firms:
        whole = report(match_one(policies, firm, AS_OF), policies, uscc=firm.uscc, as_of=AS_OF, snapshot_id=None)
        found = look_over(plan, firm, snapshot_id=None)
        paged = overview_report(found, uscc=firm.uscc, limit=len(found.briefs))
        if paged["matches"] != whole["matches"]:
            raise AssertionError(f"{firm.uscc}: the pages are not the report")
        compared += len(whole["matches"])
    return compared


# --- the surroundings ---

_HEADERS = {"Authorization": f"Bearer {_TOKEN}"}


def _installed(work: Workload, data: Path, folder: Path) -> tuple[Platform, PolicySet]:
    """A home with the snapshot in force, the policies published without checks, and somebody who may ask."""
    files, home = files_of(work, data), folder / "home"
    snapshots, published = home / "profiles" / "snapshots", home / "published"
    snapshots.mkdir(parents=True)
    shutil.copy(files.snapshot, snapshots / "benchmark.duckdb")
    add_sources(snapshots / "benchmark.duckdb")
    (home / "profiles" / "current").write_text("benchmark", encoding="ascii")
    published.mkdir()
    policies = load_policies(files.policies)
    (published / policies.hash).symlink_to(files.policies.resolve())
    (published / "current").write_text(policies.hash, encoding="ascii")
    settings = Settings(policies=files.policies, home=home)
    upgrade(settings.url)
    platform = Platform(settings)
    in_unit(platform.engine, lambda s: add_user(s, login="clerk", name="clerk", roles=[Role.CLERK], token=_TOKEN))
    return platform, platform.policies()


def _codes(snapshot: Any, count: int) -> list[str]:
    every = [code for table in snapshot.tables([], [], 100_000) for code in table.column("uscc").to_pylist()]
    return every[:: max(1, len(every) // count)][:count]


@contextmanager
def _served(platform: Platform) -> Iterator[int]:
    moment = datetime(AS_OF.year, AS_OF.month, AS_OF.day, 2, tzinfo=UTC)
    config = uvicorn.Config(create_app(platform, lambda: moment), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    print(json.dumps(measure(Asked(**json.loads(sys.argv[1])))))
