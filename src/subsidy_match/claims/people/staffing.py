"""Whether the people at hand can take a claim of a policy to payment: a search over the duties table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy.orm import Session

from subsidy_match.claims.duties import DUTY_NAMES, FORBIDDEN, Duty
from subsidy_match.claims.fund.fund_records import FundRow
from subsidy_match.claims.handling.channels import CHANNELS
from subsidy_match.claims.handling.rules import rule_on
from subsidy_match.claims.states import Event
from subsidy_match.errors import Finding
from subsidy_match.store.users import Actor, Role, list_users

__all__ = ["Need", "duties_of", "find_staff", "staffing_findings"]

ROLE_OF: Mapping[Duty, Role] = {
    Duty.CLERK: Role.CLERK,
    Duty.REVIEWER: Role.REVIEWER,
    Duty.RECHECKER: Role.RECHECKER,
    Duty.APPROVER: Role.APPROVER,
    Duty.MAKER: Role.MAKER,
    Duty.CHECKER: Role.CHECKER,
}
_ON_FUNDS = frozenset({Duty.APPROVER, Duty.MAKER, Duty.CHECKER})


@dataclass(frozen=True, slots=True)
class Need:
    """What a policy asks of its people: the duties, how many approvals, in which department, on which funds."""

    policy_id: str
    channel: str
    chain: tuple[str, ...]
    funding: tuple[tuple[str, Fraction], ...]


def duties_of(channel: str, chain: Sequence[str], approvals: int = 1) -> tuple[Duty, ...]:
    """The duties that people do on the shortest way of a claim to payment."""
    by_machine = {*CHANNELS[channel].by_push, *CHANNELS[channel].by_system}
    clerk = () if Event.ACCEPT in by_machine or "accept" not in chain else (Duty.CLERK,)
    review: tuple[Duty, ...] = () if Event.PASS in by_machine else (Duty.REVIEWER,)
    if review and "recheck" in chain:
        review = (*review, Duty.RECHECKER)
    pay = (Duty.MAKER, Duty.CHECKER) if "pay" in chain else ()
    return (*clerk, *review, *(Duty.APPROVER for _ in range(approvals)), *pay)


def find_staff(
    duties: Sequence[Duty], people: Sequence[Actor], department: str = "", funds: Sequence[str] = ()
) -> Sequence[Actor] | None:
    """Find somebody for each duty so that the duties table holds, or nobody."""
    able = [[person for person in people if _can(person, duty, department, funds)] for duty in duties]
    # The duty with the fewest people is filled first: dead ends show early.
    order = sorted(range(len(duties)), key=lambda n: len(able[n]))
    return next(_fill(duties, able, order, {}), None)


def staffing_findings(session: Session, needs: Sequence[Need], on: date) -> Sequence[Finding]:
    """A finding for each policy that the people at hand cannot staff."""
    people = list_users(session)
    return [found for need in needs if (found := _finding(session, need, people, on)) is not None]


def _finding(session: Session, need: Need, people: Sequence[Actor], on: date) -> Finding | None:
    rule = rule_on(session, need.policy_id, on)
    funds = sorted(fund for fund, _ in need.funding)
    largest = max(sorted(need.funding), key=lambda part: part[1], default=("", None))[0]
    fund = session.get(FundRow, largest)
    department = rule.department or ("" if fund is None else fund.department)
    approvals = max((band.needed for band in rule.bands), default=1)
    duties = duties_of(need.channel, need.chain, approvals)
    if find_staff(duties, people, department, funds) is not None:
        return None
    empty = [d for d in dict.fromkeys(duties) if not any(_can(p, d, department, funds) for p in people)]
    zh = "、".join(DUTY_NAMES[duty][0] for duty in empty) or "不相容岗位需要更多人员"
    en = ", ".join(DUTY_NAMES[duty][1] for duty in empty) or "the duties table needs more people"
    said = (f"人员不足,无法办理{need.policy_id}:{zh}", f"cannot staff {need.policy_id}: {en}")
    return Finding("unstaffed", *said, severity="warning")


def _can(person: Actor, duty: Duty, department: str, funds: Sequence[str]) -> bool:
    role = ROLE_OF[duty]
    may_use = duty not in _ON_FUNDS or all(person.may_use_fund(fund) for fund in funds)
    return role in person.roles and may_use and person.covers(role, department, funds)


def _fill(
    duties: Sequence[Duty], able: Sequence[Sequence[Actor]], order: Sequence[int], taken: Mapping[int, Actor]
) -> Iterator[Sequence[Actor]]:
    if len(taken) == len(duties):
        yield [taken[n] for n in range(len(duties))]
        return
    place = order[len(taken)]
    for person in able[place]:
        if all(_agree(duties[place], duties[n], person, other) for n, other in taken.items()):
            yield from _fill(duties, able, order, {**taken, place: person})


def _agree(one: Duty, other: Duty, person: Actor, already: Actor) -> bool:
    if person.person != already.person:
        return True
    # Two approvals are two people; else the duties table says.
    return one is not other and frozenset({one, other}) not in FORBIDDEN
