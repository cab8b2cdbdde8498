"""Refusals: the error that the common tree lacks, and the audit row that every refused attempt leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from subsidy_match.errors import InputError, RetryableError, SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor

__all__ = ["Forbidden", "audited", "record_refusals"]

Result = TypeVar("Result")
_LONGEST_ACTION = 40


class Forbidden(InputError):
    """The request is well formed and the state allows it, but not this person (HTTP 403)."""


def audited(
    engine: Engine,
    subject: str,
    action: str,
    *,
    actor: Actor,
    at: datetime,
    work: Callable[[], Result],
    unless: str | None = None,
) -> Result:
    """Do ``work``; where it is refused, write that to the chain of ``subject`` in a transaction of its own.

    What may succeed when tried again was not refused and leaves nothing; nor does a refusal with the code ``unless``,
    which says that there is no such subject.
    """
    try:
        return work()
    except RetryableError:
        raise
    except SubsidyError as refusal:
        if refusal.code == unless:
            raise
        record_refusals(engine, {subject: refusal}, action, actor=actor, at=at)
        raise


def record_refusals(
    engine: Engine, refusals: Mapping[str, SubsidyError], action: str, *, actor: Actor, at: datetime
) -> None:
    """Write refused attempts, subject → why, to their chains in one transaction.

    A firm's refusal opens no chain of another: what it tried with a subject of which nothing was ever done is on its own.
    """

    def write(session: Session) -> None:
        for subject, refusal in sorted(refusals.items()):
            is_known = not actor.is_outsider or ":" not in subject or bool(audit.heads(session, subject))
            detail = {"code": refusal.code, "why": refusal.en, "name": actor.name}
            audit.append(
                session,
                subject if is_known else f"user:{actor.id}",
                at=at,
                actor=actor.id,
                action=action[:_LONGEST_ACTION],
                detail=detail if is_known else detail | {"subject": subject},
                outcome=audit.REFUSED,
            )

    in_unit(engine, write)
