"""The folder of treasury files: each written whole or not at all, readable by its owner alone, and kept as it was sent."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["kept_file", "write_once"]


def write_once(folder: Path, name: str, content: bytes) -> Path:
    """Write the file whole or not at all, and flushed to the disk."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, draft = folder / name, folder / f".{name}.{os.getpid()}.tmp"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _flush_folder(folder)
    return path


def kept_file(folder: Path, name: str, sha256: str) -> bytes | None:
    """The file as it was sent, where it is still there and still the same."""
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None


def _flush_folder(folder: Path) -> None:
    # The new name is on the disk only once the folder is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
