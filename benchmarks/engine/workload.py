"""Workloads on disk: a snapshot and a folder of policies, made once and kept for the next run.

They are made in a process of their own (``python -m engine.workload DATA FIRMS POLICIES [rich]``), for the memory that takes is not
to be counted with what is measured.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine import firms, policies, sampling
from subsidy_match.profiles.snapshot import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Workload:
    """So many firms against so many policies; ``rich`` policies ask for lists, derived facts and projects as well."""

    firms: int
    policies: int
    rich: bool = False

    def __str__(self) -> str:
        return f"{self.firms:,} × {self.policies:,}" + (" rich" if self.rich else "")


@dataclass(frozen=True, slots=True)
class Files:
    """Where a workload lies."""

    snapshot: Path
    policies: Path

    @property
    def are_there(self) -> bool:
        """Whether both were made before."""
        return self.snapshot.exists() and self.policies.exists()


def files_of(work: Workload, data: Path) -> Files:
    """Where a workload is or will be; another generator has another folder."""
    folder, kind = data / _made_by(), "-rich" if work.rich else ""
    return Files(folder / f"firms-{work.firms}{kind}.duckdb", folder / f"policies-{work.policies}{kind}")


def prepare(work: Workload, data: Path) -> None:
    """Make what is not there yet."""
    files = files_of(work, data)
    _once(files.snapshot, lambda path: firms.write_snapshot(path, work.firms, lists=work.rich))
    _once(files.policies, lambda path: _draw(path, work))


def prepare_apart(work: Workload, data: Path) -> None:
    """The same, leaving nothing in the memory of this process."""
    if not files_of(work, data).are_there:
        numbers = [str(work.firms), str(work.policies), *(["rich"] if work.rich else [])]
        subprocess.run([sys.executable, "-m", "engine.workload", str(data), *numbers], check=True)


def _draw(path: Path, work: Workload) -> None:
    policies.write_policies(path, policies.draw_policies(work.policies, sampling.draw_sample(), rich=work.rich))


def _once(path: Path, make: Callable[[Path], None]) -> None:
    """Make a file or folder under another name first: what has its name is whole."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        make(part)
        part.rename(path)
    finally:
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)


def _made_by() -> str:
    sources = (Path(str(module.__file__)).read_bytes() for module in (firms, policies, sampling))
    return hashlib.sha256(b"\0".join([str(SCHEMA_VERSION).encode(), *sources])).hexdigest()[:10]


if __name__ == "__main__":
    prepare(Workload(int(sys.argv[2]), int(sys.argv[3]), "rich" in sys.argv[4:]), Path(sys.argv[1]))
