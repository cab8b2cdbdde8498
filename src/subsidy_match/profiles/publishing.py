"""Where snapshots live and how one comes into force: a finished file, then one small pointer replaced in one step.

Readers follow the pointer ``current``; a file that it does not name is not in force, whatever a crash left behind. The lock
is held by the operating system for the process that imports, so a killed import leaves none.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subsidy_match.errors import InputError, Location, NotFound, RetryableError
from subsidy_match.profiles.landing import Landed

__all__ = ["Shelf"]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The profiles folder of a home."""

    home: Path

    @property
    def folder(self) -> Path:
        """Everything about profiles."""
        return self.home / "profiles"

    @property
    def landed(self) -> Path:
        """Copies of the files that were handed over; closed to others, for they hold person numbers."""
        return self.folder / "landed"

    @property
    def decisions(self) -> Path:
        """What people decided in review."""
        return self.folder / "decisions.yml"

    @property
    def headers(self) -> Path:
        """What people said that headers mean."""
        return self.folder / "headers.yml"

    @property
    def industries(self) -> Path:
        """The full table of industry codes, where the office has imported it."""
        return self.folder / "industry-codes.csv"

    def keep_industries(self, text: str) -> None:
        """Replace that table in one step. Only under the lock."""
        _write(self.industries, text)

    def file(self, snapshot_id: str) -> Path:
        """The DuckDB file of a snapshot."""
        return self.folder / "snapshots" / f"{snapshot_id}.duckdb"

    def current(self) -> str | None:
        """The id of the snapshot in force, if there is one."""
        try:
            return (self.folder / "current").read_text("ascii").strip()
        except FileNotFoundError:
            return None

    def ids(self) -> list[str]:
        """All snapshots that were published, oldest first."""
        manifests = (self.folder / "snapshots").glob("*.json")
        found = [(path.stat().st_mtime_ns, path.stem) for path in manifests if path.with_suffix(".duckdb").exists()]
        return [snapshot for _, snapshot in sorted(found)]

    def before(self, snapshot_id: str) -> str:
        """The snapshot that was published before another one.

        Raises:
            NotFound: none was, or it is no longer kept.
        """
        ids = self.ids()
        place = ids.index(snapshot_id) if snapshot_id in ids else 0
        if place == 0:
            zh, en = f"快照 {snapshot_id} 之前没有别的快照", f"no snapshot is kept from before {snapshot_id}"
            raise NotFound("profiles.no_snapshot", zh, en, Location(str(self.folder)))
        return ids[place - 1]

    def find(self, snapshot_id: str | None) -> str:
        """The id asked for, else the one in force.

        Raises:
            NotFound: there is no such snapshot, or none yet.
        """
        wanted = snapshot_id or self.current()
        if wanted is None:
            zh, en = "还没有企业档案,请先导入部门数据", "there are no profiles yet: import department files first"
            raise NotFound("profiles.no_snapshot", zh, en, Location(str(self.folder)))
        if not wanted.isalnum() or not self.file(wanted).exists():
            if snapshot_id is None and self.current() != wanted:
                return self.find(None)  # another one has come into force meanwhile
            zh, en = f"没有快照 {wanted}", f"there is no snapshot {wanted}"
            raise NotFound("profiles.no_snapshot", zh, en, Location(str(self.folder)))
        return wanted

    def manifest(self, snapshot_id: str) -> dict[str, Any]:
        """The files in force and the report of a snapshot."""
        path = self.file(snapshot_id).with_suffix(".json")
        try:
            node: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            zh, en = f"快照清单已损坏:{error}", f"the manifest of the snapshot is damaged: {error}"
            raise InputError("profiles.manifest", zh, en, Location(str(path))) from error
        return node

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other import out.

        Raises:
            RetryableError: another one is running.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                zh, en = "另一次导入正在进行,请稍后再试", "another import is running: try again later"
                raise RetryableError("profiles.locked", zh, en, Location(str(self.folder))) from error
            yield

    def workplace(self) -> Path:
        """Where the next snapshot is built; what a killed import left behind goes. Only under the lock."""
        snapshots = self.folder / "snapshots"
        snapshots.mkdir(parents=True, exist_ok=True)
        for left in {*snapshots.glob(".*"), *self.folder.glob(".*"), *self._without_manifest()}:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        self.forget_orphans()
        return snapshots / ".building.duckdb"

    def _without_manifest(self) -> list[Path]:
        """Finished files whose import was killed before it could say what they were made of."""
        files = (self.folder / "snapshots").glob("*.duckdb")
        return [file for file in files if not file.with_suffix(".json").exists()]

    def forget_orphans(self) -> None:
        """Delete landed copies that no snapshot was made of: originals with person numbers are not kept for nothing."""
        files = [Landed.from_dict(node) for snapshot_id in self.ids() for node in self.manifest(snapshot_id)["files"]]
        wanted = {file.stored_name for file in files}
        for copy in self.landed.iterdir() if self.landed.exists() else ():
            if copy.name not in wanted:
                copy.unlink()

    def surplus(self, keep: int) -> list[str]:
        """The snapshots that go when only the newest ``keep`` stay, oldest first; the one in force never does.

        Raises:
            InputError: fewer than one is to stay.
        """
        if keep < 1:
            zh, en = f"至少保留一个快照,而不是 {keep} 个", f"keep one snapshot at the least, not {keep}"
            raise InputError("profiles.keep", zh, en)
        current = self.current()
        return [snapshot_id for snapshot_id in self.ids()[:-keep] if snapshot_id != current]

    def prune(self, keep: int) -> list[str]:
        """Delete the surplus, and the landed originals that no snapshot needs any more. Only under the lock."""
        gone = self.surplus(keep)
        for snapshot_id in gone:
            file = self.file(snapshot_id)
            file.unlink()  # first: without it the manifest counts for nothing
            file.with_suffix(".json").unlink()
        if gone:
            self.forget_orphans()
        return gone

    def publish(self, built: Path, snapshot_id: str, manifest: dict[str, Any]) -> None:
        """Bring a finished snapshot into force: file, manifest, pointer, each in one step and in this order."""
        with built.open("rb") as file:
            os.fsync(file.fileno())
        built.replace(self.file(snapshot_id))
        _write(self.file(snapshot_id).with_suffix(".json"), json.dumps(manifest, ensure_ascii=False))
        self.point(snapshot_id)

    def point(self, snapshot_id: str) -> None:
        """Make a snapshot that is on the shelf the one in force."""
        _write(self.folder / "current", snapshot_id)


def _write(path: Path, text: str) -> None:
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    with waiting.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
