"""Names: what is folded, what is not, and how candidates are ranked."""

from __future__ import annotations

import pytest

from subsidy_match.profiles.names import display_name, name_core, name_key, similar_names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("砚珩建筑（淮安）有限公司", "砚珩建筑(淮安)有限公司"),
        ("砚珩建筑〔淮安〕有限公司", "砚珩建筑【淮安】有限公司"),
        ("淮安霁奕贸易有限公司　", " 淮安 霁奕贸易有限公司"),
        ("淮安５Ｇ通信有限公司", "淮安5g通信有限公司"),
        ("淮安\u200b合成有限公司", "淮安合成有限公司"),
    ],
)
def test_width_brackets_blanks_and_case_do_not_matter(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("淮安合成有限公司", "淮安合成有限责任公司"),
        ("淮安合成有限公司", "合成有限公司"),
        ("淮安喆有限公司", "淮安哲有限公司"),
    ],
)
def test_what_registers_tell_apart_stays_apart(one, other):
    assert name_key(one) != name_key(other)


def test_a_name_is_shown_as_the_register_writes_it():
    assert display_name(" 砚珩建筑(淮安) 有限公司") == "砚珩建筑（淮安） 有限公司"
    assert display_name("Acme (Huaian) Ltd") == "Acme (Huaian) Ltd"


def test_the_core_is_without_place_and_form():
    assert name_core("江苏云璟智能装备(淮安)有限责任公司") == "云璟智能装备"
    assert name_core("淮安有限公司") == "淮安有限公司"


def register(*names: str) -> dict[str, str]:
    return {name: name_core(name) for name in map(name_key, names)}


@pytest.mark.parametrize(
    "written",
    ["淮安云憬智能装备有限公司", "淮安云智能装备有限公司", "淮安璟云智能装备有限公司", "云璟智能装备有限责任公司"],
)
def test_one_slip_is_always_a_candidate(written):
    known = register("淮安云璟智能装备有限公司", "淮安松彧食品有限公司", "淮安云璟贸易有限公司")
    assert similar_names(name_key(written), known)[0][0] == "淮安云璟智能装备有限公司"


def test_another_firm_of_the_same_trade_is_no_candidate():
    assert similar_names(name_key("淮安松彧检测技术有限公司"), register("淮安云璟检测技术有限公司")) == []


def test_the_order_of_the_register_does_not_matter():
    names = ["淮安云琛智能装备有限公司", "淮安云琮智能装备有限公司", "淮安云瑾智能装备有限公司"]
    forward = similar_names("淮安云X智能装备有限公司", register(*names))
    assert forward == similar_names("淮安云X智能装备有限公司", register(*reversed(names)))
