"""Appeals in time, once a decision, and only into a place that is free; amendments that change something."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.amendments import changes_of
from subsidy_match.claims.appeals import appeal_due, check_place, decision_of
from subsidy_match.claims.coming_back import check_places_back
from subsidy_match.claims.guards.accounts import check_payee
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import State
from subsidy_match.claims.transition import Guard
from subsidy_match.claims.undo_records import AppealRow
from subsidy_match.errors import Conflict, InputError

__all__ = ["GUARDS"]


def _in_time(occasion: Occasion) -> None:
    due = appeal_due(occasion.calendar, decision_of(occasion.session, occasion.claim).day)
    if occasion.on > due:
        raise Conflict("appeal_late", f"复议申请期限已过:{due}", f"an appeal could be filed until {due}")


def _not_appealed(occasion: Occasion) -> None:
    decision = decision_of(occasion.session, occasion.claim)
    if occasion.session.get(AppealRow, (occasion.claim.id, decision.version)) is not None:
        zh = "对该决定已申请过复议,一项决定只能申请一次"
        raise Conflict("appealed_before", zh, "this decision was appealed before: one appeal a decision")


def _place_free(occasion: Occasion) -> None:
    check_place(occasion.session, occasion.claim)
    check_places_back(occasion.session, occasion.claim)


def _amends(occasion: Occasion) -> None:
    if not changes_of(occasion):
        raise InputError("amendment_empty", "没有要更正的内容", "nothing would be changed", hint="amount, account_id")
    if "account_id" in occasion.payload:
        check_payee(occasion)
    amount, most = occasion.payload.get("amount"), occasion.claim.amount_max
    if amount is not None and most is not None and amount > most and occasion.claim.state != State.IN_RECHECK:
        zh = "申报金额超过按规则测算的上限"
        raise Conflict("amount_above_rules", zh, "the amount claimed is above what the rules give")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.APPEAL_IN_TIME: _in_time,
    Guard.NOT_APPEALED: _not_appealed,
    Guard.PLACE_FREE: _place_free,
    Guard.AMENDS: _amends,
}
