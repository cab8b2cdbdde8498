"""The sample department files: same seed same bytes, valid invented codes, the promised names, headers and encodings."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

SAMPLES = Path(__file__).parents[2] / "data_samples"
FILES = SAMPLES / "files"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

CSV_FILES = {
    "市监_企业登记信息_20260531.csv": (
        "gb18030",
        "统一社会信用代码,企业名称,曾用名,市场主体类型,登记状态,成立日期,注册资本,住所,所在区县,行业代码,经营范围",
    ),
    "信用_处罚与失信名单_20260531.csv": (
        "utf-8-sig",
        "统一社会信用代码,主体名称,文书号,失信类别,等级,认定日期,移出日期,是否修复",
    ),
    "财政_取消申报资格名单_20260531.csv": ("utf-8", "文书号,统一社会信用代码,单位名称,取消资格至,原因"),
    "工信_高耗能能效核查_20260531.csv": (
        "utf-8",
        "统一社会信用代码,企业名称,重点领域,是否达到能效基准水平,核查日期",
    ),
    "知识产权_授权统计_20260531.csv": (
        "utf-8",
        "统一社会信用代码,权利人,发明专利,实用新型,外观设计,软件著作权,植物新品种,集成电路布图设计",
    ),
    "残联_按比例就业年审_20260531.csv": (
        "gb18030",
        "统一社会信用代码,单位名称,年度,年平均在职职工数,年平均残疾职工数",
    ),
    "市监_主导标准_20260531.csv": ("utf-8", "统一社会信用代码,企业名称,标准号,标准级别,发布日期"),
}
SHEETS = {  # file, sheet, row of the header: header
    ("人社_失业保险参保缴费情况_20260531.xlsx", "参保缴费", 0): "单位编号 单位名称 企业划型 2024年失业保险实缴金额(元) "
    "2025年失业保险实缴金额(元) 2024年末参保人数 2025年末参保人数 2024年月均参保人数 2025年月均参保人数 "
    "2025年新增领金人数 足额缴费月数 2024年期末从业人数 2025年期末从业人数",
    (
        "科技_资质与人员名单_20260531.xlsx",
        "高新技术企业",
        1,
    ): "序号 企业名称 证书编号 认定类型 发证日期 有效期至",
    ("科技_资质与人员名单_20260531.xlsx", "科技型中小企业", 1): "序号 企业名称 入库登记编号 入库日期",
    ("科技_资质与人员名单_20260531.xlsx", "省级研发机构", 1): "序号 企业名称 机构名称 认定日期",
    ("科技_资质与人员名单_20260531.xlsx", "科技奖励", 1): "序号 单位名称 奖励级别 排名 获奖日期",
    ("科技_资质与人员名单_20260531.xlsx", "科技人员", 0): "序号 企业名称 2025年科技人员数",
    ("财政_历年奖补_20260531.xlsx", "历年奖补", 0): "拨付编号 统一社会信用代码 单位名称 奖补事项 项目编号 级别 "
    "金额(元) 拨付日期",
    ("工信_投资项目_20260531.xlsx", "投资项目", 2): "县区 企业名称 统一社会信用代码 备案证号 项目名称 项目类别 "
    "竣工日期 总投资(万元) 设备发票金额(不含税,万元) 软件投资(万元)",
    (
        "工信_绿色制造名单_20260531.xlsx",
        "绿色制造名单",
        1,
    ): "序号 县区 企业名称 统一社会信用代码 名单类别 级别 认定日期",
    ("人社_新招用人员_20260531.xlsx", "新招用人员", 1): "序号 单位名称 统一社会信用代码 证件号码 人员类别 "
    "合同起始日期 参保险种 参保月数",
    (
        "商务_出口信保_20260531.xlsx",
        "出口信保",
        0,
    ): "统一社会信用代码 企业名称 保单号 市场类别 已缴保费(元) 缴费日期",
}
TAX = "税务_2025年度主要指标_20260531.xlsx"


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))


def generate(folder: Path, *arguments: str) -> Path:
    script = [sys.executable, str(SAMPLES / "generate.py"), "--out", str(folder / "files"), *arguments]
    subprocess.run(script, check=True, capture_output=True)
    return folder


def read_csv(file: str) -> list[dict[str, str]]:
    encoding = CSV_FILES[file][0]
    with (FILES / file).open(encoding=encoding, newline="") as stream:
        return list(csv.DictReader(stream))


def read_sheets(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def is_valid(code: str) -> bool:
    """GB 32100-2015 and GB 11714, written apart from the generator's own."""
    if len(code) != 18 or any(c not in ALPHABET for c in code):
        return False
    organisation = sum(int(c, 36) * w for c, w in zip(code[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    whole = sum(ALPHABET.index(c) * 3**i for i, c in enumerate(code[:17]))
    return (organisation + "0123456789X".index(code[16])) % 11 == 0 and (whole + ALPHABET.index(code[17])) % 31 == 0


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    once, again = (generate(tmp_path / run, "--firms", "60", "--seed", "7") for run in ("once", "again"))
    files = sorted(p.relative_to(once) for p in once.rglob("*.*"))
    assert len(files) == 16
    assert all((once / f).read_bytes() == (again / f).read_bytes() for f in files)


def test_another_seed_gives_other_firms(tmp_path: Path) -> None:
    codes = [
        json.loads((generate(tmp_path / seed, "--firms", "60", "--seed", seed) / "truth.json").read_text("utf-8"))
        for seed in ("7", "8")
    ]
    assert codes[0]["demo_uscc"] != codes[1]["demo_uscc"]


def test_the_committed_files_are_what_the_generator_makes(tmp_path: Path) -> None:
    made = generate(tmp_path) / "files"
    assert (tmp_path / "truth.json").read_bytes() == (SAMPLES / "truth.json").read_bytes()
    for path in sorted(FILES.iterdir()):
        same = (
            read_sheets(path) == read_sheets(made / path.name)  # other zlib builds pack the same cells differently
            if path.suffix == ".xlsx"
            else path.read_bytes() == (made / path.name).read_bytes()
        )
        assert same, path.name


def test_there_are_fifteen_files_of_less_than_six_megabytes() -> None:
    expected = {*CSV_FILES, TAX, *(file for file, _, _ in SHEETS)}
    assert {p.name for p in FILES.iterdir()} == expected
    assert len(expected) == 15
    assert sum(p.stat().st_size for p in FILES.iterdir()) < 6_000_000


@pytest.mark.parametrize("file", CSV_FILES)
def test_a_csv_file_has_its_encoding_and_header(file: str) -> None:
    encoding, header = CSV_FILES[file]
    raw = (FILES / file).read_bytes()
    assert raw.decode(encoding).splitlines()[0] == header
    assert raw.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    assert (b"\r\n" in raw) == (encoding == "gb18030")


def test_the_register_needs_gb18030_and_quotes() -> None:
    raw = (FILES / "市监_企业登记信息_20260531.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("gbk")
    assert all(
        "," in row["经营范围"] and "合成数据" in row["经营范围"] for row in read_csv("市监_企业登记信息_20260531.csv")
    )


@pytest.mark.parametrize(
    ("place", "header"), SHEETS.items(), ids=lambda v: "-".join(map(str, v)) if v in SHEETS else ""
)
def test_a_sheet_has_its_header_and_says_that_it_is_synthetic(place: tuple[str, str, int], header: str) -> None:
    file, sheet, line = place
    rows = read_sheets(FILES / file)[sheet]
    assert rows[line] == header.split(" ")
    assert rows[-1][0].startswith("注：本表为合成数据")


def test_the_tax_file_has_a_title_a_unit_two_header_lines_and_a_total() -> None:
    rows = read_sheets(FILES / TAX)["主要指标"]
    assert "2025年度" in rows[0][0]
    assert rows[1][0] == "单位:万元"
    assert rows[2][::2][1:] == ["营业收入", "资产总计", "成本费用总额", "研发费用", "净利润"]
    assert rows[3][2:] == ["上年", "本年"] * 5
    assert rows[-2][0] == "合计"


def test_registered_codes_are_valid_but_for_the_planted_ones(truth: dict[str, Any]) -> None:
    file = "市监_企业登记信息_20260531.csv"
    broken = {row["统一社会信用代码"] for row in read_csv(file) if not is_valid(row["统一社会信用代码"])}
    assert broken == {row["written"] for row in truth["noise"]["bad_uscc"] if row["file"] == file}
    assert broken


def test_no_identity_number_can_be_anybodys() -> None:
    rows = read_sheets(FILES / "人社_新招用人员_20260531.xlsx")["新招用人员"][2:-1]
    assert all(row[3].startswith("000000") for row in rows)


def test_every_planted_row_is_where_the_truth_says(truth: dict[str, Any]) -> None:
    sheets = {p.name: read_sheets(p) for p in FILES.glob("*.xlsx")}
    for found in (f for rows in truth["noise"].values() for f in rows if "sheet" in f and "written" in f):
        cells = sheets[found["file"]][found["sheet"]][found["row"] - 1]
        written = found["written"] if isinstance(found["written"], list) else [found["written"]]
        assert all(w in cells for w in written), found


def test_typos_are_nobodys_name(truth: dict[str, Any]) -> None:
    names = {row["企业名称"].strip() for row in read_csv("市监_企业登记信息_20260531.csv")}
    typos = truth["noise"]["name_typo"]
    assert len(typos) > 10
    assert not names & {row["written"] for row in typos}


def test_the_demo_firm_is_in_every_file_it_needs(truth: dict[str, Any]) -> None:
    name, code = truth["demo_name"], truth["demo_uscc"]
    assert is_valid(code)
    for file in ("市监_企业登记信息", "知识产权_授权统计", "残联_按比例就业年审"):
        assert any(code in row.values() for row in read_csv(f"{file}_20260531.csv")), file
    for file in FILES.glob("*.xlsx"):
        listed = any(name in row for rows in read_sheets(file).values() for row in rows)
        assert listed == (not file.name.startswith(("财政", "商务"))), file.name
    assert truth["expected"][code]["projects"][0][3] == 18_600_000
