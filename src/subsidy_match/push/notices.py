"""Notices: each firm is told once what is new, in the same transaction that remembers that it was told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from subsidy_match.matching.runs import Run
from subsidy_match.push.news import ANNOUNCED, FirmNews, Key, Told, favourable, news_by_firm
from subsidy_match.push.records import NoticeRow, ToldRow
from subsidy_match.rules.policy import PolicySet
from subsidy_match.store.outbox import put
from subsidy_match.store.schema import canonical_json
from subsidy_match.store.unit import in_unit

__all__ = ["TOPIC", "Notice", "PushReport", "notices_of", "plan_push", "run_push"]

TOPIC = "notice"
_BLOCK = 200  # firms a transaction

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as the firm reads it."""

    id: int
    uscc: str
    run_id: str
    at: datetime
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push run did, or would do."""

    run_id: str
    firms_with_results: int
    firms_told: int
    results_told: int


def plan_push(engine: Engine, run: Run, policies: PolicySet) -> PushReport:
    """Count what ``run_push`` would tell, changing nothing."""
    firms = list(_firms(run, policies))
    return in_unit(engine, lambda session: _planned(session, run, firms), immediate=False)


def run_push(
    engine: Engine, run: Run, policies: PolicySet, *, at: datetime, progress: Progress | None = None
) -> PushReport:
    """Write one notice for every firm for which the run has news; a second call with nothing new writes nothing.

    Firms are done in blocks, a transaction each: a push that was stopped is finished by calling it again.
    """
    firms = list(_firms(run, policies))
    told = results = done = 0
    waiting = iter(firms)
    while block := list(islice(waiting, _BLOCK)):
        written = in_unit(engine, partial(_tell, run=run, block=block, policies=policies, at=at))
        told += len(written)
        results += sum(written)
        done += len(block)
        if progress is not None:
            progress(done, len(firms))
    return PushReport(run.id, len(firms), told, results)


def notices_of(engine: Engine, uscc: str, *, after: int = 0, limit: int = 50) -> Sequence[Notice]:
    """The notices to one firm, oldest first, beginning behind the notice ``after``."""

    def read(session: Session) -> list[Notice]:
        query = (
            select(NoticeRow).where(NoticeRow.uscc == uscc, NoticeRow.id > after).order_by(NoticeRow.id).limit(limit)
        )
        return [Notice(r.id, r.uscc, r.run_id, r.at, json.loads(r.content)) for r in session.scalars(query)]

    return in_unit(engine, read, immediate=False)


def _firms(run: Run, policies: PolicySet) -> Iterator[FirmNews]:
    """What the run found, less policies that no longer take claims on its day."""
    day = run.manifest.as_of
    closed = {policy.id for policy in policies.in_force(day) if policy.window is not None and day > policy.window[1]}
    results = favourable(run.table(verdicts=ANNOUNCED))
    return news_by_firm((uscc, told) for uscc, told in results if told.policy_id not in closed)


def _planned(session: Session, run: Run, firms: list[FirmNews]) -> PushReport:
    fresh = [len(firm.after(_known(session, firm.uscc))) for firm in firms]
    return PushReport(run.id, len(firms), sum(1 for count in fresh if count), sum(fresh))


def _tell(session: Session, *, run: Run, block: list[FirmNews], policies: PolicySet, at: datetime) -> list[int]:
    """Write the notices of some firms; returns how many results each told."""
    written = []
    for firm in block:
        fresh = firm.after(_known(session, firm.uscc))
        if fresh:
            _write(session, run, firm.uscc, fresh, policies, at)
            written.append(len(fresh))
    return written


def _known(session: Session, uscc: str) -> dict[Key, Told]:
    rows = session.scalars(select(ToldRow).where(ToldRow.uscc == uscc))
    found = [Told(r.policy_id, r.period, r.subject, r.verdict, r.amount_min, r.amount_max) for r in rows]
    return {told.key: told for told in found}


def _write(session: Session, run: Run, uscc: str, fresh: tuple[Told, ...], policies: PolicySet, at: datetime) -> None:
    content = {
        "as_of": run.manifest.as_of.isoformat(),
        "policy_set": run.manifest.policies,
        "parameters_hash": run.manifest.parameters,
        "snapshot": run.manifest.snapshot,
        "engine_version": run.manifest.version,
        "results": [_result(told, run, policies) for told in fresh],
    }
    notice = NoticeRow(uscc=uscc, run_id=run.id, at=at, content=canonical_json(content))
    session.add(notice)
    session.flush()
    put(session, TOPIC, f"{uscc}:{notice.id}", {"uscc": uscc, "notice": content}, at=at)
    for told in fresh:
        session.merge(
            ToldRow(
                uscc=uscc,
                policy_id=told.policy_id,
                period=told.period,
                subject=told.subject,
                verdict=told.verdict,
                amount_min=told.amount_min,
                amount_max=told.amount_max,
                notice_id=notice.id,
            )
        )


def _result(told: Told, run: Run, policies: PolicySet) -> dict[str, Any]:
    policy = policies.get(told.policy_id, run.manifest.as_of)
    return {
        "policy_id": told.policy_id,
        "policy_hash": policy.hash,
        "title": {"zh": policy.title.zh, "en": policy.title.en},
        "provenance": policy.provenance,
        "channel": policy.channel.value,
        "period": told.period,
        "subject": told.subject or None,
        "verdict": told.verdict,
        "amount": {"min": told.amount_min, "max": told.amount_max},
        "closes": policy.window[1].isoformat() if policy.window else None,
        "authority": policy.authority,
    }
