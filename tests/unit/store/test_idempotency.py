from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from subsidy_match.errors import Conflict, InputError
from subsidy_match.store.idempotency import LEASE, Answer, Held, complete, forget, request_hash, reserve
from subsidy_match.store.unit import in_unit

AT = datetime(2026, 6, 1, tzinfo=UTC)


def ask(engine: Engine, *, body: bytes = b"{}", at: datetime = AT, scope: str = "u1") -> Held | Answer:
    return reserve(engine, scope=scope, key="k", request_hash=request_hash(b"POST", body), at=at)


def finish(engine: Engine, held: Any) -> None:
    in_unit(engine, lambda s: complete(s, held, status=201, body=b'{"id":1}'))


def test_a_repeated_request_is_answered_as_before(engine: Engine):
    finish(engine, ask(engine))
    assert ask(engine) == Answer(201, b'{"id":1}')


def test_the_key_of_another_request_is_refused(engine: Engine):
    finish(engine, ask(engine))
    with pytest.raises(InputError, match="idempotency_key_reused") as caught:
        ask(engine, body=b'{"x":1}')
    assert not isinstance(caught.value, Conflict)


def test_a_request_in_flight_is_a_conflict(engine: Engine):
    ask(engine)
    with pytest.raises(Conflict, match="request_in_flight"):
        ask(engine, at=AT + LEASE - timedelta(seconds=1))


def test_keys_of_different_callers_do_not_meet(engine: Engine):
    finish(engine, ask(engine))
    assert isinstance(ask(engine, scope="u2"), Held)


def test_a_refused_request_may_be_sent_again(engine: Engine):
    first = ask(engine)
    assert isinstance(first, Held)
    forget(engine, first)
    assert isinstance(ask(engine, body=b'{"corrected":1}'), Held)


def test_a_dead_holder_loses_the_key_and_cannot_finish(engine: Engine):
    dead, heir = ask(engine), ask(engine, at=AT + LEASE)
    with pytest.raises(Conflict, match="request_in_flight"):
        finish(engine, dead)
    finish(engine, heir)
    assert isinstance(ask(engine), Answer)


def test_parts_of_a_request_cannot_be_shifted():
    assert request_hash(b"ab", b"c") != request_hash(b"a", b"bc")
