"""By what right somebody takes a step: a role of their own or one lent to them, there where it may be used."""

from __future__ import annotations

from dataclasses import replace

from subsidy_match.claims.duties import Duty, check_duties
from subsidy_match.claims.handling.rules import Place, place_of
from subsidy_match.claims.occasion import Occasion, StandIn, past_duties
from subsidy_match.claims.people.parties import out_of_scope
from subsidy_match.claims.people.persons import check_interest, delegations_to
from subsidy_match.claims.people.records import DeputyRow
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import EVENT_NAMES, Event
from subsidy_match.claims.transition import Guard, Transition
from subsidy_match.store.users import Actor, Role

__all__ = ["authorised", "note_deputy", "require_role"]


def authorised(occasion: Occasion) -> Occasion:
    """Check role, place, interest and duties of whoever acts, and of the person in whose place they act.

    Raises:
        Forbidden: ``role_missing``, ``out_of_scope``, ``interest_declared``, ``duty_conflict``.
    """
    if occasion.actor.is_machine:
        require_role(occasion.actor, occasion.transition)
        return occasion
    occasion = replace(occasion, stand_in=_stand_in(occasion))
    people = occasion.people
    if occasion.transition.duty is not Duty.FILER:
        for person in people:
            check_interest(occasion.session, person, occasion.claim.uscc)
    if occasion.duty is not None and occasion.transition.sources:
        history = past_duties(occasion.session, occasion.claim.id)
        for person in people:
            check_duties(person.person, occasion.duty, history, called=person.id)
    return occasion


def note_deputy(occasion: Occasion) -> None:
    """Write down in whose place a step is taken, so that its duty counts for both."""
    if occasion.stand_in is None:
        return
    row = DeputyRow(
        claim_id=occasion.claim.id,
        version=occasion.next_version,
        principal=occasion.stand_in.principal.id,
        duty=None if occasion.duty is None else str(occasion.duty),
        delegation_id=occasion.stand_in.delegation_id,
    )
    occasion.session.add(row)


def _stand_in(occasion: Occasion) -> StandIn | None:
    """The person in whose place the actor acts; ``None`` where a role of the actor's own suffices."""
    if not _is_anothers(occasion) and any(_is_unscoped(occasion, role) for role in _own_roles(occasion)):
        return None  # the usual case asks the store nothing
    place = place_of(occasion.session, occasion.claim, occasion.on)
    own = any(occasion.actor.covers(role, place.department, place.funds) for role in _own_roles(occasion))
    if own and not _is_anothers(occasion):
        return None
    if lent := _lent(occasion, place):
        return lent
    if not own:
        require_role(occasion.actor, occasion.transition)
        raise out_of_scope(place)
    return None


def _lent(occasion: Occasion, place: Place) -> StandIn | None:
    roles = frozenset({Role.LEAD}) if _assigns_another(occasion) else occasion.transition.roles
    for row, principal in delegations_to(occasion.session, occasion.actor, roles, occasion.on):
        fits = not _needs_assignee(occasion) or principal.id == occasion.claim.assignee
        if fits and principal.covers(Role(row.role), place.department, place.funds):
            return StandIn(principal, Role(row.role), row.id)
    return None


def _is_anothers(occasion: Occasion) -> bool:
    """Whether a role of the actor's own will not do though they may hold it: the claim is another's, or not theirs to give."""
    if _needs_assignee(occasion):
        return occasion.claim.assignee != occasion.actor.id
    return _assigns_another(occasion) and Role.LEAD not in occasion.actor.roles


def _needs_assignee(occasion: Occasion) -> bool:
    return Guard.ASSIGNED_TO_ACTOR in occasion.transition.guards


def _assigns_another(occasion: Occasion) -> bool:
    named = occasion.payload.get("assignee", occasion.actor.id)
    return occasion.transition.event is Event.ASSIGN and named != occasion.actor.id


def _own_roles(occasion: Occasion) -> frozenset[Role]:
    return occasion.transition.roles & occasion.actor.roles


def _is_unscoped(occasion: Occasion, role: Role) -> bool:
    filing = occasion.transition.duty is Duty.FILER
    return filing or all(scope.role is not role for scope in occasion.actor.scopes)


def require_role(actor: Actor, transition: Transition) -> None:
    """Refuse whoever holds none of the roles of a row.

    Raises:
        Forbidden: ``role_missing``.
    """
    if not actor.has_any(transition.roles):
        needed = ", ".join(sorted(transition.roles))
        zh = f"无权办理:{EVENT_NAMES[transition.event][0]}"
        raise Forbidden("role_missing", zh, f"{transition.event} needs one of these roles: {needed}")
