"""Amendments (更正, 企业更名): a field that an officer changes, with both values, a note and a record of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import State
from subsidy_match.claims.undo_records import AmendmentRow

__all__ = ["NAME", "Amendment", "amendments_of", "changes_of"]

NAME = "enterprise_name"
"""The field that only a rename changes."""
# Names come from the register and are renewed by an event of their own; with other periods and subjects two claims
# could get one place.
_FIELDS = {"account_id": "account_id", "amount": "amount_claimed"}
_PROPOSED = "amount_proposed"


@dataclass(frozen=True, slots=True)
class Amendment:
    """One field that was changed; values as text, amounts in 分."""

    version: int
    field: str
    old_value: str | None
    new_value: str
    note: str
    actor: str
    actor_name: str
    at: datetime


def changes_of(occasion: Occasion) -> Mapping[str, tuple[int | None, int]]:
    """What an amendment would change: field → old and new value.

    The amount is the one claimed, or in re-examination the one proposed.
    """
    proposed = occasion.claim.state == State.IN_RECHECK
    changes = {}
    for name, field in _FIELDS.items():
        field = _PROPOSED if proposed and name == "amount" else field
        old, new = getattr(occasion.claim, field), occasion.payload.get(name)
        if new is not None and new != old:
            changes[field] = (old, new)
    return changes


def amendments_of(session: Session, claim_id: int) -> Sequence[Amendment]:
    """Read the amendments of a claim, oldest first."""
    query = select(AmendmentRow).where(AmendmentRow.claim_id == claim_id)
    rows = session.scalars(query.order_by(AmendmentRow.version, AmendmentRow.field))
    return [
        Amendment(row.version, row.field, row.old_value, row.new_value, row.note, row.actor, row.actor_name, row.at)
        for row in rows
    ]
