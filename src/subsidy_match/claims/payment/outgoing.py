"""The folder of treasury files: each written whole or not at all, readable by its owner alone, and kept as it was sent."""

from __future__ import annotations

import hashlib
from pathlib import Path

from subsidy_match.errors import Conflict
from subsidy_match.store.whole_file import write_whole

__all__ = ["kept_file", "write_once"]


def write_once(folder: Path, name: str, content: bytes) -> Path:
    """Write the file whole or not at all, and flushed to the disk; what was sent is never written over.

    Raises:
        Conflict: ``file_taken``, there is a file of that name with other content.
    """
    path = folder / name
    if path.exists() and path.read_bytes() != content:
        zh = f"支付文件夹中已有内容不同的同名文件,未覆盖:{name}"
        raise Conflict("file_taken", zh, f"the treasury folder has another file of that name, which is kept: {name}")
    write_whole(path, content)
    return path


def kept_file(folder: Path, name: str, sha256: str) -> bytes | None:
    """The file as it was sent, where it is still there and still the same."""
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
