"""Who reviews a claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.duties import Duty, check_duties
from subsidy_match.claims.handling.rules import place_of
from subsidy_match.claims.handling.tasks import answerers_of
from subsidy_match.claims.occasion import Occasion, past_duties
from subsidy_match.claims.people.persons import check_interest
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict
from subsidy_match.store.users import Role, user_by_login

__all__ = ["GUARDS", "PERSONAL"]


def _assignee_fit(occasion: Occasion) -> None:
    name = occasion.payload.get("assignee", occasion.actor.id)
    if name != occasion.actor.id and not occasion.acts_as(Role.LEAD):
        raise Forbidden("not_lead", "仅负责人可交办他人", "only a lead may assign to others")
    assignee = user_by_login(occasion.session, name)
    if Role.REVIEWER not in assignee.roles:
        raise Conflict("assignee_unfit", f"{name}不是初审人员", f"{name} is no reviewer")
    place = place_of(occasion.session, occasion.claim, occasion.on)
    if not assignee.covers(Role.REVIEWER, place.department, place.funds):
        raise Conflict("assignee_unfit", f"{name}的授权范围不含本件", f"the role of {name} does not reach this claim")
    check_interest(occasion.session, assignee, occasion.claim.uscc)
    check_duties(assignee.person, Duty.REVIEWER, past_duties(occasion.session, occasion.claim.id), called=name)
    if assignee.person in answerers_of(occasion.session, occasion.claim.id):
        zh = f"{name}曾答复本件的协办,不得担任初审人"
        raise Forbidden("duty_conflict", zh, f"{name} answered a task of this claim and cannot review it")


def _assigned_to_actor(occasion: Occasion) -> None:
    if occasion.claim.assignee is None:
        raise Conflict("not_assigned", "该件尚未交办初审人员", "nobody has been assigned to review the claim")
    if occasion.claim.assignee != occasion.rights.id:
        zh = f"该件已交办{occasion.claim.assignee}"
        raise Forbidden("not_assignee", zh, f"the claim is assigned to {occasion.claim.assignee}")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.ASSIGNEE_FIT: _assignee_fit,
    Guard.ASSIGNED_TO_ACTOR: _assigned_to_actor,
}
PERSONAL: Mapping[Guard, Callable[[Occasion], None]] = {Guard.ASSIGNED_TO_ACTOR: _assigned_to_actor}
