"""How many claim events a second the desk takes: in process, over HTTP with 8 clients, beside bare transactions.

The bound is what the store alone takes for the same work: every SQL statement of an event is recorded and sent again,
with the same parameters, transactions and durability, on a bare connection to a copy of the store. Each event is
followed by its bound, so that whatever else the machine does slows both. Nothing is batched, every commit is synced.
"""

from __future__ import annotations

import argparse
import json
import platform as machine
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "kit"), str(ROOT / "benchmarks")]

from claims_parts.bound import Bound  # noqa: E402
from claims_parts.over_http import http_run  # noqa: E402
from claims_parts.stores import Store, postgres_stores, sqlite_stores  # noqa: E402
from claims_parts.walk import WALK, Timings, prepare, walk_in_process  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=400, help=f"claims, each with {len(WALK)} events")
    parser.add_argument("--clients", type=int, default=8, help="concurrent clients over HTTP")
    parser.add_argument("--store", action="append", choices=["sqlite", "postgres"], help="default: both")
    asked = parser.parse_args()
    result: dict[str, Any] = {"python": machine.python_version(), "events": asked.claims * len(WALK)}
    for name in asked.store or ["sqlite", "postgres"]:
        with made(name) as make:
            result[name] = measure(make, asked.claims, asked.clients)
    print(json.dumps(result, indent=2))


@contextmanager
def made(name: str) -> Iterator[Callable[[], Store]]:
    """Give a maker of migrated stores, all of one kind."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="subsidy-bench-")))
        folder.chmod(0o755)  # an embedded PostgreSQL may run as a user of its own
        stores = sqlite_stores if name == "sqlite" else postgres_stores
        yield stack.enter_context(stores(folder))


def measure(make: Callable[[], Store], claims: int, clients: int) -> dict[str, Any]:
    """Run the same walk in process, bare, and over HTTP."""
    store = make()
    prepare(store, claims)
    copy = store.copy()
    bound = Bound(copy)
    ours = walk_in_process(store, claims, bound)
    bare = bound.finish()
    served = make()
    prepare(served, claims)
    remote = http_run(served, claims, clients)
    return {
        "store": store.describe(),
        "in_process": ours.summary(),
        "bound": bare.summary() | {"statements_per_event": round(bound.statements / len(bare.seconds), 1)},
        "in_process_over_bound": ratio(ours, bare),
        "http": remote.summary() | {"clients": clients},
        "http_over_bound": ratio(remote, bare),
    }


def ratio(one: Timings, other: Timings) -> dict[str, float]:
    """How many times slower ``one`` is, by throughput and at the median."""
    return {"rate": round(other.rate / one.rate, 2), "p50": round(one.quantile(50) / other.quantile(50), 2)}


if __name__ == "__main__":
    main()
