"""Anchors, exports, the log of reads, retention: what happens to a chain that is rewritten whole."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from force import by_force
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from subsidy_match.errors import InputError
from subsidy_match.store import audit, idempotency, outbox
from subsidy_match.store.anchors import AnchorHead, AnchorRow, anchors, set_anchor, verify_anchors
from subsidy_match.store.audit import AuditEntry, AuditHead
from subsidy_match.store.audit_file import export_audit, verify_file
from subsidy_match.store.outbox import OutboxRow
from subsidy_match.store.read_log import PersonalRead, Read, note_read, reads
from subsidy_match.store.retention import Keep, trim
from subsidy_match.store.unit import in_unit

START = datetime(2026, 6, 1, 1, tzinfo=UTC)
DAY = date(2026, 6, 1)


def add(session: Session, subject: str, *numbers: int) -> None:
    for number in numbers:
        audit.append(session, subject, at=START, actor="甲", action="pass", detail={"n": number})


def anchor(engine: Engine, days: int = 0) -> str:
    at = START + timedelta(days=days)
    return in_unit(engine, lambda s: set_anchor(s, day=at.date(), at=at)).digest


def rewrite(session: Session, subject: str, *numbers: int) -> None:
    """Replace a whole chain with its head, as one who knows the software could."""
    by_force("audit_entries", lambda s: s.execute(delete(AuditEntry).where(AuditEntry.subject == subject)))(session)
    session.execute(delete(AuditHead).where(AuditHead.subject == subject))
    session.expire_all()
    add(session, subject, *numbers)


@pytest.fixture
def chains(engine: Engine) -> Engine:
    in_unit(engine, lambda s: [add(s, subject, 1, 2, 3) for subject in ("claim:1", "fund:a")])
    return engine


def codes(engine: Engine, kept: str | None = None) -> list[str]:
    check = lambda s: audit.verify(s) + verify_anchors(audit.entries(s), anchors(s), kept)  # noqa: E731
    return [finding.code for finding in in_unit(engine, check)]


def test_a_chain_rewritten_with_its_head_shows_against_the_anchor(chains: Engine):
    anchor(chains)
    in_unit(chains, lambda s: rewrite(s, "claim:1", 1, 7, 3))
    assert in_unit(chains, audit.verify) == []  # by itself it looks untouched
    assert codes(chains) == ["A006"]


def test_chains_that_only_grew_hold_and_a_day_has_one_anchor(chains: Engine):
    first = anchor(chains)
    assert anchor(chains) == first
    in_unit(chains, lambda s: add(s, "claim:1", 4))
    second = anchor(chains, days=1)
    assert second != first
    assert codes(chains, first) == codes(chains, second.upper()) == []
    made = in_unit(chains, anchors)
    assert [len(one.heads) for one in made] == [2, 1]  # only what moved
    assert anchor(chains, days=-3) == second  # never before an anchor that is there


def test_anchors_that_were_rewritten_as_well_show_against_the_kept_digest(chains: Engine):
    kept = anchor(chains)
    for table in (AnchorHead, AnchorRow):
        in_unit(chains, by_force(table.__tablename__, lambda s, t=table: s.execute(delete(t))))
    in_unit(chains, lambda s: rewrite(s, "claim:1", 1, 7, 3))
    anchor(chains)
    assert codes(chains) == []
    assert codes(chains, kept) == ["A007"]


def test_an_anchor_that_was_changed_shows(chains: Engine):
    anchor(chains)
    other = update(AnchorHead).where(AnchorHead.subject == "fund:a").values(seq=2)
    in_unit(chains, by_force("audit_anchor_heads", lambda s: s.execute(other)))
    assert codes(chains) == ["A005", "A006"]


def test_an_export_verifies_by_itself_and_no_change_of_a_line_goes_unseen(chains: Engine, tmp_path: Path):
    kept, path = anchor(chains), tmp_path / "audit.jsonl"
    counts = in_unit(chains, lambda s: export_audit(s, path, at=START), immediate=False)
    assert counts == {"entry": 6, "head": 2, "anchor": 1}
    file, found = verify_file(path, kept)
    assert (len(file.entries), found) == (6, [])
    assert [path.name for path in tmp_path.iterdir() if "audit" in path.name] == ["audit.jsonl"]
    lines = path.read_text(encoding="utf-8").splitlines()
    for number in range(1, len(lines)):
        without = tmp_path / "without.jsonl"
        without.write_text("\n".join(lines[:number] + lines[number + 1 :]), encoding="utf-8")
        with pytest.raises(InputError, match="audit_file_unreadable"):
            verify_file(without)
        changed = json.loads(lines[number])
        changed["seq"] += 1
        without.write_text("\n".join([*lines[:number], json.dumps(changed), *lines[number + 1 :]]), encoding="utf-8")
        assert verify_file(without)[1]


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[1]", b'{"kind":"header","format":"other","counts":{}}'])
def test_what_is_no_export_is_refused_with_its_line(tmp_path: Path, content: bytes):
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match="audit_file_unreadable"):
        verify_file(path)


def test_reads_are_logged_and_a_log_that_fails_stops_nobody(engine: Engine):
    for who in ("a", "b"):
        note_read(engine, Read(START, who, "accounts", "enterprise:x"))
    found = in_unit(engine, lambda s: reads(s, subject="enterprise:x"))
    assert [read.actor for read in found] == ["b", "a"]
    assert [read.actor for read in in_unit(engine, lambda s: reads(s, actor="a"))] == ["a"]
    in_unit(engine, lambda s: PersonalRead.__table__.drop(s.connection()))
    note_read(engine, Read(START, "c", "accounts", "enterprise:x"))
    in_unit(engine, lambda s: PersonalRead.__table__.create(s.connection()))


def test_only_what_is_old_and_done_is_thrown_away(engine: Engine):
    for days in (0, 100):
        at = START - timedelta(days=days)
        idempotency.reserve(engine, scope="a", key=f"k{days}", request_hash="x", at=at)
        in_unit(engine, lambda s, d=days, at=at: [outbox.put(s, "t", f"{d}:{n}", {}, at=at) for n in "ab"])
        in_unit(engine, lambda s, d=days, at=at: s.execute(
            update(OutboxRow).where(OutboxRow.key == f"{d}:a").values(sent_at=at)
        ))  # fmt: skip
        note_read(engine, Read(at, "a", "accounts", "x"))
    gone = in_unit(engine, lambda s: trim(s, Keep(30, 90, 99), at=START))
    assert (gone.keys, gone.messages, gone.reads) == (1, 1, 1)
    left = in_unit(engine, lambda s: s.scalar(select(func.count()).select_from(OutboxRow)))
    assert left == 3  # never one that was not sent
    with pytest.raises(InputError, match="retention_days"):
        Keep(reads=0)
