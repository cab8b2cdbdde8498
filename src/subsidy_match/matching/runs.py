"""Match runs: a folder with Parquet, a manifest, and what the next run needs to take over from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from subsidy_match.errors import InputError, Location, NotFound
from subsidy_match.matching.history import Payment
from subsidy_match.matching.next_dates import NEXT_DATES as DATES
from subsidy_match.matching.results import SCHEMA

__all__ = [
    "AGEING",
    "MANIFEST",
    "NEXT_DATES",
    "PAYMENTS",
    "RESULTS",
    "SIGNATURES",
    "UNKNOWN",
    "Manifest",
    "PolicyCount",
    "Run",
    "latest_run",
    "open_run",
]

MANIFEST = "manifest.json"
SIGNATURES, PAYMENTS = "signatures.json", "payments.json"
NEXT_DATES, AGEING = "next_dates.parquet", "ageing.json"
RESULTS, UNKNOWN = "matches", "unknown"  # folders with one file a block
_CHECKED = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
)


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

    def __isub__(self, other: PolicyCount) -> PolicyCount:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) - value)
        return self


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run was made from and what it came to; the same inputs give the same results.

    ``policies``, ``parameters`` and ``payments`` are hashes: of the whole policy set, of its dated tables, and of the payments
    of our own that were added to the history. ``rows`` counts the favourable results; ``unknowns`` says whether those that data
    leave open were written as well; ``taken_over`` is the run of which this one kept what had not moved, and
    ``again`` how many policies and firms had moved since.
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
    taken_over: str = ""
    again: dict[str, int] = field(default_factory=dict)
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
        """The favourable results, of one enterprise or with some verdicts only.

        Raises:
            InputError: ``run_broken``, a file is damaged.
        """
        wanted = None if uscc is None else pc.field("uscc") == uscc
        if verdicts:
            some = pc.field("verdict").isin(list(verdicts))
            wanted = some if wanted is None else wanted & some
        return self._rows(RESULTS, wanted)

    def unknown(self) -> pa.Table:
        """The results that data leave open, where the run was asked for them.

        Raises:
            InputError: ``run_broken``, a file is damaged.
        """
        return self._rows(UNKNOWN)

    def files(self, name: str) -> list[Path]:
        """The Parquet files of the favourable (``matches``) or of the open (``unknown``) results."""
        return sorted((self.folder / name).glob("*.parquet"))

    def signatures(self) -> dict[str, str]:
        """What the results of each policy depended on besides the firms; nothing where the run is of an earlier version."""
        return _read(self.folder / SIGNATURES)

    def next_dates(self) -> pa.Table | None:
        """When time alone may change something of a firm (``uscc``, ``next_date``); none where the run is of an earlier version."""
        path = self.folder / NEXT_DATES
        if not path.exists():
            return None
        with _told_if_damaged(path):
            return pq.read_table(path, schema=DATES, page_checksum_verification=True)

    def ageing(self) -> dict[str, date]:
        """When something of a fact or a list next grows too old to count."""
        return {name: date.fromisoformat(day) for name, day in _read(self.folder / AGEING).items()}

    def paid(self) -> dict[str, list[Payment]]:
        """The payments of our own that the run saw."""
        return {
            uscc: [Payment(**{**one, "paid_on": date.fromisoformat(one["paid_on"])}) for one in several]
            for uscc, several in _read(self.folder / PAYMENTS).items()
        }

    def _rows(self, name: str, wanted: pc.Expression | None = None) -> pa.Table:
        with _told_if_damaged(self.folder / name):  # Arrow says itself which file it is
            found = ds.dataset([str(path) for path in self.files(name)], schema=SCHEMA, format=_CHECKED)
            rows = _check_footers(found)
            if name == RESULTS and rows != self.manifest.rows:
                raise pa.ArrowInvalid(f"{rows} rows of {self.manifest.rows}")
            return found.to_table(filter=wanted)


def open_run(folder: Path) -> Run:
    """Open a complete run.

    Raises:
        NotFound: there is none in this folder.
        InputError: its manifest cannot be read.
    """
    try:
        return Run(folder, Manifest.from_json((folder / MANIFEST).read_text(encoding="utf-8")))
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
    found = sorted(_complete(runs), key=lambda path: (path / MANIFEST).stat().st_mtime_ns)
    return open_run(found[-1]) if found else None


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    with _told_if_damaged(path):
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found


def _check_footers(found: ds.Dataset) -> int:
    """How many rows there are; a footer has no checksum, and under another name a column would read as nothing at all."""
    rows = 0
    for file in found.get_fragments():
        here = file.physical_schema
        if (here.names, here.types) != (SCHEMA.names, SCHEMA.types):
            raise pa.ArrowInvalid(f"columns {here.names} in {file.path}")
        rows += sum(group.num_rows for group in file.row_groups)
    return rows


@contextmanager
def _told_if_damaged(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        zh, en = f"匹配结果损坏:{error}", f"the results cannot be read: {error}"
        raise InputError("run_broken", zh, en, Location(str(path))) from error


def _complete(runs: Path) -> Iterator[Path]:
    if runs.is_dir():
        yield from (path for path in runs.iterdir() if (path / MANIFEST).is_file() and not path.name.startswith("."))
