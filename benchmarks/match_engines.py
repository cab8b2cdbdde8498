"""Our vector engine beside other ways to do the same: DuckDB, Polars, OpenFisca-core, zen-engine, json-logic, a compiled bound.

Every engine gets the same snapshot file and the same loaded policies; what it needs beyond that is inside its clock. Each
measurement is a process of its own (only of a small run all are one). Engines that disagree with ours in the same run are an error (exit code 1).

`--only incremental` measures what a run made out of an earlier one takes: one policy changed, one firm in a hundred, the next night.

Peers are measured where they are installed (``pip install -e '.[bench]'``), the bound where there is a C compiler.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.cases import ENGINES, SMALL, Asked, at_hand, full_orders, small_orders
from engine.measure import Order
from engine.moved import table_of
from engine.telling import disagreements, machine, table

HERE = Path(__file__).parent
_MOVED = "incremental"  # no engine: runs made out of earlier ones


def main() -> int:
    given = _arguments()
    asked_for = [name for name in given.only or ENGINES if name != _MOVED]
    engines = [engine for engine in asked_for if at_hand(engine)]
    for engine in sorted(set(asked_for) - set(engines)):
        print(f"{engine}: not at hand, left out", file=sys.stderr)
    if asked_for and "ours" not in engines:
        print("without our own engine there is nothing to agree with", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        data = given.data or Path(folder)
        data.mkdir(parents=True, exist_ok=True)
        moved = _moved(given, data) if given.only is None or _MOVED in given.only else []
        if not asked_for:
            return _kept(given.json, moved)
        asked = Asked(given.firms, given.policies, given.threads, given.repeat, str(data.resolve()), given.large)
        orders = small_orders(asked) if given.small else full_orders(asked)
        wanted = [order for order in orders if order.engine in engines]
        processes = [wanted] if given.small else [[order] for order in wanted]  # of a small one only the answers matter
        results = list(_shown(itertools.chain.from_iterable(map(_results, processes))))
    return _finish([*results], given.json, moved)


def _moved(given: argparse.Namespace, data: Path) -> list[dict[str, Any]]:
    """What a run made out of an earlier one takes; of a small one every result is compared with a full run."""
    firms, policies = SMALL if given.small else (given.firms, given.policies)
    wanted = {"firms": firms, "policies": policies, "threads": given.threads, "data": str(data.resolve())}
    wanted |= {"repeat": 1, "check": True} if given.small else {"repeat": given.repeat}
    results = list(_shown(_told("engine.moved", given.threads, [json.dumps(wanted)])))
    print("\n" + table_of(results))
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firms", type=int, default=1_000_000, help="of the largest workload; others follow from it")
    parser.add_argument("--policies", type=int, default=2_000, help="of the largest workload; others follow from it")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3, help="the median is told")
    parser.add_argument(
        "--small", action="store_true", help="a tiny workload, every pair compared; its times say nothing"
    )
    parser.add_argument("--large", action="store_true", help="five million firms into Parquet as well")
    parser.add_argument(
        "--only", nargs="+", choices=[*ENGINES, _MOVED], metavar="NAME", help=", ".join([*ENGINES, _MOVED])
    )
    parser.add_argument("--data", type=Path, help="where populations and policies are kept for the next run")
    parser.add_argument("--json", type=Path, help="a file for the results, one a line")
    return parser.parse_args()


def _results(orders: Sequence[Order]) -> Iterator[dict[str, Any]]:
    """Measure in one new process, with as many threads for libraries that take them from outside as for the others."""
    yield from _told("engine.measure", orders[0].threads, [json.dumps(asdict(order)) for order in orders])


def _told(module: str, threads: int, arguments: Sequence[str]) -> Iterator[dict[str, Any]]:
    paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    known = {"PYTHONPATH": os.pathsep.join(paths), "POLARS_MAX_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, "-m", module, *arguments]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **known})
    yield from map(json.loads, run.stdout.splitlines())


def _shown(results: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for result in results:
        print(json.dumps(result, ensure_ascii=False), flush=True)
        yield result


def _finish(results: Sequence[dict[str, Any]], path: Path | None, moved: Sequence[dict[str, Any]]) -> int:
    print("\n" + table(results))
    _kept(path, [*results, *moved])
    differences = disagreements(results)
    for text in differences:
        print(f"DISAGREEMENT: {text}", file=sys.stderr)
    return 1 if differences else 0


def _kept(path: Path | None, results: Sequence[dict[str, Any]]) -> int:
    if path is not None:
        lines = [{"machine": machine()}, *results]
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
