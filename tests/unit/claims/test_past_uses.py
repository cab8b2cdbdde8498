"""What the finance bureau paid beside this system takes places, items and caps; what it leaves open is a risk."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from claims_world import ASSESSMENT, World
from policy_world import AS_OF, LOADED, PAID_FACTS, USCC, WAN, policy_text

from subsidy_match.claims.assessment import Assessment, Limit, PastUse
from subsidy_match.claims.risk.past_uses import history_gap, with_past_uses
from subsidy_match.claims.states import State
from subsidy_match.errors import SubsidyError
from subsidy_match.rules.enterprise import Collection, Enterprise, Row
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import PolicySet

RECORD = PastUse("CZ-1", "other-policy", 6_000_00)


def policies_with(tmp_path: Path, rule: str) -> PolicySet:
    (tmp_path / "facts.yml").write_text(PAID_FACTS, encoding="utf-8")
    for name in ("mine", "theirs", "apart"):
        of = rule if name != "apart" else None
        (tmp_path / f"{name}@2026-01-01.yml").write_text(policy_text(name, exclusive=of), encoding="utf-8")
    return load_policies(tmp_path)


def record(**more: object) -> Row:
    whole = {"record_no": "CZ-1", "policy": "theirs", "amount": 10 * WAN, "item_key": None, "paid_on": date(2026, 3, 1)}
    return {**whole, **more}  # type: ignore[return-value]


def seen(tmp_path: Path, rule: str, row: Row) -> Assessment:
    policies = policies_with(tmp_path, f"[{{group: g, {rule}}}]")
    given = replace(ASSESSMENT, item_keys=("P1",))
    return with_past_uses(given, policies.get("mine", AS_OF), policies, [row], year=2026)


YEAR, POLICY, EVER = "at_most: 1, per: year", "at_most: 1, per: policy", "at_most: 1"
CAP, ITEM = "cap: 20万元", "at_most: 1, per: item_key"
COUNTS, APART = "counts", "apart"
CASES = [
    (YEAR, {}, COUNTS),
    (YEAR, {"policy": "apart"}, APART),
    (YEAR, {"policy": None}, APART),
    (YEAR, {"paid_on": date(2025, 12, 31)}, APART),
    (YEAR, {"paid_on": date(2027, 1, 1)}, "year"),  # perhaps what was due for this year
    (YEAR, {"paid_on": None}, "year"),
    (POLICY, {}, APART),
    (POLICY, {"policy": "mine", "paid_on": date(2020, 1, 1)}, COUNTS),
    (EVER, {"paid_on": None}, COUNTS),
    (CAP, {}, COUNTS),
    (CAP, {"amount": None}, "amount"),
    (ITEM, {"item_key": "P1", "paid_on": None}, COUNTS),
    (ITEM, {"item_key": "P2"}, APART),
    (ITEM, {}, "item"),
]


@pytest.mark.parametrize(("rule", "said", "expected"), CASES)
def test_a_record_counts_where_it_says_all_that_the_rule_asks(tmp_path: Path, rule: str, said: dict, expected: str):
    found = seen(tmp_path, rule, record(**said))
    certain = [use for limit in found.limits for use in limit.paid] + list(found.paid_items)
    assert [use.ref for use in certain] == (["CZ-1"] if expected == COUNTS else [])
    assert [use.doubt for use in found.unclear] == ([] if expected in (COUNTS, APART) else [expected])


def test_a_history_that_is_not_whole_is_told(tmp_path: Path):
    policies = policies_with(tmp_path, "[{group: g, at_most: 1, per: year}]")
    loaded = dict.fromkeys(("science", "finance"), LOADED)

    def gap(rows: list[Row], days: dict[str, date], policy: str = "mine") -> str | None:
        firm = Enterprise(USCC, "示例企业", {}, {"subsidy_history": Collection(tuple(rows), days)})
        found = history_gap(policies.get(policy, AS_OF), policies, firm, rows, AS_OF)
        return found and found[1]

    assert gap([record()], loaded) is None
    assert gap([record(policy=None)], loaded) == "1 records of payments name no policy"
    assert gap([], {}) == "the subsidy history is missing, stale or in dispute"
    assert gap([], {}, "apart") is None


def test_a_payment_beside_this_system_takes_a_place(world: World):
    world.assume(limits=(Limit("two-a-year", 2, "year", paid=(RECORD,)),))
    world.walk(State.SUBMITTED, subject="a")
    with pytest.raises(SubsidyError, match="exclusive_taken") as caught:
        world.walk(State.SUBMITTED, subject="b")
    assert "CZ-1 (other-policy)" in caught.value.zh


def test_one_that_is_known_only_at_approval_bars_it(world: World):
    world.assume(limits=(Limit("one-a-year", 1, "year"),))
    claim = world.walk(State.IN_APPROVAL)
    world.assume(limits=(Limit("one-a-year", 1, "year", paid=(RECORD,)),))
    with pytest.raises(SubsidyError, match="exclusive_taken"):
        world.fire(claim, "approve", "approver")
    world.assume(limits=(Limit("one-a-year", 1, "year"),), paid_items=(replace(RECORD, item_key="P1"),))
    with pytest.raises(SubsidyError, match="item_already_used"):
        world.fire(claim, "approve", "approver")
    assert world.fund().committed == 0


@pytest.mark.parametrize(("cap", "code"), [(6_000_00, "cap_exhausted"), (15_000_00, "cap_exceeded"), (16_000_00, None)])
def test_it_uses_up_a_cap(world: World, cap: int, code: str | None):
    world.assume(limits=(Limit("capped", cap=cap, paid=(RECORD,)),))
    if code is None:
        assert world.walk(State.APPROVED).state is State.APPROVED
        return
    with pytest.raises(SubsidyError, match=code):
        world.walk(State.APPROVED)
    assert world.fund().committed == 0


def test_what_a_record_leaves_open_waits_for_an_answer(world: World):
    world.assume(unclear=(replace(RECORD, doubt="year"),), history_gap=("奖补历史未导入", "the history is missing"))
    claim = world.walk(State.IN_APPROVAL)
    first, second = world.desk.risks(claim.id, at=world.now)
    assert (first.code, first.is_open, "CZ-1" in first.zh) == ("history_unclear", True, True)
    assert (second.code, second.blocking) == ("history_unknown", False)
    with pytest.raises(SubsidyError, match="risk_open"):
        world.fire(claim, "approve", "approver")
    world.fire(claim, "acknowledge_risk", "reviewer", risk=first.id, note="系上年度资金,已核实")
    assert world.fire(claim, "approve", "approver").state is State.APPROVED
