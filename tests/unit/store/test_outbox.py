from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from subsidy_match.errors import NotFound
from subsidy_match.store import outbox
from subsidy_match.store.unit import in_unit

AT = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_key_is_left_once(engine: Engine):
    left = [in_unit(engine, lambda s, n=n: outbox.put(s, "push", "k1", {"n": n}, at=AT)) for n in (1, 2)]
    messages = in_unit(engine, outbox.pending)
    assert left == [True, False]
    assert [message.payload for message in messages] == ['{"n":1}']


def test_messages_come_oldest_first_and_by_topic(engine: Engine):
    for key in ("b", "a"):
        in_unit(engine, lambda s, k=key: outbox.put(s, "push", k, {}, at=AT))
    in_unit(engine, lambda s: outbox.put(s, "claim", "c", {}, at=AT))
    assert [m.key for m in in_unit(engine, lambda s: outbox.pending(s, "push"))] == ["b", "a"]
    assert [m.key for m in in_unit(engine, lambda s: outbox.pending(s, limit=1))] == ["b"]


def test_a_message_is_sent_once(engine: Engine):
    in_unit(engine, lambda s: outbox.put(s, "push", "k1", {}, at=AT))
    (message,) = in_unit(engine, outbox.pending)
    noted = [in_unit(engine, lambda s: outbox.mark_sent(s, message.id, at=AT)) for _ in range(2)]
    assert noted == [True, False]
    assert in_unit(engine, outbox.pending) == []


def test_a_failure_leaves_the_message_pending(engine: Engine):
    in_unit(engine, lambda s: outbox.put(s, "push", "k1", {}, at=AT))
    (message,) = in_unit(engine, outbox.pending)
    in_unit(engine, lambda s: outbox.mark_failed(s, message.id, "smtp down"))
    assert [m.attempts for m in in_unit(engine, outbox.pending)] == [1]


def test_an_unknown_message_is_said_to_be_unknown(engine: Engine):
    with pytest.raises(NotFound, match="message_unknown"):
        in_unit(engine, lambda s: outbox.mark_sent(s, 77, at=AT))
