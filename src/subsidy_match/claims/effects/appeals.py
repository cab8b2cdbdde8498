"""Revoked, appealed, upheld, dismissed: what was decided stays as it is, in steps and appeals."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from subsidy_match.claims.appeals import decision_of, open_appeal, place_taken
from subsidy_match.claims.coming_back import take_places_back
from subsidy_match.claims.effects.fields import nothing_more
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import ClaimItem
from subsidy_match.claims.states import Event
from subsidy_match.claims.undo_records import AppealRow

__all__ = ["FIELDS"]


def _appeal(occasion: Occasion) -> None:
    claim, decision = occasion.claim, decision_of(occasion.session, occasion.claim)
    appeal = AppealRow(
        claim_id=claim.id,
        decision=decision.version,
        decided_state=claim.state,
        reason=occasion.payload["reason"],
        filed_by=occasion.actor.id,
        filed_at=occasion.at,
    )
    occasion.session.add(appeal)
    occasion.told["decision"] = decision.version
    claim.asked_in = claim.state


def _uphold(occasion: Occasion) -> None:
    _decide(occasion, "upheld")
    claim = occasion.claim
    # The claim starts again from review: what was passed and approved before has been undone.
    claim.assignee = claim.amount_proposed = claim.amount_approved = None
    if claim.accepted_on is None:
        claim.accepted_at, claim.accepted_on = occasion.at, occasion.on
    _take_place(occasion)


def _dismiss(occasion: Occasion) -> None:
    _decide(occasion, "dismissed")


def _decide(occasion: Occasion, outcome: str) -> None:
    appeal = open_appeal(occasion.session, occasion.claim.id)
    appeal.outcome, appeal.note = outcome, occasion.payload["note"]
    appeal.decided_by, appeal.decided_at = occasion.actor.id, occasion.at
    occasion.told["decision"] = appeal.decision
    occasion.claim.asked_in = None


def _take_place(occasion: Occasion) -> None:
    # A rival may have taken the place since the guard looked; the unique indexes have the last word.
    occasion.claim.occupies = True
    try:
        occasion.session.flush()
        mine = update(ClaimItem).where(ClaimItem.claim_id == occasion.claim.id).values(occupies=True)
        occasion.session.execute(mine.execution_options(synchronize_session=False))
    except IntegrityError as clash:
        raise place_taken() from clash
    take_places_back(occasion.session, occasion.claim)


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.REVOKE: nothing_more,
    Event.APPEAL: _appeal,
    Event.UPHOLD_APPEAL: _uphold,
    Event.DISMISS_APPEAL: _dismiss,
}
