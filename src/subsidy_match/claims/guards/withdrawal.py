"""Whether the firm has asked to withdraw, and nobody has answered yet.

That is read from the steps: the last one that asked, answered, or ended the claim says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import or_, select

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import ClaimStep
from subsidy_match.claims.states import FINAL, Event
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS"]

_TALK = (Event.REQUEST_WITHDRAWAL, Event.CONSENT_WITHDRAWAL, Event.REFUSE_WITHDRAWAL)


def _is_asked(occasion: Occasion) -> bool:
    about = or_(
        ClaimStep.event.in_([str(event) for event in _TALK]), ClaimStep.to_state.in_([str(state) for state in FINAL])
    )
    steps = select(ClaimStep.event).where(ClaimStep.claim_id == occasion.claim.id, about)
    last = occasion.session.scalars(steps.order_by(ClaimStep.version.desc()).limit(1)).first()
    return last == str(Event.REQUEST_WITHDRAWAL)


def _no_withdrawal_asked(occasion: Occasion) -> None:
    if _is_asked(occasion):
        zh, en = "企业已申请撤回,尚待答复", "the firm asks to withdraw, which has not been answered"
        raise Conflict("withdrawal_asked", zh, en)


def _withdrawal_asked(occasion: Occasion) -> None:
    if not _is_asked(occasion):
        raise Conflict("withdrawal_not_asked", "企业未申请撤回", "the firm has not asked to withdraw")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.NO_WITHDRAWAL_ASKED: _no_withdrawal_asked,
    Guard.WITHDRAWAL_ASKED: _withdrawal_asked,
}
