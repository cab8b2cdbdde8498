# ruff: noqa: RUF001 - full-width characters are what is tested
"""The files that departments really hand over, one by one: what each gives in a firm's document, and what is refused and why.

All names, codes and numbers are invented.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from profile_files import (
    PENALTIES,
    REGISTER,
    broken,
    code,
    firm,
    take_in,
    write_book,
    write_csv,
    write_penalties,
    write_register,
    write_xls_book,
)

from subsidy_match.errors import InputError
from subsidy_match.profiles import ImportReport, ReviewItem, open_snapshot

NAMES = {n: f"淮安合成{n:03d}科技有限公司" for n in range(1, 20)}


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


def values(home: Path, number: int) -> dict[str, Any]:
    with open_snapshot(home) as snapshot:
        return {name: known.value for name, known in snapshot.enterprise(code(number)).values.items()}


def rows(home: Path, number: int, collection: str) -> list[dict[str, Any]]:
    with open_snapshot(home) as snapshot:
        return [dict(row) for row in snapshot.enterprise(code(number)).collections[collection].rows]


def reviews(home: Path) -> list[ReviewItem]:
    with open_snapshot(home) as snapshot:
        return snapshot.reviews()


def refused(report: ImportReport) -> dict[str, tuple[str, str]]:
    """The reason and the text of everything that could not be used, by cell."""
    return {str(r.at.cell): (r.code.removeprefix("profiles."), r.hint or "") for r in report.rejects if r.at}


def register(folder: Path, *numbers: int) -> Path:
    return write_register(folder, [firm(n) for n in numbers])


def raw_csv(path: Path, lines: list[str], encoding: str) -> Path:
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
    return path


# 市监


def test_the_register_as_gb18030_with_quoted_commas_and_all_forms_of_dates(home, tmp_path):
    head = "统一社会信用代码,企业名称,登记状态,成立日期,注册资本,营业期限至,经营范围"
    scope = '"软件开发,硬件销售;""喆""牌设备,㬎示器"'
    capitals = ("500万人民币", "500.000000", "50万美元", "伍佰万")
    days = ("2016/3/1", "20160301", "2016年3月1日", "42430")
    lines = [
        f"{code(n)},淮安堃喆{n}科技有限公司,存续,{day},{capital},长期,{scope}"
        for n, (day, capital) in enumerate(zip(days, capitals, strict=True), 1)
    ]
    report = take_in(home, raw_csv(tmp_path / "企业登记信息_20260531.csv", [head, *lines], "gb18030"))
    assert [values(home, n)["founded_on"] for n in range(1, 5)] == [date(2016, 3, 1)] * 4
    assert [values(home, n).get("reg_capital") for n in range(1, 5)] == [500_000_000, 500_000_000, None, None]
    assert refused(report) == {"E4": ("cell.currency", "50万美元"), "E5": ("cell.number", "伍佰万")}
    assert report.notes == (), "long texts and terms are known columns that nobody needs"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_each_encoding_gives_the_same_rare_characters(home, tmp_path, encoding):
    lines = ["社会信用代码,单位名称,经营状态", f"{code(1)},淮安㬎喆堃䶮科技有限公司,在业"]
    take_in(home, raw_csv(tmp_path / "企业登记信息_20260531.csv", lines, encoding))
    assert values(home, 1)["name"] == "淮安㬎喆堃䶮科技有限公司"


# 税务


def tax_book(folder: Path, unit: str = "单位:万元") -> Path:
    title, note = "2025年度企业主要指标", "注：数据以申报为准"
    head = [
        [title, *[""] * 5],
        [unit, *[""] * 5],
        ["纳税人识别号", "纳税人名称", "营业收入", "", "净利润", ""],
        ["", "", "上年", "本年", "上年", "本年"],
    ]
    body: list[list[Any]] = [
        [code(1), NAMES[1], "1,234.50", 5000, "(12.30)", -3],
        [code(2), NAMES[2], "-", "—", "/", "无"],
        [code(3), NAMES[3], "１０", " 20 ", 0, "——"],
        [9.13208120000012e17, NAMES[4], 1, 2, 3, 4],
        ["合计", "", 9, 9, 9, 9],
        [note, *[""] * 5],
    ]
    merges = [(0, 0, 0, 5), (1, 0, 1, 5), (2, 0, 3, 0), (2, 1, 3, 1), (2, 2, 2, 3), (2, 4, 2, 5), (9, 0, 9, 5)]
    return write_book(folder / "税务_2025年度主要指标_20260531.xlsx", {"主要指标": [*head, *body]}, merges)


def test_tax_accounts_with_title_units_two_levels_totals_and_notes(home, tmp_path):
    report = take_in(home, register(tmp_path, 1, 2, 3, 4), tax_book(tmp_path))
    assert {
        "revenue_2024": 1_234_500_000,
        "revenue_2025": 5_000_000_000,
        "net_profit_2024": -12_300_000,
        "net_profit_2025": -3_000_000,
    }.items() <= values(home, 1).items()
    assert not [name for name in values(home, 2) if name.endswith(("_2024", "_2025"))], "dashes are not zero"
    third = values(home, 3)
    assert (third["revenue_2024"], third["revenue_2025"], third["net_profit_2024"]) == (10_000_000, 20_000_000, 0)
    assert "net_profit_2025" not in third
    assert report.lines[-1].ignored == 2, "the total and the note"


def test_a_code_in_scientific_notation_is_never_completed_from_the_name(home, tmp_path):
    report = take_in(home, register(tmp_path, 1, 2, 3, 4), tax_book(tmp_path))
    assert refused(report)["主要指标!A8"][0] == "uscc.scientific"
    assert "revenue_2025" not in values(home, 4)
    (item,) = reviews(home)
    assert [uscc for uscc, *_ in item.candidates] == [code(4)]


@pytest.mark.parametrize(
    ("unit", "fen"),
    [("单位：元", 100), ("单位:千元", 10**5), ("单位：人民币（万元）", 10**6), ("金额单位:亿元", 10**10)],
)
def test_the_unit_row_decides_what_a_number_is(home, tmp_path, unit, fen):
    take_in(home, register(tmp_path, 1), tax_book(tmp_path, unit))
    assert values(home, 1)["revenue_2025"] == 5000 * fen


def test_a_book_without_any_unit_is_refused_whole(home, tmp_path):
    with pytest.raises(InputError) as caught:
        take_in(home, register(tmp_path, 1), tax_book(tmp_path, "制表:某科"))
    assert caught.value.code == "profiles.header.no_unit"
    assert caught.value.at.cell == "主要指标!C4"


# 统计


def test_the_above_scale_list_as_an_old_workbook_with_a_sheet_a_branch_in_thousands(home, tmp_path):
    head = ["统一社会信用代码", "单位详细名称", "行业代码", "行业名称", "从业人员期末人数", "营业收入", "资产总计"]
    title = ["2025年四上企业名录", *[""] * 6]
    sheets: dict[str, list[list[str | float]]] = {
        "工业 ": [title, [*head], [code(1), NAMES[1], 610.0, "煤炭开采和洗选业", 120.0, 50_000.0, 80_000.5]],
        " 批零": [title, [*head], [code(2), NAMES[2], 5199.0, "批发业", "12人", "1,000", "—"]],
        "住 餐": [title, [*head], [code(3), NAMES[3], "141", "", 30.0, 0.0, ""]],
        "服务业": [title, [*head], ["", NAMES[4], 6513.0, "", 8.0, 700.0, 900.0]],
    }
    report = take_in(
        home, register(tmp_path, 1, 2, 3, 4), write_xls_book(tmp_path / "四上企业名录_20260331.xls", sheets)
    )
    assert [line.sheet for line in report.lines] == ["工业 ", " 批零", "住 餐", "服务业", ""]
    assert {"revenue_2025": 5_000_000_000, "total_assets_2025": 8_000_050_000, "staff_end_2025": 120}.items() <= values(
        home, 1
    ).items()
    assert values(home, 1)["industry_code"] == "0610", "the zero that the sheet lost, told by the name beside it"
    assert (values(home, 2)["revenue_2025"], values(home, 2)["staff_end_2025"]) == (100_000_000, 12)
    assert (values(home, 3)["revenue_2025"], values(home, 4)["revenue_2025"]) == (0, 70_000_000)
    assert refused(report) == {"住 餐!C3": ("cell.industry_zero", "141")}
    assert "industry_code" not in values(home, 3), "0141 or 141: the newer cell is not guessed, nor replaced"


def test_statistics_are_trusted_after_the_tax_bureau(home, tmp_path):
    head = ["统一社会信用代码", "单位详细名称", "营业收入"]
    book = {"工业": [["2025年"], [*head], [code(1), NAMES[1], 1.0], [code(5), NAMES[5], 7.0]]}
    take_in(home, register(tmp_path, 1, 5), tax_book(tmp_path), write_xls_book(tmp_path / "四上_20260601.xls", book))
    assert values(home, 1)["revenue_2025"] == 5_000_000_000
    assert values(home, 5)["revenue_2025"] == 700_000, "千元 where the file does not say"


# 人社


def test_the_refund_list_knows_firms_by_local_number_and_name_with_branches_as_rows(home, tmp_path):
    head = ["单位编号", "单位名称", "2025年失业保险实缴金额(元)", "2025年末参保人数", "拟返还金额(元)"]
    body: list[list[Any]] = [
        ["0801001", NAMES[1], "12,345.67", 30, 7407.4],
        ["0801002", f"{NAMES[2]}涟水分公司", 100, 3, 60],
        ["0801003", NAMES[3], 500, 5, 300],
        ["0801004", NAMES[3], 700, 7, 420],
        ["0801005", f"{NAMES[2]}", 900, 9, 540],
    ]
    book = write_book(tmp_path / "稳岗返还名单_20260531.xlsx", {"名单": [head, *body]})
    report = take_in(home, register(tmp_path, 1, 2, 3), book)
    assert (values(home, 1)["unemployment_premium_paid_2025"], values(home, 1)["insured_end_2025"]) == (1_234_567, 30)
    assert values(home, 2)["insured_end_2025"] == 9, "the branch is not added to its firm"
    assert refused(report)["名单!B3"][0] == "identity.unknown_name"
    assert "insured_end_2025" not in values(home, 3), "two accounts of one firm: neither summed nor chosen"
    assert {item.target for item in reviews(home) if item.kind == "value"} == {
        "unemployment_premium_paid_2025",
        "insured_end_2025",
    }
    branch = next(item for item in reviews(home) if item.kind == "identity")
    assert code(2) in [uscc for uscc, *_ in branch.candidates]
    assert report.notes == ()


# 科技


def batch_list(folder: Path, above: str, *certificates: str) -> Path:
    body = [[n, NAMES[n], certificate] for n, certificate in enumerate(certificates, 1)]
    sheet = [[above, "", ""], ["序号", "企业名称", "证书编号"], *body]
    return write_book(folder / "高企名单(第一批)_20260131.xlsx", {"名单": sheet}, [(0, 0, 0, 2)])


def test_a_batch_of_high_tech_firms_by_name_and_certificate_takes_the_day_above_the_header(home, tmp_path):
    above = "江苏省2025年第一批高新技术企业名单（发证日期：2025年11月18日）"
    report = take_in(home, register(tmp_path, 1, 2), batch_list(tmp_path, above, "ＧＲ202532001234", "GR202432000001"))
    (honor,) = rows(home, 1, "honors")
    assert (honor["kind"], honor["certificate_no"], honor["issued_on"]) == (
        "high_tech_enterprise",
        "GR202532001234",
        date(2025, 11, 18),
    )
    assert honor["valid_to"] is None
    assert refused(report) == {"名单!C4": ("row.other_year", "GR202432000001")}
    assert rows(home, 2, "honors") == []


def test_a_certificate_alone_gives_the_year_and_a_day_is_never_made_of_it(home, tmp_path):
    with pytest.raises(InputError) as caught:
        take_in(home, register(tmp_path, 1), batch_list(tmp_path, "2025年高新技术企业名单", "GR202532001234"))
    assert caught.value.code == "profiles.header.unknown"
    assert "science-high-tech,缺少 发证日期" in caught.value.zh


def test_another_list_of_certificates_is_not_taken_for_high_tech_firms(home, tmp_path):
    path = batch_list(tmp_path, "质量体系认证(发证日期:2025年11月18日)", "GR202532001234")
    with pytest.raises(InputError) as caught:
        take_in(home, path.rename(tmp_path / "认证_20260131.xlsx"))
    assert caught.value.code == "profiles.header.unknown"


def test_technology_smes_by_their_number_of_eighteen_digits(home, tmp_path):
    head = ["序号", "企业名称", "入库登记编号", "入库日期"]
    sheet = [head, [1, NAMES[1], "202532081200000123", "2025/5/20"], [2, NAMES[2], 2.02532081200000e17, "2025-05-20"]]
    report = take_in(
        home, register(tmp_path, 1, 2), write_book(tmp_path / "科小_20260131.xlsx", {"科技型中小企业": sheet})
    )
    (honor,) = rows(home, 1, "honors")
    assert (honor["certificate_no"], honor["valid_to"]) == ("202532081200000123", date(2025, 12, 31))
    assert refused(report) == {"科技型中小企业!C3": ("cell.scientific", "******")}, "it could be a person's"
    assert rows(home, 2, "honors")[0]["certificate_no"] is None


# 工信、商务


def test_merged_districts_are_filled_down_and_names_are_found_in_every_spelling(home, tmp_path):
    known = ["淮安甲（清江浦）科技有限公司", "淮安㬎喆堃材料有限公司", "淮安Ａ１智造有限公司", "淮安新名装备有限公司"]
    entries = [firm(n, name) for n, name in enumerate(known, 1)]
    entries[3][2] = "淮安旧名装备有限公司"
    head = ["县区", "企业名称", "备案证号", "总投资(万元)", "设备发票金额(万元)"]
    written = ["淮安甲(清江浦)科技有限公司  ", "淮安㬎喆堃材料有限公司", "淮安A1智造有限公司", "淮安旧名装备有限公司"]
    body: list[list[Any]] = [
        ["清江浦区" if n == 0 else "", name, f"P{n}", 10, "２０"] for n, name in enumerate(written)
    ]
    book = write_book(tmp_path / "投资项目_20260531.xlsx", {"项目": [head, *body]}, [(1, 0, 4, 0)])
    report = take_in(home, write_register(tmp_path, entries), book)
    assert report.is_clean
    assert [rows(home, n, "projects")[0]["equipment_invoiced"] for n in range(1, 5)] == [20_000_000] * 4


def test_another_legal_form_a_private_use_character_and_a_slip_wait_for_a_person(home, tmp_path):
    entries = [firm(1, "淮安云璟装备有限公司"), firm(2, "淮安䶮泽材料有限公司"), firm(3, "淮安澄湛纺织有限公司")]
    written = ["淮安云璟装备有限责任公司", "淮安\ue863泽材料有限公司", "淮安澄堪纺织有限公司"]
    head = ["县区", "企业名称", "备案证号", "设备发票金额(万元)"]
    body = [["清江浦区", name, f"P{n}", 10] for n, name in enumerate(written)]
    report = take_in(
        home,
        write_register(tmp_path, entries),
        write_book(tmp_path / "投资项目_20260531.xlsx", {"项目": [head, *body]}),
    )
    assert {cell: reason for cell, (reason, _) in refused(report).items()} == {
        f"项目!B{row}": "identity.unknown_name" for row in (2, 3, 4)
    }
    shown = {item.name: item.candidates[0][0] for item in reviews(home)}
    assert shown == {name: code(n) for n, name in enumerate(written, 1)}
    assert {item.district for item in reviews(home)} == {"清江浦区"}, "what helps a person to choose"


# 信用


def test_credit_lists_with_duplicates_repairs_and_one_firm_under_two_names(home, tmp_path):
    entries = [firm(1, "淮安新名装备有限公司", 曾用名="淮安旧名装备有限公司"), firm(2)]
    one = [code(1), "淮安旧名装备有限公司", "1号", "环境保护", "一般", "2024-05-01", "2025-05-01", "已修复"]
    body = [
        one,
        [code(1), "淮安新名装备有限公司", *one[2:]],
        ["", "淮安旧名装备有限公司", "2号", "安全", "严重", "20250101", "", "未修复"],
    ]
    other = [code(1), "淮安新名装备有限公司", *one[2:]]
    report = take_in(
        home,
        write_register(tmp_path, entries),
        write_penalties(tmp_path, body),
        write_csv(tmp_path / "经营异常_20260531.csv", PENALTIES, [other]),
    )
    first, second = rows(home, 1, "penalties")
    assert (first["document_no"], first["repaired"], first["ended_on"]) == ("1号", True, date(2025, 5, 1))
    assert (second["kind"], second["grade"], second["repaired"]) == ("safety", "major", False)
    assert second["ended_on"] == date(9999, 12, 31), "still on the list"
    assert report.open_reviews == report.ties == 0
    assert rows(home, 2, "penalties") == []


# 重复、更名、转企、迁移


def test_one_name_under_two_codes_belongs_to_neither_by_name(home, tmp_path):
    head = ["县区", "企业名称", "备案证号", "设备发票金额(万元)"]
    book = write_book(
        tmp_path / "投资项目_20260531.xlsx", {"项目": [head, ["清江浦区", "淮安同名科技有限公司", "P1", 10]]}
    )
    report = take_in(
        home, write_register(tmp_path, [firm(1, "淮安同名科技有限公司"), firm(2, "淮安同名科技有限公司")]), book
    )
    assert refused(report)["项目!B2"][0] == "identity.shared_name"
    assert not rows(home, 1, "projects")
    assert not rows(home, 2, "projects")


def test_one_code_under_two_names_is_one_firm_with_its_present_name(home, tmp_path):
    entries = [firm(1, "淮安旧名装备有限公司"), firm(1, "淮安新名装备有限公司", 曾用名="淮安旧名装备有限公司")]
    take_in(home, write_register(tmp_path, entries))
    with open_snapshot(home) as snapshot:
        assert snapshot.count() == 1
        assert snapshot.enterprise(code(1)).name == "淮安新名装备有限公司"
        assert snapshot.former_names(code(1)) == ["淮安旧名装备有限公司"]


def test_an_individual_business_that_became_a_company_is_two_firms(home, tmp_path):
    shop = firm(1, "清江浦区合成五金店", 市场主体类型="个体工商户", 登记状态="注销")
    company = firm(2, "淮安合成五金有限公司", 曾用名="清江浦区合成五金店")
    penalty = [code(1), "清江浦区合成五金店", "1号", "质量", "一般", "2024-05-01", "", "否"]
    report = take_in(home, write_register(tmp_path, [shop, company]), write_penalties(tmp_path, [penalty]))
    assert (values(home, 1)["ent_type"], values(home, 1)["reg_status"]) == ("individual_business", "cancelled")
    assert (values(home, 2)["ent_type"], values(home, 2)["reg_status"]) == ("limited_company", "active")
    assert len(rows(home, 1, "penalties")) == 1, "the code decides"
    assert not rows(home, 2, "penalties"), "the old debts are not the new code's by name alone"
    assert report.open_reviews == 0


def test_a_firm_that_moved_in_is_where_the_newest_register_says(home, tmp_path):
    before = write_register(tmp_path, [firm(1, 所在区县="涟水县"), firm(2, 登记状态="存续")], "20260331")
    after = write_register(
        tmp_path, [firm(1, 登记状态="迁入"), firm(2, 登记状态="已迁出", 所在区县="宝应县")], "20260531"
    )
    report = take_in(home, before, after)
    assert (values(home, 1)["district_code"], values(home, 1)["reg_status"]) == ("320812", "active")
    assert values(home, 2)["reg_status"] == "moved_out"
    assert "district_code" not in values(home, 2), "a place outside the table is unknown, not the old one"
    assert refused(report) == {"H3": ("cell.region", "宝应县")}


# 导入要求


def test_every_name_of_a_header_gives_the_same_list(home, tmp_path):
    for part, names in enumerate(
        [("统一社会信用代码", "企业名称"), ("社会信用代码", "单位名称"), ("信用代码", "市场主体名称")], 1
    ):
        write_csv(tmp_path / f"登记{part}_20260531.csv", [*names, "登记状态"], [[code(part), NAMES[part], "存续"]])
    take_in(home, *sorted(tmp_path.glob("登记*.csv")))
    assert [values(home, n)["name"] for n in (1, 2, 3)] == [NAMES[1], NAMES[2], NAMES[3]]


def test_bad_rows_are_set_aside_with_reason_cell_and_raw_text_and_counted_in_chinese(home, tmp_path):
    rows_ = [
        firm(1),
        firm(2, 成立日期="２０１５年２月３０日"),
        [broken(3), *firm(3)[1:]],
        ["合计", *[""] * (len(REGISTER) - 1)],
    ]
    report = take_in(home, write_register(tmp_path, rows_))
    assert refused(report) == {
        "F3": ("cell.date", "２０１５年２月３０日"),
        "A4": ("uscc.check", f"{broken(3)} {NAMES[3]}"),
    }
    assert "共 4 行 = 采用 2 + 合并 0 + 隔离 1 + 忽略 1" in report.text()
    assert take_in(home, write_register(tmp_path, rows_)).unchanged


def test_a_similar_name_is_never_accepted_for_money(home, tmp_path):
    head = ["统一社会信用代码", "单位名称", "拨付编号", "奖补事项", "金额(元)", "拨付日期"]
    paid = ["", "淮安合成001科技有限责任公司", "B1", "稳岗返还", "100", "2025-05-01"]
    report = take_in(home, register(tmp_path, 1), write_csv(tmp_path / "历年奖补_20260531.csv", head, [paid]))
    assert refused(report)["B2"][0] == "identity.unknown_name"
    assert rows(home, 1, "subsidy_history") == []
