"""What channel, tasks and the number of approvals ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.handling.channels import passes_by_itself
from subsidy_match.claims.handling.endorsements import band_of, endorsed, endorsers, level_of
from subsidy_match.claims.handling.records import TaskRow
from subsidy_match.claims.handling.tasks import check_quorum
from subsidy_match.claims.occasion import Occasion, past_duties
from subsidy_match.claims.people.persons import check_interest
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict, NotFound
from subsidy_match.store.users import Role, persons_of, user_by_login

__all__ = ["GUARDS", "PERSONAL"]


def _passes_by_itself(occasion: Occasion) -> None:
    if not passes_by_itself(occasion.session, occasion.claim, occasion.on):
        raise Conflict("not_automatic", "该件须经人工初审", "this claim has to be reviewed by a person")


def _task_new(occasion: Occasion) -> None:
    given = occasion.payload
    same = (TaskRow.kind == given["task_kind"], TaskRow.department == given["department"])
    open_one = select(TaskRow.id).where(TaskRow.claim_id == occasion.claim.id, TaskRow.is_open, *same)
    if occasion.session.scalars(open_one).first() is not None:
        raise Conflict(
            "task_open_already", "该部门已有同类协办尚未答复", "this department has such a task open already"
        )
    if "officer" in given:
        _check_officer(occasion, given["officer"])


def _check_officer(occasion: Occasion, login: str) -> None:
    officer = user_by_login(occasion.session, login)
    if Role.TASK_OFFICER not in officer.roles or officer.department != occasion.payload["department"]:
        raise Conflict(
            "officer_unfit", f"{login}不是该部门的协办人员", f"{login} is no task officer of this department"
        )
    check_interest(occasion.session, officer, occasion.claim.uscc)


def _task(occasion: Occasion) -> TaskRow:
    row = occasion.session.get(TaskRow, occasion.payload["task"])
    if row is None or row.claim_id != occasion.claim.id:
        number = occasion.payload["task"]
        raise NotFound("task_unknown", f"本件没有这项协办:{number}", f"this claim has no task {number}")
    return row


def _task_open(occasion: Occasion) -> None:
    if not _task(occasion).is_open:
        raise Conflict("task_closed", "该协办已答复或撤销", "the task is answered or dropped")


def _task_of_actor(occasion: Occasion) -> None:
    row, rights = _task(occasion), occasion.rights
    mine = row.officer == rights.id if row.officer is not None else row.department == rights.department
    if not mine:
        raise Forbidden("task_not_yours", f"该协办由{row.department}办理", f"the task is for {row.department}")
    _no_party(occasion)


def _no_party(occasion: Occasion) -> None:
    past = past_duties(occasion.session, occasion.claim.id)
    parties = {done.person for done in past if done.duty in (Duty.FILER, Duty.REVIEWER)}
    if (assignee := occasion.claim.assignee) is not None:
        parties |= set(persons_of(occasion.session, [assignee]).values())
    if any(person.person in parties for person in occasion.people):
        zh = "申报人和初审人不得答复本件的协办"
        raise Forbidden("duty_conflict", zh, "whoever filed or reviews the claim cannot answer its tasks")


def _quorum_reached(occasion: Occasion) -> None:
    check_quorum(occasion.session, occasion.claim, occasion.on)


def _endorsement_wanted(occasion: Occasion) -> None:
    _check_new_approver(occasion)
    if endorsed(occasion.session, occasion.claim.id) + 1 >= band_of(occasion).needed:
        raise Conflict("endorsement_unneeded", "会签人数已足,请直接审批", "no endorsement is needed: approve the claim")


def _endorsed_enough(occasion: Occasion) -> None:
    band = band_of(occasion)
    if band.needed == 1 and band.level == 0:
        return
    _check_new_approver(occasion)
    so_far = endorsed(occasion.session, occasion.claim.id)
    if so_far + 1 < band.needed:
        zh = f"该金额须{band.needed}人审批,已会签{so_far}人"
        raise Conflict("approvals_missing", zh, f"{band.needed} must approve this amount, {so_far} have endorsed it")
    if level_of(occasion) < band.level:
        zh = f"该金额须由{band.level}级以上审批人审批"
        raise Forbidden("level_too_low", zh, f"this amount needs an approver of level {band.level} or above")


def _check_new_approver(occasion: Occasion) -> None:
    before = endorsers(occasion.session, occasion.claim.id)
    if any(person.person in before for person in occasion.people):
        raise Forbidden("endorsed_before", "同一人不得重复审批", "nobody approves the same claim twice")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.PASSES_BY_ITSELF: _passes_by_itself,
    Guard.TASK_NEW: _task_new,
    Guard.TASK_OPEN: _task_open,
    Guard.TASK_OF_ACTOR: _task_of_actor,
    Guard.QUORUM_REACHED: _quorum_reached,
    Guard.ENDORSEMENT_WANTED: _endorsement_wanted,
    Guard.ENDORSED_ENOUGH: _endorsed_enough,
}
PERSONAL: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.TASK_OF_ACTOR: _no_party,
    Guard.ENDORSEMENT_WANTED: _endorsement_wanted,
    Guard.ENDORSED_ENOUGH: _endorsed_enough,
}
