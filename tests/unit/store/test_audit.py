from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from force import by_force
from sqlalchemy import Engine, delete, update
from sqlalchemy.orm import Session

from subsidy_match.errors import InputError
from subsidy_match.store import audit
from subsidy_match.store.audit import AuditEntry, AuditHead
from subsidy_match.store.unit import in_unit

START = datetime(2026, 6, 1, 1, tzinfo=UTC)


def add(session: Session, subject: str, number: int) -> None:
    at = START + timedelta(minutes=number)
    audit.append(session, subject, at=at, actor="甲", action="pass", detail={"n": number, "意见": "同意"})


@pytest.fixture
def chains(engine: Engine) -> Engine:
    for number in range(4):
        in_unit(engine, lambda session, n=number: [add(session, subject, n) for subject in ("claim:1", "fund:a")])
    return engine


def third(session: Session, **values: object) -> None:
    session.execute(update(AuditEntry).where(AuditEntry.subject == "claim:1", AuditEntry.seq == 3).values(**values))


def swap(session: Session) -> None:
    mine = AuditEntry.subject == "claim:1"
    for old, new in ((2, 99), (3, 2), (99, 3)):
        session.execute(update(AuditEntry).where(mine, AuditEntry.seq == old).values(seq=new))


def cut_end(session: Session) -> None:
    session.execute(delete(AuditEntry).where(AuditEntry.subject == "claim:1", AuditEntry.seq == 4))


def drop_chain(session: Session) -> None:
    session.execute(delete(AuditEntry).where(AuditEntry.subject == "claim:1"))


TAMPERING: dict[str, Callable[[Session], object]] = {
    "actor": lambda s: third(s, actor="乙"),
    "detail": lambda s: third(s, detail='{"n":7}'),
    "moment": lambda s: third(s, at=START),
    "outcome": lambda s: third(s, outcome="refused"),
    "hash": lambda s: third(s, hash="f" * 64),
    "deleted": lambda s: s.execute(delete(AuditEntry).where(AuditEntry.subject == "claim:1", AuditEntry.seq == 2)),
    "swapped": swap,
    "end cut": cut_end,
    "chain dropped": drop_chain,
    "head dropped": lambda s: s.execute(delete(AuditHead).where(AuditHead.subject == "claim:1")),
    "moved": lambda s: third(s, subject="fund:a", seq=5),
}


def test_untouched_chains_verify(chains: Engine):
    assert in_unit(chains, audit.verify) == []


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_shows(chains: Engine, name: str):
    in_unit(chains, by_force("audit_entries", TAMPERING[name]))
    findings = in_unit(chains, audit.verify)
    assert findings
    assert all("claim:1" in finding.en or name == "moved" for finding in findings)


def test_other_subjects_are_not_blamed(chains: Engine):
    in_unit(chains, by_force("audit_entries", TAMPERING["detail"]))
    assert in_unit(chains, lambda s: audit.verify(s, "fund:a")) == []
    assert in_unit(chains, lambda s: audit.verify(s, "claim:1"))


def test_an_export_is_enough_to_verify(chains: Engine):
    exported, ends = in_unit(chains, lambda s: (list(audit.entries(s)), audit.heads(s)))
    assert audit.verify_chain(exported, ends) == []
    exported[2] = replace(exported[2], actor="丙")
    assert audit.verify_chain(exported, ends)


def test_a_moment_without_zone_is_refused(engine: Engine):
    with pytest.raises(InputError, match="S001"):
        in_unit(
            engine,
            lambda s: audit.append(s, "x", at=datetime(2026, 1, 1), actor="a", action="b", detail={}),  # noqa: DTZ001
        )
