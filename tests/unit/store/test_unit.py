from __future__ import annotations

import threading
import time
from contextlib import ExitStack

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.errors import RetryableError
from subsidy_match.store import engine as engines
from subsidy_match.store import unit as units
from subsidy_match.store.audit import AuditHead
from subsidy_match.store.engine import open_engine
from subsidy_match.store.unit import in_unit, unit_of_work


def put(session: Session, subject: str, seq: int = 0) -> None:
    session.add(AuditHead(subject=subject, seq=seq, hash="0"))


def subjects(engine: Engine) -> list[str]:
    return in_unit(engine, lambda s: list(s.scalars(select(AuditHead.subject))), immediate=False)


def test_a_unit_is_all_or_nothing(engine: Engine):
    def half(session: Session) -> None:
        put(session, "a")
        session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_unit(engine, half)
    with unit_of_work(engine) as session:
        put(session, "b")
    assert subjects(engine) == ["b"]


def test_only_a_lock_is_retried(engine: Engine):
    calls = []

    def clash(session: Session) -> None:
        calls.append(1)
        put(session, "a")
        put(session, "b")
        session.flush()
        session.execute(text("INSERT INTO audit_heads (subject, seq, hash) VALUES ('a', 1, '0')"))

    with pytest.raises(IntegrityError):
        in_unit(engine, clash)
    assert calls == [1]
    assert subjects(engine) == []


def test_a_lock_held_too_long_is_reported_as_retryable(engine: Engine, store_url: str, monkeypatch):
    monkeypatch.setattr(units, "_ATTEMPTS", 2)
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.03)
    impatient = open_engine(store_url)
    in_unit(engine, lambda session: put(session, "a"))
    touch = update(AuditHead).where(AuditHead.subject == "a").values(seq=AuditHead.seq + 1)
    with engine.connect() as holder, holder.begin():
        holder.execute(touch)
        with pytest.raises(RetryableError, match="store_busy"):
            in_unit(impatient, lambda session: session.execute(touch))
    impatient.dispose()


def test_rivals_wait_for_each_other_and_none_is_lost(engine: Engine):
    in_unit(engine, lambda session: put(session, "a"))

    def raise_by_one(session: Session) -> None:
        row = session.get_one(AuditHead, "a", with_for_update=True, populate_existing=True)
        time.sleep(0.002)
        row.seq += 1

    threads = [threading.Thread(target=lambda: [in_unit(engine, raise_by_one) for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert in_unit(engine, lambda s: s.get_one(AuditHead, "a").seq, immediate=False) == 40


def test_a_reading_unit_sees_one_state(engine: Engine, store_url: str):
    other = open_engine(store_url)
    in_unit(engine, lambda session: put(session, "a", 1))
    with unit_of_work(engine, immediate=False) as reader:
        before = reader.scalar(select(AuditHead.seq))
        in_unit(other, lambda s: s.execute(update(AuditHead).values(seq=2)))
        assert reader.scalar(select(AuditHead.seq)) == before == 1
    other.dispose()


@pytest.mark.parametrize("immediate", [True, False])
def test_a_unit_within_a_unit_is_refused(engine: Engine, immediate: bool):
    with pytest.raises(AssertionError, match="pass its session on"):
        in_unit(engine, lambda _: in_unit(engine, lambda s: put(s, "a"), immediate=immediate))
    assert subjects(engine) == []


def test_a_store_without_a_free_connection_is_busy(store_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.03)
    crowded = open_engine(store_url)
    with ExitStack() as others:
        for _ in range(15):
            others.enter_context(crowded.connect())
        with pytest.raises(RetryableError, match="store_busy"):
            subjects(crowded)
    assert subjects(crowded) == []
    crowded.dispose()


@pytest.mark.parametrize("query", ["SELECT * FROM not_there", "SELECT not_there FROM audit_heads"])
def test_a_store_that_was_not_migrated_says_how_to_mend_it(engine: Engine, query: str):
    with pytest.raises(RetryableError) as caught:
        in_unit(engine, lambda session: session.execute(text(query)))
    assert (caught.value.code, caught.value.hint) == ("store_not_migrated", "subsidy-match db upgrade")
