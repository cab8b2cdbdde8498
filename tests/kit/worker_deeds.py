"""Work on blocks for processes of the vector engine; here, because those processes must be able to import it."""

from __future__ import annotations

import os
import signal

from subsidy_match.errors import InputError, Location
from subsidy_match.matching.results import BlockResult

__all__ = ["dies_once", "refuses"]


def dies_once(block: BlockResult) -> int:
    """Give the number of firms, and be killed at one block."""
    if block.number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return block.firms


def refuses(block: BlockResult) -> int:
    """Refuse every block."""
    raise InputError("x.y", "不行", f"block {block.number}", Location("a", 3))
