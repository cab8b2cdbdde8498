"""Another account."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.effects.fields import take_account
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event

__all__ = ["FIELDS"]

FIELDS: Mapping[Event, Callable[[Occasion], None]] = {Event.SET_ACCOUNT: take_account}
