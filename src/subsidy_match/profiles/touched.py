"""Which firms differ between two snapshots in what somebody looks at: worked out inside DuckDB, exactly."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import duckdb

from subsidy_match.profiles.assembly import quote
from subsidy_match.profiles.reading import Snapshot

__all__ = ["touched_firms"]


def touched_firms(
    before: Snapshot,
    after: Snapshot,
    columns: Collection[str],
    oldest: tuple[Mapping[str, date], Mapping[str, date]],
    lists: Collection[str],
) -> frozenset[str]:
    """The firms that came, went, or have another value.

    Args:
        before: one snapshot.
        after: the other.
        columns: facts and lists that are looked at.
        oldest: facts that are unknown when they are older than that day, before and after.
        lists: lists of which it matters whether they are in dispute.
    """
    changed = frozenset(uscc for name, uscc in before.disputed ^ after.disputed if name in lists)
    if before.id == after.id:
        return changed | after.aged(*oldest)
    wanted = sorted(columns)
    old = before.effective_query(wanted, oldest[0], "before")
    new = after.effective_query(wanted, oldest[1], "after")
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        for snapshot, side in ((before, "before"), (after, "after")):
            path = str(snapshot.path).replace("'", "''")
            con.execute(f"ATTACH '{path}' AS {side} (READ_ONLY)")
        return changed | _different(con, old, new, wanted)


def _different(con: duckdb.DuckDBPyConnection, old: str, new: str, columns: Sequence[str]) -> frozenset[str]:
    """Compare line by line, which is quick; where the firms do not stand in the same places, code by code."""
    differs = " OR ".join(f"o.{quote(name)} IS DISTINCT FROM n.{quote(name)}" for name in ("uscc", *columns))
    pairs = f"SELECT o.uscc, n.uscc FROM ({old}) o {{}} ({new}) n {{}} WHERE {differs}"  # noqa: S608 - quoted
    found = con.execute(pairs.format("POSITIONAL JOIN", "")).fetchall()
    if any(one != other for one, other in found):
        found = con.execute(pairs.format("FULL JOIN", "ON o.uscc = n.uscc")).fetchall()
    return frozenset(uscc for pair in found for uscc in pair if uscc is not None)
