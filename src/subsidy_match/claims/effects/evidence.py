"""What a claim uses up, rests on and is looked at for, at submission, correction and approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.materials import take_materials
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.risk.exclusive import take_cap, take_slots
from subsidy_match.claims.risk.items import take_items
from subsidy_match.claims.risk.qa_sample import take_sample
from subsidy_match.claims.risk.risks import answer_risk, note_risks
from subsidy_match.claims.states import Event

__all__ = ["FIELDS", "take_at_approval", "take_at_correction", "take_at_submission"]


def take_at_submission(occasion: Occasion) -> None:
    """Take items and places, documents and their hashes, draw the sample, look for risks."""
    take_at_correction(occasion)
    take_sample(occasion)


def take_at_correction(occasion: Occasion) -> None:
    """Take again what the corrected claim uses and rests on."""
    take_items(occasion)
    take_slots(occasion)
    take_materials(occasion)
    note_risks(occasion)


def take_at_approval(occasion: Occasion) -> None:
    """Use up what an approval uses up."""
    take_slots(occasion)
    take_cap(occasion)
    note_risks(occasion)


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.SUPPLY: take_materials,
    Event.ACKNOWLEDGE_RISK: answer_risk,
}
