"""Files as they were handed over, kept under their SHA-256: what a snapshot is rebuilt from.

The originals hold person numbers, so the folder is closed to everyone but its owner (0700, files 0600) and never served.
A file is landed once however often it comes; which landed files are in force is part of each published snapshot, so a file
that was copied by a killed import is only an orphan.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from subsidy_match.errors import InputError, Location
from subsidy_match.profiles.blotting import blotted

__all__ = ["Landed", "as_of_name", "landed_path", "merge_landed", "store_file"]

_CHUNK = 1 << 20
_DAY = re.compile(r"(?<!\d)(20\d{2})(?:(\d{2})(\d{2})|[-.年](\d{1,2})[-.月](\d{1,2}))(?!\d)")


@dataclass(frozen=True, slots=True, order=True)
class Landed:
    """One landed file, under its name without numbers of persons and accounts.

    ``department`` is set where whoever imported it said so; else its headers decide.
    """

    as_of: date
    name: str
    sha256: str
    department: str | None = None

    @property
    def stored_name(self) -> str:
        """The name of the copy: its hash and its kind."""
        return self.sha256 + Path(self.name).suffix.lower()

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the manifest."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "as_of": self.as_of.isoformat(),
            "department": self.department,
        }

    @classmethod
    def from_dict(cls, node: dict[str, Any]) -> Landed:
        """Read an entry of a manifest."""
        return cls(date.fromisoformat(node["as_of"]), blotted(node["name"]), node["sha256"], node["department"])


def as_of_name(name: str) -> date:
    """The day a file speaks of, from its name (``…_20260531.csv``).

    Raises:
        InputError: the name holds no day, or one that does not exist.
    """
    found = list(_DAY.finditer(unicodedata.normalize("NFKC", Path(name).stem)))
    try:
        parts = [part for part in found[-1].groups() if part] if found else []
        return date(*(int(part) for part in parts))
    except (TypeError, ValueError) as error:
        zh = "文件名中没有数据日期(如 _20260531),请改名或用 --as-of 指明"
        en = "the file name has no as-of date (such as _20260531): rename it or say --as-of"
        raise InputError("profiles.file.no_as_of", zh, en, Location(name)) from error


def store_file(source: Path, folder: Path, *, name: str, as_of: date, department: str | None) -> Landed:
    """Copy a file into the landing folder, hashing what is copied; a copy that is there already stays as it is.

    Raises:
        InputError: the file cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    waiting = folder / f".incoming-{os.getpid()}"
    digest = hashlib.sha256()
    try:
        with source.open("rb") as original, _private(waiting) as copy:
            while chunk := original.read(_CHUNK):
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
    except OSError as error:
        waiting.unlink(missing_ok=True)
        zh, en = f"文件无法读取:{error.strerror}", f"the file cannot be read: {error.strerror}"
        raise InputError("profiles.file.unreadable", zh, en, Location(str(source))) from error
    landed = Landed(as_of, blotted(name), digest.hexdigest(), department)
    waiting.replace(landed_path(folder, landed))
    return landed


def landed_path(folder: Path, landed: Landed) -> Path:
    """Where the copy of a landed file is."""
    return folder / landed.stored_name


def merge_landed(old: Sequence[Landed], new: Iterable[Landed]) -> tuple[Landed, ...]:
    """All files in force, each once: the same bytes for the same day under two names count once, in any order."""
    kept: dict[tuple[str, date], Landed] = {}
    for landed in sorted((*old, *new), key=lambda file: (file.name, file.department or "")):
        kept.setdefault((landed.sha256, landed.as_of), landed)
    return tuple(sorted(kept.values(), key=lambda file: (file.as_of, file.name, file.sha256)))


def _private(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
