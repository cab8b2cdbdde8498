"""Packs files that are named by their SHA-256 beside a backup, and puts them back: each is checked by its own name.

A tar whose members are the hashes. A document is on the disk before the store knows it and never changes, so that a pack
written after the backup of the store holds all that the store speaks of.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from subsidy_match.errors import Conflict, InputError
from subsidy_match.store.drafts import draft_of, private_file
from subsidy_match.store.whole_file import write_whole

__all__ = ["PackReport", "beside", "hashed_path", "pack", "unpack"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PackReport:
    """How many files went in or came out, and the hashes of those that are missing or are not what they are called."""

    files: int
    damaged: tuple[str, ...] = ()


def beside(backup: Path) -> Path:
    """The pack that belongs to a backup."""
    return backup.with_name(f"{backup.name}.documents.tar")


def hashed_path(folder: Path, digest: str) -> Path:
    """Where the file of a hash lies."""
    return folder / digest[:2] / digest


def pack(folder: Path, digests: Iterable[str], path: Path, progress: Progress | None = None) -> PackReport:
    """Write the files of ``digests`` into a new file, complete or not at all; those that are damaged are left out.

    Raises:
        Conflict: ``backup_exists``.
    """
    wanted, damaged, draft = sorted(set(digests)), [], draft_of(path)
    try:
        with private_file(draft) as raw:
            with tarfile.open(fileobj=raw, mode="w") as tar:
                for number, digest in enumerate(wanted, start=1):
                    source = hashed_path(folder, digest)
                    if _hash_of(source) == digest:
                        tar.add(source, arcname=digest, recursive=False)
                    else:
                        damaged.append(digest)
                    if progress is not None:
                        progress(number, len(wanted))
            raw.flush()
            os.fsync(raw.fileno())
        os.link(draft, path)  # unlike a rename this never replaces another's file
    except FileExistsError as clash:
        zh, en = f"文件已存在,未覆盖:{path.name}", f"the file exists and is kept: {path.name}"
        raise Conflict("backup_exists", zh, en) from clash
    finally:
        draft.unlink(missing_ok=True)
    return PackReport(len(wanted) - len(damaged), tuple(damaged))


def unpack(path: Path, folder: Path, digests: Iterable[str], progress: Progress | None = None) -> PackReport:
    """Put the files of ``digests`` back under ``folder``; says which are missing or are not what they are called.

    Raises:
        InputError: ``backup_damaged``, the pack cannot be read.
    """
    wanted, found = set(digests), set()
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() and member.name in wanted else None
                if content is None:
                    continue
                data = content.read()
                if hashlib.sha256(data).hexdigest() == member.name:
                    write_whole(hashed_path(folder, member.name), data)
                    found.add(member.name)
                if progress is not None:
                    progress(len(found), len(wanted))
    except tarfile.TarError as error:
        zh, en = f"备份文件不完整或被改动:{path.name}", f"damaged or cut off: {path.name}"
        raise InputError("backup_damaged", zh, en) from error
    return PackReport(len(found), tuple(sorted(wanted - found)))


def _hash_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
