"""Amendments (更正, 企业更名): a field that an officer changes, with both values, a note and a record of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import bindparam, select
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


# Sent with every answer that shows one claim: built once.
_AMENDMENTS = (
    select(*(getattr(AmendmentRow, each.name) for each in fields(Amendment)))
    .where(AmendmentRow.claim_id == bindparam("of"))
    .order_by(AmendmentRow.version, AmendmentRow.field)
)


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
    session.flush()
    return [Amendment(*row) for row in session.connection().execute(_AMENDMENTS, {"of": claim_id})]
