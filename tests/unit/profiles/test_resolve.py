"""Whose a row is: exact or open, never similar; what people decided is remembered."""

from __future__ import annotations

from datetime import date

import pytest
from profile_files import broken, code

from subsidy_match.errors import InputError
from subsidy_match.profiles.decisions import Decision, Decisions, Ruling, load_decisions, review_id, save_decisions
from subsidy_match.profiles.names import name_key
from subsidy_match.profiles.resolve import Given, Match, Open, Register, identify

ONE, TWO, THREE = code(1), code(2), code(3)


@pytest.fixture
def register():
    made = Register()
    made.add(ONE, ["淮安云璟智能装备有限公司", "淮安旧名装备有限公司"])
    made.add(TWO, ["淮安松彧食品有限公司"])
    made.add(THREE, ["淮安松彧食品有限公司"])
    return made


def found(register: Register, uscc: str = "", name: str = "", decisions: Decisions | None = None) -> Match | Open:
    given = Given("tax", uscc, name_key(name))
    return identify(given, register, (decisions or Decisions()).in_force, review_id("tax", uscc, given.name_key))


def candidates(result: Match | Open) -> list[str]:
    assert isinstance(result, Open)
    return [candidate.uscc for candidate in result.candidates]


@pytest.mark.parametrize(
    ("uscc", "name"),
    [
        (ONE, ""),
        (ONE, "随便什么名称"),
        ("", "淮安云璟智能装备有限公司"),
        ("", "淮安 云璟智能装备有限公司　"),
        ("", "淮安旧名装备有限公司"),
    ],
)
def test_code_name_and_former_name_are_accepted(register, uscc, name):
    assert found(register, uscc, name) == Match(ONE)


@pytest.mark.parametrize(
    ("uscc", "name", "reason", "expected"),
    [
        ("", "淮安云璟智能装备有限责任公司", "identity.unknown_name", [ONE]),
        ("", "淮安云憬智能装备有限公司", "identity.unknown_name", [ONE]),
        ("", "宿迁虚构建材有限公司", "identity.unknown_name", []),
        ("", "淮安松彧食品有限公司", "identity.shared_name", sorted([TWO, THREE])),
        (ONE, "淮安松彧食品有限公司", "identity.disagree", sorted([ONE, TWO, THREE])),
        (code(9), "淮安云璟智能装备有限公司", "identity.not_registered", [ONE]),
        (code(9), "淮安云憬智能装备有限公司", "identity.not_registered", []),
        (broken(1), "", "uscc.check", [ONE]),
        (ONE[:-2] + ONE[-1], "淮安云璟智能装备有限公司", "uscc.format", [ONE]),
        ("9.13208E+17", "淮安云璟智能装备有限公司", "uscc.scientific", [ONE]),
        ("", "", "identity.missing", []),
    ],
)
def test_everything_else_is_open_with_its_reason(register, uscc, name, reason, expected):
    result = found(register, uscc, name)
    assert isinstance(result, Open)
    assert result.problem.code == reason
    assert candidates(result) == expected


def test_a_name_under_a_broken_code_is_not_taken_for_a_similar_one(register):
    register.broken.add(name_key("淮安云憬智能装备有限公司"))
    result = found(register, "", "淮安云憬智能装备有限公司")
    assert isinstance(result, Open)
    assert result.problem.code == "identity.broken_entry"
    assert candidates(result) == []


def test_a_name_that_an_entry_under_a_broken_code_bears_too_is_shared(register):
    register.broken.add(name_key("淮安云璟智能装备有限公司"))
    result = found(register, "", "淮安云璟智能装备有限公司")
    assert isinstance(result, Open)
    assert (result.problem.code, candidates(result)) == ("identity.shared_name", [ONE])
    assert found(register, ONE, "淮安云璟智能装备有限公司") == Match(ONE)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", Match(ONE)),
        ("淮安云璟智能装备有限公司", Match(ONE)),
        ("淮安旧名装备有限公司", Match(ONE)),
        ("淮安松彧食品有限公司", "identity.disagree"),
        ("宿迁虚构建材有限公司", "identity.other_name"),
    ],
)
@pytest.mark.parametrize("old", [ONE[8:17], "320812000012345"])
def test_an_old_id_counts_only_beside_a_name_of_its_firm(register, old, name, expected):
    register.add(ONE, [], ["320812000012345"])
    result = found(register, old, name)
    assert (result.problem.code if isinstance(result, Open) else result) == expected


def test_an_override_makes_a_code_valid(register):
    register.accepted_codes = frozenset({broken(7)})
    register.add(broken(7), ["特例有限公司"])
    assert found(register, broken(7)) == Match(broken(7))


def decision(name: str, firm: str | None) -> Decision:
    return Decision("tax", "", name_key(name), firm, "张三", date(2026, 6, 1))


def test_the_last_decision_counts(register):
    name = "淮安云憬智能装备有限公司"
    assert found(register, "", name, Decisions((decision(name, ONE),))) == Match(ONE)
    refused = found(register, "", name, Decisions((decision(name, ONE), decision(name, None))))
    assert isinstance(refused, Open)
    assert refused.problem.code == "identity.refused"


def test_a_decision_for_a_firm_that_is_gone_is_open_again(register):
    assert isinstance(found(register, "", "某某有限公司", Decisions((decision("某某有限公司", code(99)),))), Open)


def test_decisions_survive_the_file(tmp_path):
    choices = (
        Ruling("0123456789ab", ONE, "revenue_2025", ("1", "2"), ("tax 2026-05-31",), "2", "张三", date(2026, 6, 1)),
        Ruling("ba9876543210", ONE, "reg_status", ("active", "revoked"), (), None, "张三", date(2026, 6, 1)),
    )
    made = Decisions((decision("甲", ONE), decision("乙", None)), frozenset({broken(1)}), choices)
    save_decisions(tmp_path / "d.yml", made)
    assert load_decisions(tmp_path / "d.yml") == made


def test_who_decided_does_not_change_the_snapshot():
    other = Decision("tax", "", "甲", ONE, "李四", date(2027, 1, 1))
    assert Decisions((decision("甲", ONE),)).digest == Decisions((other,)).digest


def test_what_was_chosen_changes_the_snapshot():
    def digest(chosen: str | None, by: str = "张三") -> str:
        choice = Ruling("0123456789ab", ONE, "name", ("1", "None"), (), chosen, by, date(2026, 6, 1))
        return Decisions(rulings=(choice,)).digest

    assert len({Decisions().digest, digest("1"), digest("None"), digest(None)}) == 4
    assert digest("1", "李四") == digest("1")


def test_a_damaged_decisions_file_stops_everything(tmp_path):
    (tmp_path / "d.yml").write_text("decisions: [{department: tax}]", "utf-8")
    with pytest.raises(InputError):
        load_decisions(tmp_path / "d.yml")
