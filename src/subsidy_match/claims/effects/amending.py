"""A field amended: both values kept in a record of their own and in the step."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.amendments import changes_of
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event
from subsidy_match.claims.undo_records import AmendmentRow

__all__ = ["FIELDS"]


def _amend(occasion: Occasion) -> None:
    changes = changes_of(occasion)
    for field, (old, new) in changes.items():
        setattr(occasion.claim, field, new)
        amendment = AmendmentRow(
            claim_id=occasion.claim.id,
            version=occasion.next_version,
            field=field,
            old_value=None if old is None else str(old),
            new_value=str(new),
            note=occasion.payload["note"],
            actor=occasion.actor.id,
            actor_name=occasion.actor.name,
            at=occasion.at,
        )
        occasion.session.add(amendment)
    occasion.told["amended"] = {field: {"old": old, "new": new} for field, (old, new) in changes.items()}


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {Event.AMEND: _amend}
