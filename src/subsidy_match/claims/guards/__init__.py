"""The code behind each guard that the transition table names; a guard returns, or raises and nothing has happened.

A topic is a module with a ``GUARDS`` of its own, and a line here; ``PERSONAL`` where one is about whoever acts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.guards import (
    accounts,
    amounts,
    appeals,
    correction,
    evidence,
    filing,
    handling,
    holds,
    money,
    notices,
    objections,
    payment,
    persons,
    pooled,
    recovery,
    review,
    timing,
    withdrawal,
    year_end,
)
from subsidy_match.claims.guards.money import others_waiting
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.registry import covering
from subsidy_match.claims.transition import Guard

__all__ = ["GUARDS", "PERSONAL", "check_guards", "check_person", "others_waiting"]

GUARDS: Mapping[Guard, Callable[[Occasion], None]] = covering(
    Guard,
    filing.GUARDS,
    amounts.GUARDS,
    accounts.GUARDS,
    holds.GUARDS,
    review.GUARDS,
    handling.GUARDS,
    money.GUARDS,
    pooled.GUARDS,
    correction.GUARDS,
    notices.GUARDS,
    objections.GUARDS,
    payment.GUARDS,
    persons.GUARDS,
    withdrawal.GUARDS,
    appeals.GUARDS,
    recovery.GUARDS,
    timing.GUARDS,
    evidence.GUARDS,
    year_end.GUARDS,
)

PERSONAL: Mapping[Guard, Callable[[Occasion], None]] = {
    **filing.PERSONAL,
    **accounts.PERSONAL,
    **review.PERSONAL,
    **handling.PERSONAL,
    **money.PERSONAL,
    **objections.PERSONAL,
    **persons.PERSONAL,
    **recovery.PERSONAL,
    **evidence.PERSONAL,
}
"""What a guard asks about whoever acts, and refuses to them whatever comes with the event; it looks at no payload."""


def check_guards(occasion: Occasion) -> None:
    """Check every guard of the row, in its order."""
    for guard in occasion.transition.guards:
        GUARDS[guard](occasion)


def check_person(occasion: Occasion) -> None:
    """Check what the guards of the row ask about whoever acts, before anybody knows what comes with the event."""
    for guard in occasion.transition.guards:
        if guard in PERSONAL:
            PERSONAL[guard](occasion)
