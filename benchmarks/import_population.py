"""How long importing a large invented population takes, against the bound of only loading the same rows into DuckDB.

Both run in processes of their own, so that the peak memory is that of the import alone. The bound reads the same rows in UTF-8,
as plain text columns, into a file; the import reads GB18030, cleans, resolves, decides and publishes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
from population_files import DIRT, FACTS, write_files

from subsidy_match.profiles.importing import import_files

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        given, plain = (written(Path(folder) / name, options.firms, name) for name in ("gb18030", "utf-8"))
        loads = [apart(load_plainly, plain) for _ in range(options.repeat)]
        imports = [apart(import_all, given) for _ in range(options.repeat)]
    both = {"load": loads, "import": imports}
    load, imported = (statistics.median(run["seconds"] for run in runs) for runs in both.values())
    result = {
        "firms": imports[0]["firms"],
        "facts": FACTS,
        "dirt": DIRT,
        "input_mib": imports[0]["input_mib"],
        "load_s": round(load, 2),
        "import_s": round(imported, 2),
        "import_over_load": round(imported / load, 1),
        "cpu_s": {name: round(statistics.median(run["cpu"] for run in runs), 1) for name, runs in both.items()},
        "stages_s": {
            stage: statistics.median(run["stages"][stage] for run in imports) for stage in imports[0]["stages"]
        },
        "set_aside": imports[0]["set_aside"],
        "peak_mib": max(run["peak_mib"] for run in imports),
    }
    print(json.dumps(result, indent=2))


def written(folder: Path, firms: int, encoding: str) -> Path:
    folder.mkdir()
    write_files(folder, firms, encoding=encoding)
    return folder


def apart(work: Callable[[Path], dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Run something in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (folder,))


def load_plainly(folder: Path) -> dict[str, Any]:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as place, duckdb.connect(str(Path(place) / "plain.duckdb")) as con:
        con.execute("SET enable_progress_bar = false")
        for number, path in enumerate(sorted(folder.iterdir())):
            con.execute(
                f"CREATE TABLE t{number} AS SELECT * FROM read_csv('{path}', header = false, all_varchar = true,"
                f" delim = ',', quote = '\"', columns = {columns(path)}, auto_detect = false, ignore_errors = true)"
            )
        con.execute("CHECKPOINT")
        return {"seconds": time.perf_counter() - started, "cpu": time.process_time()}


def columns(path: Path) -> dict[str, str]:
    """As many text columns as the last row of a file has, which is its total."""
    with path.open("rb") as file:
        file.seek(-200, 2)
        count = file.read().rstrip().rpartition(b"\n")[2].count(b",") + 1
    return {f"c{i}": "VARCHAR" for i in range(count)}


def import_all(folder: Path) -> dict[str, Any]:
    times: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as home:
        started = time.perf_counter()
        report = import_files(
            [folder],
            home=Path(home),
            policies=ROOT / "policies",
            person_key="a key for benchmarks",
            progress=lambda stage, _done, _of: times.setdefault(stage, time.perf_counter()),
        )
        seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "cpu": time.process_time(),
        "firms": report.firms,
        "stages": lasting(times, started + seconds),
        "input_mib": sum(path.stat().st_size for path in folder.iterdir()) >> 20,
        "set_aside": sum(line.quarantined for line in report.lines),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def lasting(begins: dict[str, float], end: float) -> dict[str, float]:
    """How long each stage lasted, from when each began."""
    ends: Sequence[float] = [*begins.values(), end][1:]
    return {stage: round(until - begin, 2) for (stage, begin), until in zip(begins.items(), ends, strict=True)}


if __name__ == "__main__":
    main()
