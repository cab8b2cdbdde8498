"""Where stores of tests lie: in memory where there is room, for every commit of theirs is synced to disk.

What tests kill are processes, and what those have written outlives them in memory as on disk.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

__all__ = ["memory"]

_SHARED = Path("/dev/shm")
_ROOM = 6 * 2**30


def memory() -> Path | None:
    """A folder in memory, unless ``TEST_ON_DISK`` is set or it is too small."""
    if os.environ.get("TEST_ON_DISK") or not os.access(_SHARED, os.W_OK):
        return None
    return _SHARED if shutil.disk_usage(_SHARED).free >= _ROOM else None
