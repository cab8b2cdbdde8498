"""A field amended, or the firm's name renewed: both values kept in a record of their own and in the step."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.amendments import NAME, changes_of
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event
from subsidy_match.claims.undo_records import AmendmentRow

__all__ = ["FIELDS"]


def _amend(occasion: Occasion) -> None:
    changes = changes_of(occasion)
    for field, (old, new) in changes.items():
        setattr(occasion.claim, field, new)
        _keep(occasion, field, None if old is None else str(old), str(new))
    occasion.told["amended"] = {field: {"old": old, "new": new} for field, (old, new) in changes.items()}


def _rename(occasion: Occasion) -> None:
    old, new = occasion.claim.enterprise_name, occasion.payload[NAME]
    _keep(occasion, NAME, old, new)
    occasion.session.flush()  # the database takes another name only once it is recorded
    occasion.claim.enterprise_name = new
    occasion.told["amended"] = {NAME: {"old": old, "new": new}}


def _keep(occasion: Occasion, field: str, old: str | None, new: str) -> None:
    amendment = AmendmentRow(
        claim_id=occasion.claim.id,
        version=occasion.next_version,
        field=field,
        old_value=old,
        new_value=new,
        note=occasion.payload["note"],
        actor=occasion.actor.id,
        actor_name=occasion.actor.name,
        at=occasion.at,
    )
    occasion.session.add(amendment)


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {Event.AMEND: _amend, Event.RENAME: _rename}
