"""How long matching the sample population takes with either engine, against only reading it; medians and peak memory."""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from subsidy_match.matching.engines import Engine, Job, ReferenceEngine
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.profiles.importing import import_files
from subsidy_match.profiles.reading import open_snapshot
from subsidy_match.rules.library import load_policies

ROOT = Path(__file__).parents[1]
AS_OF = date(2026, 6, 30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    policies = load_policies(ROOT / "policies")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        started = time.perf_counter()
        import_files([ROOT / "data_samples" / "files"], home=home, policies=ROOT / "policies")
        imported = time.perf_counter() - started
        with open_snapshot(home) as snapshot:
            firms = snapshot.count()
            read = median(lambda: sum(1 for _ in snapshot.enterprises()), repeat)
            job = Job(policies, snapshot, AS_OF)
            matched = median(lambda: matches(ReferenceEngine(), job), repeat)
            at_once = median(lambda: matches(VectorEngine(), job), repeat)
    pairs = firms * sum(1 for _ in policies.in_force(AS_OF))
    result = {
        "firms": firms,
        "pairs": pairs,
        "import_s": round(imported, 2),
        "read_s": round(read, 3),
        "match_s": round(matched, 2),
        "pairs_per_s": round(pairs / matched),
        "match_over_read": round(matched / read, 1),
        "vector_s": round(at_once, 3),
        "vector_pairs_per_s": round(pairs / at_once),
        "reference_over_vector": round(matched / at_once, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result, indent=2))


def matches(engine: Engine, job: Job) -> int:
    return sum(engine.run(job, lambda block: block.favourable.num_rows))


def median(work: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
