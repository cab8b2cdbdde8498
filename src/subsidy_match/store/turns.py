"""Turns: what no row can be locked for is done by one transaction after the other."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

__all__ = ["Turn", "take_turn"]


class Turn(IntEnum):
    """What is done in turns; the numbers are kept, for versions that run side by side."""

    ANCHOR = 7_204_119
    NOTICE_NUMBER = 7_204_120
    ALLOCATION_NUMBER = 7_204_121


def take_turn(session: Session, turn: Turn) -> None:
    """Wait for whoever does the same, and hold the turn until the transaction ends; on SQLite its write lock is that."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(int(turn))))
