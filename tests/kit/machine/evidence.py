"""Items and places that claims take at submission; nothing follows later here, and nothing is risky."""

from __future__ import annotations

from machine.model import Attempt, Model, ModelClaim, Topic
from subsidy_match.claims.transition import Transition

PLACES = 3
"""How many claims a firm may have under the machine's policy."""


def submitted(model: Model) -> list[ModelClaim]:
    """Claims that hold items and places."""
    return [claim for claim in model.live() if claim.state != "DRAFT"]


def _items_free(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    return all(other is claim or other.item != claim.item for other in submitted(model))


def _exclusive_free(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    firm = [other for other in submitted(model) if other.key[0] == claim.key[0]]
    return any(other is claim for other in firm) or len(firm) < PLACES


def places_left(model: Model, claim: ModelClaim) -> set[int]:
    """Places of the firm that no other claim has."""
    firm = [other for other in submitted(model) if other is not claim and other.key[0] == claim.key[0]]
    return set(range(PLACES)) - {other.slot for other in firm if other.slot is not None}


def take_place(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    """Take the place that it had before, if it is free, or any other."""
    left = places_left(model, claim)
    claim.slot = claim.slot if claim.slot in left else min(left)


TOPIC = Topic(
    guards={
        "items_free": _items_free,
        "exclusive_free": _exclusive_free,
        "material_owed": lambda model, claim, attempt: False,
        "risk_open": lambda model, claim, attempt: False,
    },
    apply={"submit": take_place},
    payload={
        "supply": lambda machine, claim, attempt: {"materials": {"m1": "paper"}},
        "acknowledge_risk": lambda machine, claim, attempt: {"risk": "same_item:1:0"},
    },
)
