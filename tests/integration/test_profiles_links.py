"""How firms hang together: ids of before 2015, branches, businesses that became companies, moves, one name in two districts."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from profile_files import PENALTIES, POLICIES, REGISTER, broken, code, firm, take_in, write_csv, write_register
from typer.testing import CliRunner

from subsidy_match.cli.profiles import app
from subsidy_match.profiles import open_snapshot
from subsidy_match.rules.catalogue import load_catalogue

MORE = (
    *REGISTER, "注册号", "组织机构代码", "税务登记号", "隶属企业统一社会信用代码", "隶属企业", "转型前统一社会信用代码",
    "迁入日期", "迁出地", "迁出日期", "迁往地",
)  # fmt: skip
PAYMENTS = ("统一社会信用代码", "单位名称", "拨付编号", "奖补事项", "项目编号", "金额(元)", "拨付日期")
BARRINGS = ("统一社会信用代码", "单位名称", "文书号", "取消资格至", "原因")
PROJECTS = ("企业名称", "统一社会信用代码", "县区", "备案证号", "设备发票金额(不含税)(万元)")
BRANCH = "淮安合成001科技有限公司清江浦分公司"
NUMBER, TAX_NO = "320812000012345", "320812MA1ABCD27"
PERSON = "32081219900101123X"


def wide(number: int, name: str = "", *, base: dict[str, str] | None = None, **more: str) -> list[str]:
    """A row of a register that has all columns."""
    return [*firm(number, name, **(base or {})), *(more.get(column, "") for column in MORE[len(REGISTER) :])]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def register(folder: Path, *rows: list[str]) -> Path:
    return write_csv(folder / "登记_20260531.csv", MORE, rows)


def penalties(folder: Path, *given: tuple[str, str]) -> Path:
    rows = [[uscc, name, f"{n}号", "环境保护", "一般", "2025-01-01", "", "否"] for n, (uscc, name) in enumerate(given)]
    return write_csv(folder / "失信_20260531.csv", PENALTIES, rows)


def rows_of(home: Path, number: int, collection: str = "penalties") -> int:
    with open_snapshot(home) as snapshot:
        return len(snapshot.enterprise(code(number)).collections[collection].rows)


def reasons(home: Path) -> dict[str, set[str]]:
    with open_snapshot(home) as snapshot:
        return {item.code: {uscc for uscc, _, _ in item.candidates} for item in snapshot.reviews()}


# --- ids of before 2015 ---


@pytest.mark.parametrize(
    "written", [NUMBER, "320812 0000 12345", TAX_NO, code(1)[8:17], f"{code(1)[8:16]}-{code(1)[16]}"]
)
def test_an_old_id_finds_its_firm_exactly(home, tmp_path, written):
    take_in(
        home, register(tmp_path, wide(1, 注册号=NUMBER, 税务登记号=TAX_NO), wide(2)), penalties(tmp_path, (written, ""))
    )
    assert (rows_of(home, 1), rows_of(home, 2)) == (1, 0)


@pytest.mark.parametrize("like_a_person", ["320812900101123", "320812 900101 123"])
def test_a_registration_number_that_looks_like_a_persons_is_found_and_not_kept(home, tmp_path, like_a_person):
    take_in(
        home, register(tmp_path, wide(1, 注册号="320812900101123"), wide(2)), penalties(tmp_path, (like_a_person, ""))
    )
    assert (rows_of(home, 1), rows_of(home, 2)) == (1, 0)
    with open_snapshot(home) as snapshot:
        (kept,) = snapshot.old_ids(code(1))
    assert kept.startswith("******")


def test_one_digit_off_is_no_old_id(home, tmp_path):
    near = NUMBER[:-1] + "6"
    take_in(home, register(tmp_path, wide(1, 注册号=NUMBER)), penalties(tmp_path, (near, "")))
    assert rows_of(home, 1) == 0
    assert "uscc.format" in reasons(home)


def test_an_old_id_of_two_firms_and_one_beside_another_name_wait(home, tmp_path):
    rows = [wide(1, 注册号=NUMBER), wide(2, 注册号=NUMBER), wide(3, 税务登记号=TAX_NO), wide(4)]
    given = [(NUMBER, ""), (TAX_NO, "淮安合成004科技有限公司")]
    take_in(home, register(tmp_path, *rows), penalties(tmp_path, *given))
    assert reasons(home) == {"identity.shared_id": {code(1), code(2)}, "identity.disagree": {code(3), code(4)}}


def test_an_owners_person_number_is_never_kept_as_a_tax_number(home, tmp_path):
    report = take_in(home, register(tmp_path, wide(1, 税务登记号="320812900101123"), wide(2, 税务登记号=PERSON)))
    assert [finding.code for finding in report.rejects] == ["profiles.identity.old_id"] * 2
    with open_snapshot(home) as snapshot:
        assert snapshot.old_ids(code(1)) == snapshot.old_ids(code(2)) == []


def test_search_finds_a_firm_by_an_old_id_and_by_the_code_of_its_predecessor(home, tmp_path):
    take_in(home, register(tmp_path, wide(1, 注册号=NUMBER), wide(2, 转型前统一社会信用代码=code(9))))
    with open_snapshot(home) as snapshot:
        assert [uscc for uscc, _ in snapshot.search(NUMBER)] == [code(1)]
        assert [uscc for uscc, _ in snapshot.search(code(9))] == [code(2)]


# --- branches ---


@pytest.mark.parametrize("column", [{"隶属企业统一社会信用代码": code(1)}, {"隶属企业": "淮安合成001科技有限公司"}])
def test_a_branch_is_linked_to_its_firm_and_keeps_its_rows(home, tmp_path, column):
    files = [register(tmp_path, wide(1), wide(2, BRANCH, **column)), penalties(tmp_path, ("", BRANCH), ("", BRANCH))]
    take_in(home, *files)
    assert (rows_of(home, 1), rows_of(home, 2)) == (0, 2)
    with open_snapshot(home) as snapshot:
        (up,), (down,) = snapshot.links(code(2)), snapshot.links(code(1))
        assert not snapshot.enterprise(code(1)).collections["penalties"].disputed
    assert (up.kind, up.uscc, down.kind, down.uscc, down.name) == ("parent", code(1), "branch", code(2), BRANCH)


def test_a_branch_that_is_not_registered_waits_and_is_not_its_firms(home, tmp_path):
    take_in(home, register(tmp_path, wide(1)), penalties(tmp_path, ("", BRANCH)))
    assert rows_of(home, 1) == 0
    assert reasons(home) == {"identity.unknown_name": {code(1)}}


# --- individual businesses that became companies ---


def ledger(folder: Path, *rows: list[str]) -> Path:
    return write_csv(folder / "奖补_20260531.csv", PAYMENTS, rows)


def barred(folder: Path, *rows: list[str]) -> Path:
    return write_csv(folder / "取消资格_20260531.csv", BARRINGS, rows)


def is_complete(home: Path, number: int, collection: str) -> bool:
    spec = load_catalogue(POLICIES / "facts.yml").collections[collection]
    with open_snapshot(home) as snapshot:
        return spec.is_complete(snapshot.enterprise(code(number)).collections[collection], date(2026, 6, 1))


def test_what_the_predecessor_was_paid_is_neither_the_successors_nor_never(home, tmp_path):
    rows = [wide(1, base={"登记状态": "注销"}), wide(2, 转型前统一社会信用代码=code(1)), wide(3)]
    paid = [code(1), "", "P1", "稳岗返还", "", "5000", "2024-05-01"]
    take_in(home, register(tmp_path, *rows), ledger(tmp_path, paid))
    assert (rows_of(home, 1, "subsidy_history"), rows_of(home, 2, "subsidy_history")) == (1, 0)
    assert not is_complete(home, 2, "subsidy_history")
    assert is_complete(home, 3, "subsidy_history")
    with open_snapshot(home) as snapshot:
        assert [(link.kind, link.uscc) for link in snapshot.links(code(2))] == [("predecessor", code(1))]
        assert [(link.kind, link.uscc) for link in snapshot.links(code(1))] == [("successor", code(2))]


@pytest.mark.parametrize(("barred_firm", "complete"), [(1, False), (4, True)])
def test_a_barred_predecessor_leaves_open_whether_the_successor_is(home, tmp_path, barred_firm, complete):
    rows = [wide(1), wide(2, 转型前统一社会信用代码=code(1)), wide(3, 转型前统一社会信用代码=code(2)), wide(4)]
    take_in(home, register(tmp_path, *rows), barred(tmp_path, [code(barred_firm), "", "1号", "2027-01-01", ""]))
    assert is_complete(home, 2, "barrings") is complete
    assert is_complete(home, 3, "barrings") is complete  # two steps back


def test_an_unregistered_predecessor_leaves_everything_open(home, tmp_path):
    take_in(home, register(tmp_path, wide(2, 转型前统一社会信用代码=code(1))), barred(tmp_path), ledger(tmp_path))
    assert not is_complete(home, 2, "barrings")
    assert not is_complete(home, 2, "subsidy_history")


def test_a_circle_of_predecessors_ends(home, tmp_path):
    rows = [wide(1, 转型前统一社会信用代码=code(2)), wide(2, 转型前统一社会信用代码=code(1))]
    take_in(home, register(tmp_path, *rows), barred(tmp_path))
    assert is_complete(home, 1, "barrings")


# --- moves ---


def test_moves_have_their_day_and_place_and_a_firm_that_left_is_moved_out(home, tmp_path):
    gone = wide(1, base={"登记状态": "已迁出"}, 迁出日期="2026-03-01", 迁往地="示例市")
    came = wide(2, base={"所在区县": "淮阴区"}, 迁入日期="2026年2月1日", 迁出地="清江浦区")
    take_in(home, register(tmp_path, gone, came))
    with open_snapshot(home) as snapshot:
        (left,), (arrived,) = snapshot.links(code(1)), snapshot.links(code(2))
        assert snapshot.enterprise(code(1)).values["reg_status"].value == "moved_out"
        assert snapshot.enterprise(code(2)).values["district_code"].value == "320804"
    assert (left.kind, left.place, left.day) == ("moved_out", "示例市", date(2026, 3, 1))
    assert (arrived.kind, arrived.place, arrived.day) == ("moved_in", "清江浦区", date(2026, 2, 1))


def test_the_district_before_a_move_stays_beside_the_one_of_today(home, tmp_path):
    old = write_register(tmp_path, [firm(1, 所在区县="清江浦区")], "20260131")
    take_in(home, old, write_register(tmp_path, [firm(1, 所在区县="淮阴区")], "20260531"))
    with open_snapshot(home) as snapshot:
        assert snapshot.enterprise(code(1)).values["district_code"].value == "320804"
        (before,) = snapshot.alternatives(code(1))
    assert (before.target, before.value, before.source.as_of) == ("district_code", "320812", date(2026, 1, 31))


# --- one name in two districts ---

SHOP = "淮安云朵便民超市"


def projects(folder: Path, *places: str, name: str = SHOP) -> Path:
    rows = [[name, "", place, f"备〔2026〕{n}号", "10"] for n, place in enumerate(places)]
    return write_csv(folder / "项目_20260531.csv", PROJECTS, rows)


def two_shops(folder: Path, second: str = "涟水县") -> Path:
    return register(folder, wide(1, SHOP), wide(2, SHOP, base={"所在区县": second}))


def test_a_name_of_two_firms_is_told_apart_by_the_district(home, tmp_path):
    take_in(home, two_shops(tmp_path), projects(tmp_path, "涟水县", "淮阴区", ""))
    assert (rows_of(home, 1, "projects"), rows_of(home, 2, "projects")) == (0, 1)
    assert reasons(home) == {"identity.shared_name": {code(1), code(2)}}


@pytest.mark.parametrize("second", ["清江浦区", "", "不详区"])
def test_a_district_that_both_may_have_tells_nothing(home, tmp_path, second):
    take_in(home, two_shops(tmp_path, second), projects(tmp_path, "清江浦区"))
    assert (rows_of(home, 1, "projects"), rows_of(home, 2, "projects")) == (0, 0)


def test_a_former_name_of_another_firm_is_not_told_apart_by_the_district(home, tmp_path):
    rows = [wide(1, SHOP), wide(2, "淮安新名便民超市", base={"曾用名": SHOP, "所在区县": "涟水县"})]
    take_in(home, register(tmp_path, *rows), projects(tmp_path, "清江浦区"))
    assert reasons(home) == {"identity.shared_name": {code(1), code(2)}}


def test_what_the_department_wrote_stays_where_the_district_tells_the_firm(home, tmp_path):
    take_in(home, two_shops(tmp_path), projects(tmp_path, "涟水县", "淮阴区"))
    with open_snapshot(home) as snapshot:
        (item,) = snapshot.reviews()
    assert (item.uscc_given, item.rows) == ("", 1)


def test_a_name_that_an_entry_under_a_broken_code_bears_too_waits(home, tmp_path):
    other = wide(2, SHOP)
    take_in(home, register(tmp_path, wide(1, SHOP), [broken(2), *other[1:]]), penalties(tmp_path, ("", SHOP)))
    assert rows_of(home, 1) == 0
    assert reasons(home)["identity.shared_name"] == {code(1)}


def test_an_old_id_beside_a_name_that_nobody_has_waits(home, tmp_path):
    take_in(home, register(tmp_path, wide(1, 注册号=NUMBER)), penalties(tmp_path, (NUMBER, "淮安虚构商行")))
    assert rows_of(home, 1) == 0
    assert reasons(home) == {"identity.other_name": {code(1)}}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"隶属企业": "淮安合成001科技有限公司"}, 1),
        ({"隶属企业": "淮安旧名商行"}, 1),
        ({"隶属企业": SHOP}, None),  # of two firms
        ({"隶属企业": "淮安断码商行"}, None),  # also under a broken code
        ({"隶属企业统一社会信用代码": NUMBER}, 1),
        ({"隶属企业统一社会信用代码": NUMBER, "隶属企业": "淮安合成001科技有限公司"}, 1),
        ({"隶属企业统一社会信用代码": NUMBER, "隶属企业": "淮安虚构商行"}, None),
        ({"隶属企业统一社会信用代码": code(1)[8:17]}, 1),
        ({"转型前统一社会信用代码": TAX_NO}, None),  # of two firms
    ],
)
def test_the_other_firm_of_a_link_is_found_exactly_or_not_at_all(home, tmp_path, more, found):
    rows = [
        wide(1, base={"曾用名": "淮安旧名商行"}, 注册号=NUMBER), wide(2, SHOP, 税务登记号=TAX_NO),
        wide(3, SHOP, 税务登记号=TAX_NO), wide(4, "淮安断码商行"), [broken(5), *wide(5, "淮安断码商行")[1:]],
    ]  # fmt: skip
    take_in(home, register(tmp_path, *rows, wide(6, BRANCH, **more)))
    with open_snapshot(home) as snapshot:
        (link,) = snapshot.links(code(6))
    given = next(iter(more.values()))
    assert link.uscc == (code(found) if found else given if "代码" in next(iter(more)) else None)


# --- the command ---


def test_show_tells_old_ids_and_links(home, tmp_path, monkeypatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(home))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    take_in(home, register(tmp_path, wide(1), wide(2, BRANCH, 注册号=NUMBER, 隶属企业统一社会信用代码=code(1))))
    shown = CliRunner().invoke(app, ["show", code(2)]).stdout
    assert f"旧代码 / old id: {NUMBER}" in shown
    assert f"隶属企业 / branch of: {code(1)}  淮安合成001科技有限公司" in shown
    node = json.loads(CliRunner().invoke(app, ["show", code(2), "--json"]).stdout)
    assert (node["old_ids"], [link["kind"] for link in node["links"]]) == ([NUMBER], ["parent"])
