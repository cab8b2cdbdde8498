"""Match runs: a folder with Parquet and a manifest, complete or absent.

While a run is going on its folder has another name, with one Parquet file a block and what the block came to beside it. A run
that was stopped goes on from there when it is started again with the same inputs; with other inputs it begins anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from subsidy_match import __version__
from subsidy_match.errors import Conflict, InputError, Location, NotFound, RetryableError
from subsidy_match.matching.engines import Engine, Job
from subsidy_match.matching.history import Payment
from subsidy_match.matching.report import made_from
from subsidy_match.matching.results import SCHEMA, BlockResult, Progress

__all__ = ["Manifest", "PolicyCount", "Progress", "Run", "latest_run", "open_run", "run_match"]

_MANIFEST = "manifest.json"
_RESULTS, _UNKNOWN = "matches", "unknown"  # folders with one file a block
_FORMAT = 2  # of the folder; another one is not gone on with


@dataclass(slots=True)
class PolicyCount:
    """What one policy came to over the population: matches by verdict, and the money of the favourable ones in 分.

    ``unbounded`` counts favourable matches whose amount has no upper bound yet; they are in ``amount_max`` with their least.
    """

    eligible: int = 0
    to_confirm: int = 0
    unknown: int = 0
    ineligible: int = 0
    amount_min: int = 0
    amount_max: int = 0
    unbounded: int = 0

    def __iadd__(self, other: PolicyCount) -> PolicyCount:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run was made from and what it came to; the same inputs give the same results.

    ``policies``, ``parameters`` and ``payments`` are hashes: of the whole policy set, of its dated tables, and of the payments
    of our own that were added to the history. ``rows`` counts the favourable results; ``unknowns`` says whether those that data
    leave open were written as well.
    """

    as_of: date
    policies: str
    parameters: str
    snapshot: str
    engine: str
    version: str
    enterprises: int
    rows: int
    payments: str = ""
    unknowns: bool = False
    counts: dict[str, PolicyCount] = field(default_factory=dict)

    def to_json(self) -> str:
        """The manifest as text."""
        return json.dumps({**asdict(self), "as_of": self.as_of.isoformat()}, ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read ``to_json`` back."""
        plain: dict[str, Any] = {"parameters": "", **json.loads(text)}  # runs of earlier versions have none
        counts = {policy: PolicyCount(**count) for policy, count in plain.pop("counts").items()}
        return cls(as_of=date.fromisoformat(plain.pop("as_of")), counts=counts, **plain)


@dataclass(frozen=True, slots=True)
class Run:
    """One complete run."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """Name of the run's folder."""
        return self.folder.name

    def table(self, *, uscc: str | None = None, verdicts: tuple[str, ...] = ()) -> pa.Table:
        """The favourable results, of one enterprise or with some verdicts only."""
        wanted = None if uscc is None else pc.field("uscc") == uscc
        if verdicts:
            some = pc.field("verdict").isin(list(verdicts))
            wanted = some if wanted is None else wanted & some
        return self._dataset(_RESULTS).to_table(filter=wanted)

    def unknown(self) -> pa.Table:
        """The results that data leave open, where the run was asked for them."""
        return self._dataset(_UNKNOWN).to_table()

    def _dataset(self, name: str) -> ds.Dataset:
        files = sorted(str(path) for path in (self.folder / name).glob("*.parquet"))
        return ds.dataset(files, schema=SCHEMA, format="parquet")


def run_match(
    job: Job, out: Path, engine: Engine, progress: Progress | None = None, *, row_group: int = 1 << 20
) -> Run:
    """Match the whole population into the folder ``out``, which must not exist yet.

    Args:
        job: what to match.
        out: the folder; while the run is going on it is called ``.out.partial``.
        engine: what matches.
        progress: called with firms done and firms in all.
        row_group: most rows of a row group of the Parquet files.

    Raises:
        Conflict: ``out`` exists.
        RetryableError: another process is making this run.
        OSError: the results cannot be written; what was written stays for the next attempt.
    """
    if out.exists():
        raise Conflict(
            "run_exists", f"结果目录已存在:{out}", f"the folder {out} exists", Location(str(out)), "name another"
        )
    with _alone(out):
        writer = _Writer(out.with_name(f".{out.name}.partial"), job, engine, row_group)
        done, firms = writer.resume(), job.snapshot.count()
        reached = sum(block["firms"] for block in done.values())
        report = progress or (lambda _done, _total: None)
        report(reached, firms)
        for block in engine.run(replace(job, done=frozenset(done)), writer.write):
            reached += block
            report(reached, firms)
        return writer.finish(out, firms)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep every other process out of this run; a killed one leaves no lock."""
    out.parent.mkdir(parents=True, exist_ok=True)
    path = out.with_name(f".{out.name}.lock")
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            zh, en = f"另一进程正在匹配到 {out}", f"another process is matching into {out}"
            raise RetryableError("run_locked", zh, en, Location(str(out))) from error
        yield  # the file stays: to delete it would let two processes lock two files of one name


def open_run(folder: Path) -> Run:
    """Open a complete run.

    Raises:
        NotFound: there is none in this folder.
        InputError: its manifest cannot be read.
    """
    try:
        return Run(folder, Manifest.from_json((folder / _MANIFEST).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise NotFound(
            "run_not_found", f"没有匹配结果:{folder}", f"no match run in {folder}", Location(str(folder))
        ) from None
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            "run_broken", f"匹配结果损坏:{folder}", f"the manifest cannot be read: {error}", Location(str(folder))
        ) from error


def latest_run(runs: Path) -> Run | None:
    """The complete run that was written last."""
    found = sorted(_complete(runs), key=lambda path: (path / _MANIFEST).stat().st_mtime_ns)
    return open_run(found[-1]) if found else None


def _complete(runs: Path) -> Iterator[Path]:
    if runs.is_dir():
        yield from (path for path in runs.iterdir() if (path / _MANIFEST).is_file() and not path.name.startswith("."))


class _Writer:
    """Writes blocks into the folder of a run that is going on; a class because threads write side by side."""

    def __init__(self, partial: Path, job: Job, engine: Engine, row_group: int) -> None:
        self._partial, self._job, self._engine, self._row_group = partial, job, engine, row_group
        about = made_from(job.policies, job.snapshot.id)
        self._about = {key: value or "" for key, value in about.items()} | {
            "as_of": job.as_of.isoformat(),
            "engine": engine.name,
            "version": __version__,
            "payments": payments_hash(job.payments),
            "unknowns": str(job.unknowns),
            "format": str(_FORMAT),
        }

    def resume(self) -> dict[int, dict[str, Any]]:
        """What an earlier attempt with the same inputs has finished; anything else is cleared away."""
        about = self._partial / "about.json"
        try:
            same = json.loads(about.read_text("utf-8")) == self._about
        except (OSError, ValueError):
            same = False
        if not same:
            shutil.rmtree(self._partial, ignore_errors=True)
            for name in (_RESULTS, _UNKNOWN):
                (self._partial / name).mkdir(parents=True)
            _keep(about, json.dumps(self._about))
        return self._finished()

    def write(self, block: BlockResult) -> int:
        """Write one block; the file with its counts comes last and says that it is whole."""
        for name, table in ((_RESULTS, block.favourable), (_UNKNOWN, block.unknown)):
            path = self._partial / name / f"{block.number:06d}.parquet"
            whole = table.replace_schema_metadata(self._about)
            pq.write_table(
                whole,
                path,
                compression="zstd",
                store_schema=False,
                row_group_size=self._row_group,
                use_dictionary=_WORDS,
            )
        counts = {policy: asdict(count) for policy, count in _counts(block).items()}
        whole_block = {"firms": block.firms, "rows": block.favourable.num_rows, "counts": counts}
        _keep(self._partial / f"block-{block.number:06d}.json", json.dumps(whole_block))
        return block.firms

    def finish(self, out: Path, firms: int) -> Run:
        """Count everything, write the manifest, and give the folder its name."""
        counts = {policy.id: PolicyCount() for policy in self._job.policies.in_force(self._job.as_of)}
        blocks = self._finished()
        for block in blocks.values():
            for policy, count in block["counts"].items():
                counts[policy] += PolicyCount(**count)
        hashes = self._job.policies.hash, self._job.policies.parameters_hash
        manifest = Manifest(
            self._job.as_of, *hashes, self._job.snapshot.id, self._engine.name, __version__, firms,
            sum(block["rows"] for block in blocks.values()), self._about["payments"], self._job.unknowns, counts,
        )  # fmt: skip
        for left in (*self._partial.glob("block-*.json"), self._partial / "about.json"):
            left.unlink()
        _keep(self._partial / _MANIFEST, manifest.to_json())
        self._partial.rename(out)
        return Run(out, manifest)

    def _finished(self) -> dict[int, dict[str, Any]]:
        paths = sorted(self._partial.glob("block-*.json"))
        return {int(path.stem.removeprefix("block-")): json.loads(path.read_text("utf-8")) for path in paths}


_WORDS = ["uscc", "policy_id", "period", "subject", "verdict"]


def payments_hash(payments: Mapping[str, Sequence[Payment]]) -> str:
    """Names the payments of our own that a run saw."""
    if not payments:
        return ""
    digest = hashlib.sha256()
    for uscc in sorted(payments):
        for payment in sorted(payments[uscc], key=lambda one: (one.claim_no, one.paid_on)):
            digest.update(repr((uscc, payment)).encode())
    return digest.hexdigest()


def _counts(block: BlockResult) -> dict[str, PolicyCount]:
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
    waiting = path.with_suffix(".new")
    with waiting.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
