"""When time alone can change what a run says, if neither data nor policies change: for each firm, and by growing age.

A look-back that a date of the firm falls out of, an age that is reached, a certificate that runs out: the next such day is kept
for each firm, over all policies at once; a firm without one has no row. It may be earlier than the day on which a verdict really
changes, never later. Values and lists that grow too old have a date for each fact or list, because they came in a few files:
who is concerned is found when that day comes. What moves for everybody (a year, a dated table, an amount by the day) is in the
signatures of policies instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.matching.engines import Job
from subsidy_match.matching.vector.clocks import NEVER, Clock
from subsidy_match.matching.vector.flips import Flips, flips
from subsidy_match.matching.vector.plan import Plan, stale_after
from subsidy_match.matching.vector.sources import BLOCK, blocks_of, source_of
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.enterprise import Collection as Listed

__all__ = ["NEXT_DATES", "ageing", "earliest", "firms_due", "first_date", "next_dates", "without"]

NEXT_DATES = pa.schema(
    [pa.field("uscc", pa.string(), nullable=False), pa.field("next_date", pa.date32(), nullable=False)]
)
_EPOCH = date(1970, 1, 1).toordinal()


def next_dates(job: Job, plan: Plan, policies: Collection[str], firms: Collection[str] | None = None) -> pa.Table:
    """The next date of each firm that has one.

    Args:
        job: the snapshot and our own payments.
        plan: all policies on the day.
        policies: those that count.
        firms: those that are wanted; all where not given.
    """
    watching = flips(plan, policies)
    if not watching.watches:
        return NEXT_DATES.empty_table()
    source = source_of(job.snapshot, watching.plan, job.payments)
    parts = [_part(watching, uscc, block) for uscc, block in blocks_of(job.snapshot, source, BLOCK, firms)]
    return pa.concat_tables([NEXT_DATES.empty_table(), *parts])


def _part(watching: Flips, uscc: pa.Array, block: object) -> pa.Table:
    days = watching.next_days(block)  # type: ignore[arg-type]
    rows = np.flatnonzero(days < NEVER)
    shown = pa.array((days[rows] - _EPOCH).astype(np.int32), pa.int32()).cast(pa.date32())
    return pa.table([uscc.take(pa.array(rows)), shown], schema=NEXT_DATES)


def earliest(parts: Iterable[pa.Table]) -> pa.Table:
    """The earliest date of each firm."""
    found = pa.concat_tables(parts).group_by("uscc", use_threads=False).aggregate([("next_date", "min")])
    return found.rename_columns({"next_date_min": "next_date"}).select(NEXT_DATES.names).cast(NEXT_DATES)


def firms_due(dates: pa.Table, as_of: date) -> frozenset[str]:
    """The firms whose date has come."""
    come = pc.less_equal(dates.column("next_date"), pa.scalar(as_of, pa.date32()))
    return frozenset(dates.filter(come).column("uscc").to_pylist())


def first_date(dates: pa.Table) -> tuple[date, int] | None:
    """The next date of all, and of how many firms it is."""
    first = pc.min(dates.column("next_date"))
    return (first.as_py(), pc.sum(pc.equal(dates.column("next_date"), first)).as_py()) if first.is_valid else None


def without(dates: pa.Table, firms: Collection[str]) -> pa.Table:
    """The dates of all other firms."""
    return dates.filter(pc.invert(pc.is_in(dates.column("uscc"), pa.array(sorted(firms), pa.string()))))


def ageing(plan: Plan, snapshot: Snapshot) -> dict[str, date]:
    """For every fact and list that is looked at the next day on which something of it grows too old to count."""
    catalogue, found = plan.policies.catalogue, {}
    for name, days in snapshot.days_in_use(sorted(plan.aging)).items():
        found[name] = _next_stale(Clock(back=stale_after(catalogue, name) or Clock().back), days, plan.as_of)
    for name in plan.lists:
        spec, loaded = catalogue.collections[name], snapshot.loaded.get(name, {})
        if spec.stale_after is not None and spec.is_complete(Listed(loaded=loaded), plan.as_of):
            found[name] = _next_stale(
                Clock(back=spec.stale_after), map(loaded.__getitem__, spec.complete_from), plan.as_of
            )
    return {name: day for name, day in sorted(found.items()) if day is not None}


def _next_stale(clock: Clock, days: Iterable[date], as_of: date) -> date | None:
    limits = np.array([day.toordinal() for day in days], np.int64)
    day = int(clock.hand(as_of).next_days(limits, strict=True).min(initial=NEVER))
    return date.fromordinal(day) if day < NEVER else None
