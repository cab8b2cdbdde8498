"""Writing a snapshot as a folder of Parquet files, for machines that do not share its database; complete or absent."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from subsidy_match.errors import Conflict, Location, RetryableError
from subsidy_match.profiles.exported import DISPUTED, MANIFEST, Exported, ExportedFile
from subsidy_match.profiles.reading import Snapshot

__all__ = ["FIRMS_A_FILE", "export_parquet"]

FIRMS_A_FILE = 122_880  # a row group of DuckDB, and the block that the vector engine likes
_LOCK = "lock"


def export_parquet(
    snapshot: Snapshot,
    target: Path,
    *,
    firms_a_file: int = FIRMS_A_FILE,
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write every column that policies may look at, in the order of the snapshot, into the folder ``target``.

    Args:
        snapshot: the snapshot.
        target: a folder that does not exist yet; while it is written it is called ``.target.partial``.
        firms_a_file: a file is matched at once.
        progress: called with firms done and firms in all.

    Raises:
        Conflict: ``target`` exists.
        RetryableError: another process is writing it.
        OSError: it cannot be written; nothing is left.
    """
    if target.exists():
        zh, en = f"导出目录已存在:{target}", f"the folder {target} exists"
        raise Conflict("export.exists", zh, en, Location(str(target)), "name another")
    report = progress or (lambda _done, _total: None)
    with _building(target) as folder:
        exported = _write(snapshot, folder, firms_a_file, report)
        _keep(folder / MANIFEST, exported.to_json().encode())
    return Exported(target.resolve(), *(getattr(exported, name) for name in Exported.__slots__[1:]))


def _write(snapshot: Snapshot, folder: Path, size: int, report: Callable[[int, int], None]) -> Exported:
    givers = snapshot.givers()
    several = [
        f"{fact}@{department}" for fact, ds in sorted(givers.items()) if len(ds) > 1 for department in sorted(ds)
    ]
    facts = [*snapshot.facts, *several]
    disputed, total, done = _by_firm(snapshot), snapshot.count(), 0
    files: list[ExportedFile] = []
    columns: dict[str, str] = {}
    report(0, total)
    for number, table in enumerate(snapshot.tables([*facts, *snapshot.lists], facts, size)):
        whole = table.append_column(DISPUTED, _disputed(table.column("uscc"), disputed))
        content = _parquet(whole)
        columns = columns or {field.name: str(field.type) for field in pq.read_schema(pa.BufferReader(content))}
        files.append(ExportedFile(f"firms-{number:06d}.parquet", table.num_rows, hashlib.sha256(content).hexdigest()))
        _keep(folder / files[-1].name, content)
        done += table.num_rows
        report(done, total)
    single = {fact: next(iter(ds)) for fact, ds in givers.items() if len(ds) == 1}
    return Exported(folder, snapshot.id, size, tuple(files), columns, single, snapshot.loaded)


def _by_firm(snapshot: Snapshot) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for collection, uscc in sorted(snapshot.disputed):
        found.setdefault(uscc, []).append(collection)
    return found


def _disputed(uscc: pa.ChunkedArray, disputed: Mapping[str, Sequence[str]]) -> pa.Array:
    rows: list[Sequence[str] | None] = [None] * len(uscc)
    some = pc.indices_nonzero(pc.is_in(uscc, pa.array(list(disputed), pa.string()))).to_pylist() if disputed else []
    for row in some:
        rows[row] = disputed[uscc[row].as_py()]
    return pa.array(rows, pa.list_(pa.string()))


def _parquet(table: pa.Table) -> pa.Buffer:
    out = pa.BufferOutputStream()
    pq.write_table(
        table.replace_schema_metadata(None),
        out,
        compression="zstd",
        row_group_size=max(table.num_rows, 1),
        store_schema=False,
        write_page_checksum=True,
    )
    return out.getvalue()


@contextmanager
def _building(target: Path) -> Iterator[Path]:
    """The folder under another name, which it loses when it is whole; a failed one goes, a killed one goes next time."""
    folder = target.with_name(f".{target.name}.partial")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            zh, en = f"另一进程正在导出到 {target}", f"another process is exporting to {target}"
            raise RetryableError("export.locked", zh, en, Location(str(target))) from error
        _clear(folder, but=_LOCK)
        try:
            yield folder
            (folder / _LOCK).unlink()
            folder.rename(target)
        except BaseException:
            _clear(folder)
            folder.rmdir()
            raise


def _clear(folder: Path, but: str = "") -> None:
    for path in folder.iterdir():
        if path.name != but:
            path.unlink()


def _keep(path: Path, content: bytes | pa.Buffer) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
