"""Which firms differ between two snapshots in what somebody looks at: worked out inside DuckDB, exactly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

import duckdb

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
        found = con.execute(
            f"SELECT DISTINCT uscc FROM ((({old}) EXCEPT ({new})) UNION ALL (({new}) EXCEPT ({old})))"  # noqa: S608
        ).fetchall()
    return changed | {uscc for (uscc,) in found}
