"""Given a share of a pooled fund: from then on the claim is worth that."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event

__all__ = ["FIELDS"]


def _allot(occasion: Occasion) -> None:
    occasion.claim.amount_proposed = occasion.payload["amount"]


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {Event.ALLOT: _allot}
