from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from claims_world import FUND, MORNING, POLICY, World

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.duties import Duty
from subsidy_match.claims.handling.channels import FULL_CHAIN
from subsidy_match.claims.people.staffing import Need, duties_of, find_staff, staffing_findings
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role, Scope, deactivate_user

WITHOUT = ("accept", "review", "approve", "publish", "pay")


def jacks(number: int, **more: object) -> list[Actor]:
    """People who hold every role."""
    return [Actor(f"p{n}", f"甲{n}", frozenset(Role), funds=frozenset({"*"}), **more) for n in range(number)]  # type: ignore[arg-type]


@pytest.mark.parametrize(("chain", "fewest"), [(FULL_CHAIN, 5), (WITHOUT, 4)])
def test_the_fewest_people_are_five_with_re_examination_and_four_without(chain: Sequence[str], fewest: int):
    duties = duties_of("fast", chain)
    assert find_staff(duties, jacks(fewest)) is not None
    assert find_staff(duties, jacks(fewest - 1)) is None


def test_channels_need_fewer():
    assert duties_of("instant", FULL_CHAIN) == (Duty.APPROVER, Duty.MAKER, Duty.CHECKER)
    assert duties_of("no_apply", FULL_CHAIN)[0] is Duty.REVIEWER


def test_two_approvals_are_two_people():
    assert find_staff([Duty.APPROVER] * 2, jacks(1)) is None
    assert find_staff([Duty.APPROVER] * 2, jacks(2)) is not None


def test_two_logins_of_one_person_are_one():
    assert find_staff([Duty.MAKER, Duty.CHECKER], jacks(2, person_id="工号1")) is None


def test_a_scope_elsewhere_does_not_help():
    scopes = (Scope(Role.MAKER, "科技局"),)
    assert find_staff([Duty.MAKER], jacks(1, scopes=scopes), "工信局", [FUND]) is None


def test_a_policy_that_cannot_be_staffed_is_named(world: World):
    need, today = Need(POLICY, "fast", FULL_CHAIN, ((FUND, Fraction(1)),)), business_day(MORNING)
    assert in_unit(world.engine, lambda s: staffing_findings(s, [need], today)) == []
    for login in ("rechecker", "rechecker_b", "everything"):
        in_unit(world.engine, lambda s, login=login: deactivate_user(s, login))
    (finding,) = in_unit(world.engine, lambda s: staffing_findings(s, [need], today))
    assert finding.code == "unstaffed"
    assert POLICY in finding.en
    assert "re-examiner" in finding.en
