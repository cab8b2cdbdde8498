"""Delivers the outbox: every message at least once, again after a pause where it failed, given up after the last try.

A message is taken for a while in one transaction, sent outside of any, and noted as sent in another. Whoever dies in
between leaves it unsent; once its while is over the next round sends it again.

A try is lost by what is refused, or fails while others get through. Two that fail alike one after the other say that the
target is down: the round ends and no try is lost, however long that lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from subsidy_match.store import outbox
from subsidy_match.store.channels import Channel, Undelivered
from subsidy_match.store.outbox import Message, OutboxRow
from subsidy_match.store.unit import in_unit

__all__ = ["LEASE", "PAUSES", "PUT_OFF", "DeliveryReport", "deliver", "waiting_messages"]

PAUSES = tuple(timedelta(seconds=s) for s in (60, 300, 1800, 7200, 21_600, 43_200, 86_400))
"""How long to wait after each failure; one more is the last."""
LEASE = timedelta(minutes=10)
"""For how long a block of messages is taken: longer than it takes to send it to one that does not answer."""
PUT_OFF = timedelta(minutes=5)
"""For how long a message waits that found the target down: it loses no try, and others are tried before it."""
_BLOCK = 20
_PROBES = 2


@dataclass(frozen=True, slots=True)
class _Doubted:
    """A message that did not get through, where it is not known yet whether any would have."""

    message: Message
    error: str


@dataclass(slots=True)
class DeliveryReport:
    """What a round did; ``is_down`` where it ended because nothing gets through."""

    sent: int = 0
    failed: int = 0
    dead: int = 0
    is_down: bool = False
    errors: list[str] = field(default_factory=list)

    @property
    def zh(self) -> str:
        """A summary in Chinese."""
        rest = ";目标不可用,稍后再投" if self.is_down else ""
        return f"投递完成:送达{self.sent}条,失败{self.failed}条,其中不再重试{self.dead}条{rest}"

    @property
    def en(self) -> str:
        """A summary in English."""
        rest = "; the target is down, the next round goes on" if self.is_down else ""
        return f"delivered: {self.sent} sent, {self.failed} failed, {self.dead} of them given up{rest}"


def deliver(
    engine: Engine,
    channel: Channel,
    clock: Callable[[], datetime],
    *,
    topic: str | None = None,
    pauses: Sequence[timedelta] = PAUSES,
    progress: Callable[[int, int], None] | None = None,
) -> DeliveryReport:
    """Send all messages that are due, oldest first; several may do so at once.

    Args:
        engine: the store.
        channel: where they go.
        clock: gives the moment, aware.
        topic: only messages of this topic.
        pauses: how long a message waits after each failure; it is given up after one more.
        progress: told how many messages of how many are done.
    """
    report = DeliveryReport()
    total = in_unit(engine, lambda session: waiting_messages(session, topic), immediate=False)
    doubted: list[_Doubted] = []
    while not report.is_down and (block := _take(engine, clock(), topic)):
        for position, message in enumerate(block):
            _send(engine, channel, message, clock, pauses, report, doubted)
            if progress is not None:
                progress(report.sent + report.failed, total)
            if report.is_down:
                _give_back(engine, block[position + 1 :], clock())
                break
    report.is_down = bool(doubted)
    for one in doubted:
        _put_off(engine, one, clock())
    return report


def waiting_messages(session: Session, topic: str | None = None) -> int:
    """Count the messages that are neither sent nor given up."""
    query = select(func.count()).select_from(OutboxRow).where(OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
    return session.scalar(query if topic is None else query.where(OutboxRow.topic == topic)) or 0


def _take(engine: Engine, at: datetime, topic: str | None) -> Sequence[Message]:
    return in_unit(engine, lambda session: outbox.take(session, at=at, until=at + LEASE, topic=topic, limit=_BLOCK))


def _give_back(engine: Engine, messages: Sequence[Message], at: datetime) -> None:
    in_unit(engine, lambda session: outbox.release(session, [message.id for message in messages], at=at))


def _send(
    engine: Engine,
    channel: Channel,
    message: Message,
    clock: Callable[[], datetime],
    pauses: Sequence[timedelta],
    report: DeliveryReport,
    doubted: list[_Doubted],
) -> None:
    try:
        channel.send(message, at=clock())
    except Undelivered as error:
        report.failed += 1
        report.errors.append(f"{message.key}: {error}")
        if error.is_down:
            doubted.append(_Doubted(message, str(error)))
            report.is_down = len(doubted) == _PROBES
            return
        report.dead += _fail(engine, message, str(error), clock(), pauses)
    else:
        at = clock()
        in_unit(engine, lambda session: outbox.mark_sent(session, message.id, at=at))
        report.sent += 1
    for one in doubted:  # the target has answered: it was for that message that it did not
        report.dead += _fail(engine, one.message, one.error, clock(), pauses)
    doubted.clear()


def _put_off(engine: Engine, one: _Doubted, at: datetime) -> None:
    in_unit(engine, lambda s: outbox.put_off(s, one.message.id, one.error, next_at=at + PUT_OFF))


def _fail(engine: Engine, message: Message, error: str, at: datetime, pauses: Sequence[timedelta]) -> bool:
    is_last = message.attempts >= len(pauses)
    next_at, dead_at = (None, at) if is_last else (at + pauses[message.attempts], None)
    in_unit(engine, lambda s: outbox.mark_failed(s, message.id, error, next_at=next_at, dead_at=dead_at))
    return is_last
