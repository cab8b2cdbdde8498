"""One firm × all policies: verdicts and amounts of all of them, and the reasons of a page of 20, in process and over HTTP.

Beside it the reference evaluator on the same firms in the same run; pages that are not its report fail the run. Each workload
is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from engine.telling import machine

HERE = Path(__file__).parent
_COLUMNS = ("verdicts_amounts", "with_reasons", "document", "http", "reference")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policies", type=int, default=2_000)
    parser.add_argument("--population", type=int, default=100_000, help="firms of the snapshot")
    parser.add_argument("--firms", type=int, default=200, help="how many of them are asked about")
    parser.add_argument("--compared", type=int, default=20, help="how many also by the reference evaluator")
    parser.add_argument("--data", type=Path, help="where populations and policies are kept for the next run")
    parser.add_argument("--json", type=Path, help="a file for the results, one a line")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = (given.data or Path(folder)).resolve()
        data.mkdir(parents=True, exist_ok=True)
        asked = {name: getattr(given, name) for name in ("policies", "population", "firms", "compared")}
        results = [_result({**asked, "data": str(data), "rich": rich}) for rich in (False, True)]
    print(json.dumps(machine(), ensure_ascii=False))
    print("\n".join(_table(results)))
    if given.json is not None:
        lines = [{"machine": machine()}, *results]
        given.json.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def _result(asked: dict[str, Any]) -> dict[str, Any]:
    paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [sys.executable, "-m", "engine.one_firm", json.dumps(asked)]
    known = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=known)
    return dict(json.loads(run.stdout.splitlines()[-1]))


def _table(results: list[dict[str, Any]]) -> list[str]:
    head = [*(f"{name} p50 / p99 ms" for name in _COLUMNS), "reference ÷ with reasons", "peak MiB"]
    lines = ["| " + " | ".join(["workload", *head]) + " |", "|" + "---|" * (len(head) + 1)]
    for one in results:
        cells = [f"{one[name]['p50']} / {one[name]['p99']}" for name in _COLUMNS]
        lines.append(
            "| " + " | ".join([one["workload"], *cells, f"{one['times_reference']}×", str(one["peak_mib"])]) + " |"
        )
    return lines


if __name__ == "__main__":
    main()
