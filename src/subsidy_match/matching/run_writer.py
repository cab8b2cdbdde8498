"""The folder of a run while it is going on: one Parquet file a block, and what the block came to beside it.

It has another name until it is whole. A run that was stopped goes on from there when it is started again with the same inputs;
with other inputs it begins anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from subsidy_match import __version__
from subsidy_match.errors import Conflict, Location
from subsidy_match.matching.engines import Engine, Job
from subsidy_match.matching.history import Payment
from subsidy_match.matching.next_dates import ageing
from subsidy_match.matching.report import made_from
from subsidy_match.matching.results import BlockResult
from subsidy_match.matching.runs import (
    AGEING,
    MANIFEST,
    NEXT_DATES,
    PAYMENTS,
    RESULTS,
    SIGNATURES,
    UNKNOWN,
    Manifest,
    PolicyCount,
    Run,
)
from subsidy_match.matching.vector.plan import Plan

__all__ = ["RunWriter", "counts_of"]

_FORMAT = 3  # of the folder; another one is not gone on with
_ABOUT = "about.json"
_WORDS = ["uscc", "policy_id", "period", "subject", "verdict"]


class RunWriter:
    """Writes blocks into the folder of a run that is going on; a class because processes write side by side."""

    def __init__(self, partial: Path, job: Job, engine: Engine, *, row_group: int, base: str = "") -> None:
        self._partial, self._job, self._engine, self._row_group = partial, job, engine, row_group
        about = made_from(job.policies, job.snapshot.id)
        self._about = {key: value or "" for key, value in about.items()} | {
            "as_of": job.as_of.isoformat(),
            "engine": engine.name,
            "version": __version__,
            "payments": payments_hash(job.payments),
            "unknowns": str(job.unknowns),
            "taken_over": base,
            "format": str(_FORMAT),
        }

    def __getstate__(self) -> dict[str, Any]:
        """What writes blocks in a process elsewhere, which must see the folder under the same path; the rest stays here."""
        return {"_partial": self._partial.absolute(), "_about": self._about, "_row_group": self._row_group}

    def resume(self) -> dict[str, dict[str, Any]]:
        """What an earlier attempt with the same inputs has finished; anything else is cleared away."""
        if not self._is_ours():
            shutil.rmtree(self._partial, ignore_errors=True)
            for name in (RESULTS, UNKNOWN):
                (self._partial / name).mkdir(parents=True)
            _keep(self._partial / _ABOUT, json.dumps(self._about))
        return self._finished()

    def clear(self) -> None:
        """Begin anew."""
        shutil.rmtree(self._partial, ignore_errors=True)
        self.resume()

    def take_over(self, name: str, number: int, rows: pa.Table | Callable[[Path], None], count: int) -> None:
        """Take over rows of an earlier run, or a whole file by what puts it there; what they came to is counted elsewhere."""
        if isinstance(rows, pa.Table):
            self._store(name, number, rows)
        else:
            rows(self._file(name, number))
        self.note(f"{number:06d}", 0, count if name == RESULTS else 0, {})

    def write(self, block: BlockResult) -> int:
        """Write one block; the file with its counts comes last and says that it is whole.

        Raises:
            Conflict: the folder is not there, or another run has it now: whoever asked for this block has given up.
        """
        if not self._is_ours():
            zh = f"结果目录不在或已属另一批次:{self._partial}(集群的每台机器都要能写同一目录)"
            en = f"{self._partial} is gone or another run's; every machine of a cluster must see it under this path"
            raise Conflict("run_folder_gone", zh, en, Location(str(self._partial)))
        for name, table in ((RESULTS, block.favourable), (UNKNOWN, block.unknown)):
            self._store(name, block.number, table)
        self.note(f"{block.number:06d}", block.firms, block.favourable.num_rows, counts_of(block))
        return block.firms

    def note(self, name: str, firms: int, rows: int, counts: Mapping[str, PolicyCount]) -> None:
        """Say what a part came to."""
        whole = {"firms": firms, "rows": rows, "counts": {policy: asdict(count) for policy, count in counts.items()}}
        _keep(self._partial / f"block-{name}.json", json.dumps(whole))

    def finish(self, out: Path, firms: int, plan: Plan, dates: pa.Table, again: Mapping[str, int]) -> Run:
        """Count everything, write the manifest and what the next run needs, and give the folder its name."""
        counts = {policy.id: PolicyCount() for policy in self._job.policies.in_force(self._job.as_of)}
        blocks = self._finished()
        for block in blocks.values():
            for policy, count in block["counts"].items():
                counts[policy] += PolicyCount(**count)
        hashes = self._job.policies.hash, self._job.policies.parameters_hash
        manifest = Manifest(
            self._job.as_of, *hashes, self._job.snapshot.id, self._engine.name, __version__, firms,
            sum(block["rows"] for block in blocks.values()), self._about["payments"], self._job.unknowns,
            self._about["taken_over"], dict(again), counts,
        )  # fmt: skip
        _keep(self._partial / SIGNATURES, json.dumps(plan.signatures()))
        _keep(self._partial / PAYMENTS, json.dumps(_plain(self._job.payments)))
        ages = ageing(plan, self._job.snapshot)
        _keep(self._partial / AGEING, json.dumps({name: day.isoformat() for name, day in ages.items()}))
        pq.write_table(
            dates, self._partial / NEXT_DATES, compression="zstd", store_schema=False, write_page_checksum=True
        )
        for left in (*self._partial.glob("block-*.json"), *self._partial.rglob("*.new"), self._partial / _ABOUT):
            left.unlink()
        _keep(self._partial / MANIFEST, manifest.to_json())
        self._partial.rename(out)
        return Run(out, manifest)

    def _is_ours(self) -> bool:
        """Whether the folder is of a run with these inputs."""
        try:
            return bool(json.loads((self._partial / _ABOUT).read_text("utf-8")) == self._about)
        except (OSError, ValueError):
            return False

    def _store(self, name: str, number: int, table: pa.Table) -> None:
        with _waiting(self._file(name, number)) as path:
            pq.write_table(
                table.replace_schema_metadata(self._about),
                path,
                compression="zstd",
                write_page_checksum=True,  # a flipped bit is told, not taken for an amount
                store_schema=False,
                row_group_size=self._row_group,
                use_dictionary=_WORDS,
            )

    def _file(self, name: str, number: int) -> Path:
        return self._partial / name / f"{number:06d}.parquet"

    def _finished(self) -> dict[str, dict[str, Any]]:
        paths = sorted(self._partial.glob("block-*.json"))
        return {path.stem.removeprefix("block-"): json.loads(path.read_text("utf-8")) for path in paths}


def payments_hash(payments: Mapping[str, Sequence[Payment]]) -> str:
    """Names the payments of our own that a run saw."""
    if not payments:
        return ""
    digest = hashlib.sha256()
    for uscc in sorted(payments):
        for payment in sorted(payments[uscc], key=lambda one: (one.claim_no, one.paid_on)):
            digest.update(repr((uscc, payment)).encode())
    return digest.hexdigest()


def _plain(payments: Mapping[str, Sequence[Payment]]) -> dict[str, list[dict[str, Any]]]:
    return {
        uscc: [{**asdict(payment), "paid_on": payment.paid_on.isoformat()} for payment in several]
        for uscc, several in payments.items()
    }


def counts_of(block: BlockResult) -> dict[str, PolicyCount]:
    """What each policy came to in one block."""
    counts = {policy: PolicyCount(**verdicts) for policy, verdicts in block.counts.items()}
    table = block.favourable
    if table.num_rows:
        low, high = table.column("amount_min"), table.column("amount_max")
        endless = pc.and_(low.is_valid(), high.is_null())
        money = pa.table(
            {
                "policy": table.column("policy_id").cast(pa.string()),
                "low": pc.fill_null(low, 0),
                "high": pc.fill_null(pc.coalesce(high, low), 0),
                "endless": endless.cast(pa.int64()),
            }
        )
        sums = money.group_by("policy").aggregate([("low", "sum"), ("high", "sum"), ("endless", "sum")]).to_pylist()
        for row in sums:
            count = counts[row["policy"]]
            count.amount_min, count.amount_max, count.unbounded = row["low_sum"], row["high_sum"], row["endless_sum"]
    return counts


def _keep(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with _waiting(path) as waiting, waiting.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _waiting(path: Path) -> Iterator[Path]:
    """Another name until the file is whole; one of its own, for on a cluster one block may be written twice at once."""
    waiting = path.with_suffix(f".{secrets.token_hex(4)}.new")
    try:
        yield waiting
        waiting.replace(path)
    except BaseException:
        waiting.unlink(missing_ok=True)
        raise
