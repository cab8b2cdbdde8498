"""Department files of a large invented population: five CSVs with 42 fact columns, seeded, with a small share of dirt.

Everything is made column by column, so that a million firms take seconds. No code, name or amount belongs to anyone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["DIRT", "FACTS", "Population", "usccs", "write_files"]

DIRT = 0.005  # of the rows of a file have a dirty cell; a tenth as many are ragged, name-only or written twice
FACTS = 42
_STRANGERS = 5  # names and codes a file that no firm has: each is compared with every firm, by a person in the end
_SLICE = 100_000  # rows that are written at once
_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", np.uint8)
_VALUE = np.zeros(256, np.int64)
_VALUE[_ALPHABET] = np.arange(31)
_BASE_36 = np.zeros(256, np.int64)
_BASE_36[np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)] = np.arange(36)
_CHECKS = np.frombuffer(b"0123456789X0", np.uint8)
_SYLLABLES = (
    "安邦博辰成达德东方丰福富冠光广国海恒宏华汇佳嘉建金景久凯康科朗力联龙美明宁鹏启庆荣瑞润森盛舜泰腾天通同万维祥新兴"
)
_TRADES = ("科技", "机械制造", "设计咨询", "新材料", "商贸", "电子", "食品", "会计服务", "建筑工程", "农业发展")
_DISTRICTS = ("清江浦区", "淮阴区", "淮安区", "洪泽区", "涟水县", "盱眙县", "金湖县")
_INDUSTRIES = ("C3491", "3963", "F5199", "7510", "C1492", "0111", "5299")
_DIRTY = {
    "money": ("约300", "(12.50)", "3-5", "不详", '"1,234.50"', "500万", "12.3.4", "1.2E+8"),
    "count": ("约3", "12人", "3-5", "不详", "1.5", "十二"),
    "date": ("2016年3月", "2016.3.1", "不详", "2016-13-01"),
    "word": ("不详", "其它"),
}

Texts = pa.StringArray
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Population:
    """The firms of all files: code and name."""

    codes: Texts
    names: Texts
    random: np.random.Generator


def write_files(folder: Path, firms: int, *, encoding: str = "gb18030", seed: int = 20260531) -> list[Path]:
    """Write the files; the same seed and number give the same rows in any encoding."""
    random = np.random.default_rng(seed)
    people = Population(usccs(firms), _names(firms), random)
    makers = (_register, _tax(2025), _tax(2023), _insurance, _rights)
    return [_write(folder, people, encoding, *maker(people)) for maker in makers]


def usccs(count: int) -> Texts:
    """Distinct codes, valid in both check characters."""
    serial = (np.arange(count, dtype=np.int64) * 7_919 + 12_345) % 31**6
    codes = np.empty((count, 18), np.uint8)
    codes[:, :10] = np.frombuffer(b"91320812MA", np.uint8)
    for place in range(6):
        codes[:, 15 - place] = _ALPHABET[serial // 31**place % 31]
    total = _BASE_36[codes[:, 8:16]] @ np.array([3, 7, 9, 10, 5, 8, 4, 2])
    codes[:, 16] = _CHECKS[11 - total % 11]
    codes[:, 17] = _ALPHABET[-(_VALUE[codes[:, :17]] @ np.array([3**i % 31 for i in range(17)])) % 31]
    return pa.array(codes.view("S18").ravel().astype("U18"))


def _names(count: int) -> Texts:
    serial, size = np.arange(count), len(_SYLLABLES)
    parts = [_pick(tuple(_SYLLABLES), serial // size**place % size) for place in range(3)]
    return _join(
        _constant("淮安", count), *parts, _pick(_TRADES, serial // size**3 + serial % 7), _constant("有限公司", count)
    )


def _register(people: Population) -> tuple[str, list[Sequence[str]], Mapping[str, tuple[Texts, str]]]:
    count, random = len(people.codes), people.random
    types = ("有限责任公司(自然人投资或控股)", "股份有限公司(非上市)", "个人独资企业", "有限责任公司(自然人独资)")
    columns = {
        "统一社会信用代码": (people.codes, ""),
        "企业名称": (people.names, ""),
        "曾用名": (pc.if_else(_some(random, count, 0.02), _join(_constant("原", count), people.names), ""), ""),
        "市场主体类型": (_any_of(random, types, count), "word"),
        "登记状态": (_any_of(random, ("存续", "存续", "在业", "注销"), count), "word"),
        "成立日期": (_days(random, count), "date"),
        "注册资本": (_join(_integers(random, count, 5000), _constant("万人民币", count)), "money"),
        "所在区县": (_any_of(random, _DISTRICTS, count), "word"),
        "行业代码": (_any_of(random, _INDUSTRIES, count), "word"),
        "住所": (
            _join(_any_of(random, _DISTRICTS, count), _constant("合成路", count), _integers(random, count, 900)),
            "",
        ),
    }
    return "市监_企业登记信息_20260531.csv", [list(columns)], columns


def _tax(year: int) -> object:
    subjects = ("营业收入", "资产总计", "成本费用总额", "研发费用", "净利润")

    def made(people: Population) -> tuple[str, list[Sequence[str]], Mapping[str, tuple[Texts, str]]]:
        count, random = len(people.codes), people.random
        columns = {"code": (people.codes, ""), "name": (people.names, "")}
        columns |= {f"{s}{when}": (_amounts(random, count), "money") for s in subjects for when in ("本年", "上年")}
        above = [part for subject in subjects for part in (subject, "")]
        below = ["本年", "上年"] * len(subjects)
        head = [[f"{year}年度企业主要指标"], ["单位:万元"], ["纳税人识别号", "纳税人名称", *above], ["", "", *below]]
        return f"税务_{year}年度主要指标_20260531.csv", head, columns

    return made


def _insurance(people: Population) -> tuple[str, list[Sequence[str]], Mapping[str, tuple[Texts, str]]]:
    count, random = len(people.codes), people.random
    columns = {
        "单位名称": (people.names, ""),
        "统一社会信用代码": (people.codes, ""),
        "企业划型": (_any_of(random, ("大", "中", "小", "微"), count), "word"),
    }
    for year in (2024, 2025):
        columns[f"{year}年失业保险实缴金额(元)"] = (_amounts(random, count), "money")
        for subject in ("年末参保人数", "年月均参保人数"):
            columns[f"{year}{subject}"] = (_integers(random, count, 400), "count")
    columns["2025年新增领金人数"] = (_integers(random, count, 20), "count")
    columns["足额缴费月数"] = (_integers(random, count, 240), "count")
    return "人社_失业保险参保缴费情况_20260531.csv", [list(columns)], columns


def _rights(people: Population) -> tuple[str, list[Sequence[str]], Mapping[str, tuple[Texts, str]]]:
    count, random = len(people.codes), people.random
    columns = {"统一社会信用代码": (people.codes, ""), "权利人": (people.names, "")}
    for kind in ("发明专利", "实用新型", "外观设计", "软件著作权", "植物新品种", "集成电路布图设计"):
        columns[kind] = (_integers(random, count, 30), "count")
    return "知识产权_授权统计_20260531.csv", [list(columns)], columns


def _write(
    folder: Path,
    people: Population,
    encoding: str,
    name: str,
    head: Sequence[Sequence[str]],
    columns: Mapping[str, tuple[Texts, str]],
) -> Path:
    random, count = people.random, len(people.codes)
    cells = _dirty_cells(random, columns)
    if "登记" not in name:  # the register itself has a code for every firm
        cells = _identities(random, cells, list(columns))
    lines = _join(*cells, separator=",")
    lines = pc.if_else(_some(random, count, DIRT / 10), _join(lines, _constant(",多出", count)), lines)
    again = random.integers(0, count, max(1, int(count * DIRT / 10)))
    order = np.concatenate([random.permutation(count), again])
    path = folder / name
    with path.open("w", encoding=encoding, newline="") as file:
        file.write("".join(",".join(row) + "\r\n" for row in head))
        for start in range(0, len(order), _SLICE):
            file.write("\r\n".join(lines.take(pa.array(order[start : start + _SLICE])).to_pylist()) + "\r\n")
        file.write(f"合计{',' * (len(columns) - 1)}\r\n")
    return path


def _dirty_cells(random: np.random.Generator, columns: Mapping[str, tuple[Texts, str]]) -> list[Texts]:
    kinds = [kind for _, kind in columns.values() if kind]
    share = DIRT / len(kinds)
    return [
        pc.if_else(_some(random, len(texts), share), _any_of(random, _DIRTY[kind], len(texts)), texts)
        if kind
        else texts
        for texts, kind in columns.values()
    ]


def _identities(random: np.random.Generator, cells: Sequence[Texts], names: Sequence[str]) -> list[Texts]:
    """Rows under a name alone, and a few whose code or name no firm has."""
    code, name = (next(i for i, header in enumerate(names) if header in group) for group in (_CODES, _NAMES))
    changed, count = list(cells), len(cells[0])
    changed[code] = pc.if_else(_some(random, count, DIRT), "", changed[code])
    strange = _rows(random.integers(0, count, _STRANGERS), count)
    broken = _rows(random.integers(0, count, _STRANGERS), count)
    changed[code] = pc.if_else(strange, "", changed[code])
    changed[name] = pc.if_else(strange, _join(changed[name], _constant("淮北", count)), changed[name])
    changed[code] = pc.if_else(broken, pc.utf8_replace_slice(changed[code], 17, 18, "0"), changed[code])
    return changed


_CODES = ("code", "统一社会信用代码")
_NAMES = ("name", "单位名称", "权利人")


def _some(random: np.random.Generator, count: int, share: float) -> pa.BooleanArray:
    return pa.array(random.random(count) < share)


def _rows(places: Rows, count: int) -> pa.BooleanArray:
    mask = np.zeros(count, bool)
    mask[places] = True
    return pa.array(mask)


def _constant(text: str, count: int) -> Texts:
    return pa.repeat(text, count)


def _pick(words: Sequence[str], places: Rows) -> Texts:
    return pa.array(words).take(pa.array(places % len(words)))


def _any_of(random: np.random.Generator, words: Sequence[str], count: int) -> Texts:
    return _pick(words, random.integers(0, len(words), count))


def _join(*parts: Texts, separator: str = "") -> Texts:
    return pc.binary_join_element_wise(*parts, separator)


def _integers(random: np.random.Generator, count: int, top: int) -> Texts:
    return pa.array(random.integers(0, top, count)).cast(pa.string())


def _amounts(random: np.random.Generator, count: int) -> Texts:
    """Amounts with two decimals, more small ones than large."""
    cents = (10 ** random.uniform(2, 8, count)).astype(np.int64)
    whole, rest = pa.array(cents // 100).cast(pa.string()), pa.array(cents % 100).cast(pa.string())
    return _join(whole, pc.utf8_lpad(rest, 2, "0"), separator=".")


def _days(random: np.random.Generator, count: int) -> Texts:
    return pa.array(random.integers(5_000, 20_000, count).astype("datetime64[D]")).cast(pa.string())
