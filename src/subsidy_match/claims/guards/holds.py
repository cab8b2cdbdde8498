"""Whether a claim is on hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS"]


def _not_held(occasion: Occasion) -> None:
    if occasion.claim.held:
        raise Conflict("claim_held", "该件已暂缓办理", "the claim is on hold")


def _held(occasion: Occasion) -> None:
    if not occasion.claim.held:
        raise Conflict("claim_not_held", "该件未被暂缓", "the claim is not on hold")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.NOT_HELD: _not_held,
    Guard.HELD: _held,
}
