"""Match runs: a folder with Parquet and a manifest, complete or absent."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from subsidy_match import __version__
from subsidy_match.errors import Conflict, InputError, Location, NotFound
from subsidy_match.matching.engines import Engine, Progress
from subsidy_match.matching.report import made_from
from subsidy_match.matching.results import SCHEMA
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.policy import PolicySet

__all__ = ["Manifest", "PolicyCount", "Run", "latest_run", "open_run", "run_match"]

_MANIFEST = "manifest.json"
_RESULTS = "matches.parquet"


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

    def add_money(self, low: int | None, high: int | None) -> None:
        """Add one favourable match."""
        self.amount_min += low or 0
        self.amount_max += high if high is not None else low or 0
        self.unbounded += low is not None and high is None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run was made from and what it came to; the same inputs give the same results.

    ``policies`` and ``parameters`` are hashes: of the whole policy set, and of its dated tables.
    """

    as_of: date
    policies: str
    parameters: str
    snapshot: str
    engine: str
    version: str
    enterprises: int
    rows: int
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
        """The results, of one enterprise or with some verdicts only."""
        filters: list[tuple[str, str, Any]] = []
        if uscc is not None:
            filters.append(("uscc", "=", uscc))
        if verdicts:
            filters.append(("verdict", "in", list(verdicts)))
        return pq.read_table(self.folder / _RESULTS, filters=filters or None)


def run_match(
    policies: PolicySet,
    snapshot: Snapshot,
    as_of: date,
    out: Path,
    engine: Engine,
    progress: Progress | None = None,
) -> Run:
    """Match the whole population into the folder ``out``, which must not exist yet.

    Everything is written beside it and renamed at the end, so a run that was stopped leaves no folder of that name.

    Raises:
        Conflict: ``out`` exists.
    """
    if out.exists():
        raise Conflict(
            "run_exists", f"结果目录已存在:{out}", f"the folder {out} exists", Location(str(out)), "name another"
        )
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        counts: dict[str, PolicyCount] = {policy.id: PolicyCount() for policy in policies.in_force(as_of)}
        hashes = policies.hash, policies.parameters_hash
        about = made_from(policies, snapshot.id) | {"as_of": as_of.isoformat(), "engine": engine.name}
        schema = SCHEMA.with_metadata({key: value or "" for key, value in about.items()})
        rows = _write(partial / _RESULTS, schema, engine.batches(policies, snapshot, as_of, progress), counts)
        manifest = Manifest(as_of, *hashes, snapshot.id, engine.name, __version__, snapshot.count(), rows, counts)
        (partial / _MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        partial.rename(out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return Run(out, manifest)


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


def _write(path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch], counts: dict[str, PolicyCount]) -> int:
    """Write the results; the file itself says what they were made from, wherever it is copied."""
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
            rows += batch.num_rows
            _count(batch, counts)
    return rows


def _count(batch: pa.RecordBatch, counts: dict[str, PolicyCount]) -> None:
    columns = ("policy_id", "verdict", "amount_min", "amount_max")
    tally: Counter[tuple[str, str]] = Counter()
    for policy, verdict, low, high in zip(*(batch.column(name).to_pylist() for name in columns), strict=True):
        tally[policy, verdict] += 1
        if verdict in ("eligible", "to_confirm"):
            counts[policy].add_money(low, high)
    for (policy, verdict), number in tally.items():
        setattr(counts[policy], verdict, getattr(counts[policy], verdict) + number)
