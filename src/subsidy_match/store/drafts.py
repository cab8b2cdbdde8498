"""Files that are written aside and linked into place: each writer has a draft of its own, which nobody else takes away."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import BinaryIO

__all__ = ["draft_of", "private_file"]


def draft_of(path: Path) -> Path:
    """A name beside ``path`` that no other writer uses."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}")


def private_file(path: Path) -> BinaryIO:
    """Open a file to be written from its beginning, closed to others: it holds personal data."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
