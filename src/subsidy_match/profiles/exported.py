"""A snapshot as a folder of Parquet files, one a range of firms: what it says of itself, and the columns of one file.

The folder is written once by ``profiles export`` and never changed. Whoever reads it elsewhere, on another machine and perhaps
months later, finds out here whether it still is what was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from subsidy_match.errors import InputError, Location, NotFound
from subsidy_match.profiles.snapshot import SCHEMA_VERSION

__all__ = ["DISPUTED", "MANIFEST", "Exported", "ExportedFile", "open_exported"]

MANIFEST = "export.json"
DISPUTED = "disputed lists"  # column: the lists of a firm of which a row waits for a person
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One range of firms."""

    name: str
    firms: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported snapshot.

    ``columns`` has the Arrow type of every column; ``givers`` the department of every fact that only one gave, where others
    gave it too there is a column ``fact@department`` for each. ``loaded`` are the days of the lists, by collection.
    """

    folder: Path
    snapshot: str
    block: int
    files: tuple[ExportedFile, ...]
    columns: Mapping[str, str]
    givers: Mapping[str, str]
    loaded: Mapping[str, Mapping[str, date]]

    @property
    def firms(self) -> int:
        """How many firms there are."""
        return sum(file.firms for file in self.files)

    def to_json(self) -> str:
        """The manifest as text."""
        node = {
            "format": _FORMAT,
            "schema_version": SCHEMA_VERSION,
            "snapshot": self.snapshot,
            "firms": self.firms,
            "block": self.block,
            "loaded": {name: {d: day.isoformat() for d, day in days.items()} for name, days in self.loaded.items()},
            "givers": dict(self.givers),
            "columns": dict(self.columns),
            "files": [{"name": f.name, "firms": f.firms, "sha256": f.sha256} for f in self.files],
        }
        return json.dumps(node, ensure_ascii=False, indent=1) + "\n"

    def table(self, number: int, columns: Collection[str], aging: Collection[str]) -> pa.Table:
        """The firms of one file as ``Snapshot.tables`` gives them, and :data:`DISPUTED` beside them.

        Args:
            number: which file.
            columns: facts and lists; those that the snapshot had not are left out.
            aging: facts of which ``as_of fact`` is to say from which day each value is.

        Raises:
            InputError: the file is gone, is not the one that was written, or lacks what the manifest says.
        """
        asked = ["uscc", DISPUTED, *sorted(columns), *(f"as_of {name}" for name in sorted(aging))]
        stored = {name: place for name in asked if (place := self._column(name)) is not None}
        found = self._read(self.files[number], dict.fromkeys(stored.values()))
        return pa.table({name: found.column(place) for name, place in stored.items()})

    def _column(self, name: str) -> str | None:
        """Where a column is; what the only giver of a fact gave is the fact itself."""
        if name in self.columns:
            return name
        plain, _, department = name.partition("@")
        if department and self.givers.get(plain.removeprefix("as_of ")) == department:
            return plain
        return None

    def _read(self, file: ExportedFile, names: Iterable[str]) -> pa.Table:
        path, wanted = self.folder / file.name, list(names)
        content = _content(path, file)
        with _damage_told(path), pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True) as opened:
            self._check(path, opened.schema_arrow, wanted)
            table = opened.read(wanted, use_threads=False)
        if table.num_rows != file.firms:
            raise _altered(path)
        return table

    def _check(self, path: Path, schema: pa.Schema, names: Sequence[str]) -> None:
        """Check that the columns are there and are what the manifest says."""
        for name in names:
            place = schema.get_field_index(name)
            if place < 0:
                zh, en = f"导出文件缺少列 {name}", f"the exported file lacks the column {name}"
                raise InputError("export.column_missing", zh, en, Location(str(path)), _AGAIN)
            if (found := str(schema.field(place).type)) != self.columns[name]:
                zh = f"列 {name} 的类型不对:{found},应为 {self.columns[name]}"
                en = f"the column {name} is {found}, not {self.columns[name]}"
                raise InputError("export.column_type", zh, en, Location(str(path)), _AGAIN)


_AGAIN = "subsidy-match profiles export --parquet DIR"


def open_exported(folder: Path) -> Exported:
    """Open an exported snapshot.

    Raises:
        NotFound: there is none in this folder.
        InputError: its manifest cannot be read, or was written by another version.
    """
    path = folder / MANIFEST
    try:
        node = json.loads(path.read_text("utf-8"))
        version = node["format"], node["schema_version"]
        found = _exported(folder.resolve(), node) if version == (_FORMAT, SCHEMA_VERSION) else None
    except (FileNotFoundError, NotADirectoryError):
        zh, en = f"没有导出的快照:{folder}", f"no exported snapshot in {folder}"
        raise NotFound("export.not_found", zh, en, Location(str(folder)), _AGAIN) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        zh, en = f"导出清单已损坏:{error}", f"the manifest of the export is damaged: {error}"
        raise InputError("export.manifest", zh, en, Location(str(path)), _AGAIN) from error
    if found is None:
        zh, en = "导出的快照由另一版本写成,请重新导出", "the export was written by another version: export again"
        raise InputError("export.version", zh, en, Location(str(path)), _AGAIN)
    return found


def _exported(folder: Path, node: Mapping[str, Any]) -> Exported:
    loaded = {
        name: {department: date.fromisoformat(day) for department, day in days.items()}
        for name, days in node["loaded"].items()
    }
    files = tuple(ExportedFile(**file) for file in node["files"])
    columns, givers = dict(node["columns"]), dict(node["givers"])
    return Exported(folder, node["snapshot"], node["block"], files, columns, givers, loaded)


def _content(path: Path, file: ExportedFile) -> bytes:
    """The whole file, read once: what was checked is what is read."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        zh = "导出的文件不见了;集群的每台机器都要能读到同一目录"
        en = "a file of the export is gone; every machine of a cluster must see the folder under this path"
        raise InputError("export.file_missing", zh, en, Location(str(path)), _AGAIN) from None
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise _altered(path)
    return content


def _altered(path: Path) -> InputError:
    zh, en = "导出的文件被改动,与清单不符", "a file of the export was altered: it is not what the manifest says"
    return InputError("export.file_altered", zh, en, Location(str(path)), _AGAIN)


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """A file that Parquet cannot read is damaged, wherever in it that is noticed."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        zh, en = f"导出的文件已损坏:{error}", f"a file of the export is damaged: {error}"
        raise InputError("export.file_damaged", zh, en, Location(str(path)), _AGAIN) from error
