"""The sweep: finds what time alone has brought about, and does it one claim at a time as the machine.

A plan is read in one transaction and changes nothing. Each task is a transaction of its own through the same desk as
everybody's, under the version that the plan saw, with the guards asked again: so a sweep may stop anywhere, start again,
run twice or beside another, and ends in the same place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.deadline.clock_records import SweepRun
from subsidy_match.claims.deadline.sweeps import SWEEPS, Sweep, Task, read_scene
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.errors import RetryableError, SubsidyError
from subsidy_match.store.schema import canonical_json, require_utc
from subsidy_match.store.unit import in_unit

__all__ = ["SweepReport", "last_sweep", "plan", "sweep"]

# What one task frees another may take; a claim passes few deadlines at one moment.
_MOST_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep did; ``refused`` are those that turned out not to be possible after all, with the reason."""

    at: datetime
    done: tuple[Task, ...]
    refused: tuple[tuple[Task, SubsidyError], ...] = ()
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def counts(self) -> Mapping[str, int]:
        """How many of each kind were done."""
        return Counter(task.sweep for task in self.done)

    @property
    def zh(self) -> str:
        """A summary in Chinese."""
        parts = [f"{self.names[name][0]}{count}" for name, count in sorted(self.counts().items())]
        rest = f";{len(self.refused)}件此刻不能办理" if self.refused else ""
        return f"清扫完成:{'、'.join(parts) or '没有到期事项'}{rest}"

    @property
    def en(self) -> str:
        """A summary in English."""
        parts = [f"{self.names[name][1]} {count}" for name, count in sorted(self.counts().items())]
        rest = f"; {len(self.refused)} not possible now" if self.refused else ""
        return f"swept: {', '.join(parts) or 'nothing was due'}{rest}"


def plan(desk: ClaimDesk, *, at: datetime, sweeps: Mapping[str, Sweep] = SWEEPS) -> tuple[Task, ...]:
    """Say what is due for which claim at a moment; nothing is changed."""

    def read(session: Session) -> list[Task]:
        scene = read_scene(session, desk.calendar, require_utc(at))
        tasks = [task for entry in sweeps.values() for task in entry.find(scene)]
        # A claim whose dates another calendar moves is told so first: nothing is done to it by the old dates.
        moved = {task.claim_id for task in tasks if sweeps[task.sweep].comes_first}
        return [task for task in tasks if task.claim_id not in moved or sweeps[task.sweep].comes_first]

    found = in_unit(desk.engine, read, immediate=False)
    order = list(sweeps) if set(sweeps) - set(SWEEPS) else list(SWEEPS)
    return tuple(sorted(found, key=lambda task: (order.index(task.sweep), *task.place)))


def sweep(
    desk: ClaimDesk,
    *,
    at: datetime,
    sweeps: Mapping[str, Sweep] = SWEEPS,
    progress: Callable[[int, int], None] | None = None,
) -> SweepReport:
    """Do all that is due at ``at``, and what becomes possible by that.

    Args:
        desk: the claims desk.
        at: the moment for which to sweep, aware.
        sweeps: the kinds of tasks; all of them unless told otherwise.
        progress: told how many tasks of how many are done.
    """
    done: list[Task] = []
    refused: dict[Task, SubsidyError] = {}
    for _ in range(_MOST_ROUNDS):
        refused.clear()  # what one task was refused may be possible after another
        worked = _work_off(desk, plan(desk, at=at, sweeps=sweeps), at, sweeps, refused, progress)
        done += worked
        if not worked:
            break
    names = {name: (entry.zh, entry.en) for name, entry in sweeps.items()}
    report = SweepReport(at, tuple(done), tuple(refused.items()), names)
    if set(SWEEPS) <= set(sweeps):  # one that looked for some kinds only must not pass for a sweep
        in_unit(desk.engine, lambda session: session.add(_run(report)))
    return report


def last_sweep(session: Session) -> datetime | None:
    """The moment of the newest sweep that came to its end."""
    return session.scalars(select(SweepRun.at).order_by(SweepRun.at.desc()).limit(1)).first()


def _work_off(
    desk: ClaimDesk,
    wanted: Sequence[Task],
    at: datetime,
    sweeps: Mapping[str, Sweep],
    refused: dict[Task, SubsidyError],
    progress: Callable[[int, int], None] | None,
) -> list[Task]:
    done = []
    for number, task in enumerate(wanted, start=1):
        try:
            if sweeps[task.sweep].act(desk, task, at):
                done.append(task)
        except RetryableError:
            raise  # the store itself is busy or gone: a later sweep goes on from here
        except SubsidyError as error:
            refused[task] = error
        if progress is not None:
            progress(number, len(wanted))
    return done


def _run(report: SweepReport) -> SweepRun:
    detail = {"done": dict(report.counts()), "refused": dict(Counter(error.code for _, error in report.refused))}
    return SweepRun(at=report.at, done=len(report.done), refused=len(report.refused), detail=canonical_json(detail))
