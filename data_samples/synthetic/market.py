"""Files of the market regulation bureau: the register of firms, and the standards firms have led."""

from __future__ import annotations

from pathlib import Path
from random import Random

from .codes import break_check
from .dirt import Scribe, csv_day, full_width
from .model import City, Firm
from .sheets import Row, Table, write_csv

__all__ = ["write_register", "write_standards"]

_REGISTER = (
    "统一社会信用代码", "企业名称", "曾用名", "市场主体类型", "登记状态", "成立日期", "注册资本", "住所", "所在区县", "行业代码",
    "经营范围",
)  # fmt: skip
_STATUS = {
    "active": (("存续（在营、开业、在册）", 50), ("存续", 22), ("在业", 16), ("开业", 6), ("在营", 4), ("正常", 2)),
    "cancelled": (("注销", 6), ("已注销", 4)),
    "revoked": (("吊销", 1), ("吊销，未注销", 1)),
    "revoked_cancelled": (("吊销，已注销", 1),),
    "moved_out": (("迁出", 1),),
    "suspended": (("歇业", 3), ("停业", 1)),
    "liquidating": (("清算", 3), ("破产清算", 1)),
    "annulled": (("撤销", 1),),
    "struck_off": (("除名", 1), ("责令关闭", 1)),
}
_OLD_DISTRICTS = {
    "清江浦区": ("清浦区", "清河区"), "洪泽区": ("洪泽县",), "淮安区": ("楚州区",), "淮阴区": ("淮阴县",),
    "淮安经济技术开发区": ("淮安经开区", "经济技术开发区"),
}  # fmt: skip
_ROADS = ("合成大道", "样本路", "虚构街", "示例东路", "假设北路", "测试工业园经一路")


def write_register(city: City, folder: Path) -> None:
    """Write the register: every subject once, some twice, a few under a broken code."""
    random = city.random("register")
    rows = [_registration(city, random, firm) for firm in city.firms]
    rows += _doubles(city, random)
    _break_codes(city, random, rows)
    random.shuffle(rows)
    table = Table("register", _REGISTER, rows)
    write_csv(city, folder / "市监_企业登记信息_20260531.csv", table, encoding="gb18030", newline="\r\n")


def write_standards(city: City, folder: Path) -> None:
    """Write the list of standards led; bodies' own standards have a level that no policy knows."""
    random = city.random("standards")
    leaders = [(f, s) for f in city.firms for s in f.standards]
    scribe = Scribe(city, "standards", [f for f, _ in leaders], bad_codes=2)
    rows = []
    for firm, made in leaders:
        row = Row(["", "", made.number, made.level, csv_day(random, made.on)])
        if made.level == "团体标准":
            row.mark("standard_level_unknown", uscc=firm.uscc, written=made.level)
        rows.append(scribe.sign(row, firm, name=1, code=0))
    headers = ("统一社会信用代码", "企业名称", "标准号", "标准级别", "发布日期")
    write_csv(city, folder / "市监_主导标准_20260531.csv", Table("standards", headers, rows), encoding="utf-8")


def _registration(city: City, random: Random, firm: Firm) -> Row:
    row = Row([firm.uscc, firm.name, random.choice((";", "、")).join(firm.former), firm.kind])
    if firm.guarded:
        row.cells += ["存续（在营、开业、在册）", firm.founded.isoformat(), f"{firm.capital // 10_000}万人民币"]
        row.cells += [
            _address(random, firm),
            firm.district,
            f"C{firm.trade.code}" if firm.trade.manufacturing else firm.trade.code,
        ]
    else:
        words, weights = zip(*_STATUS[firm.status], strict=True)
        row.cells += [random.choices(words, weights)[0], _founded(city, random, row, firm), _capital(random, row, firm)]
        row.cells += [_address(random, firm), _district(random, row, firm), _industry(random, row, firm)]
        if random.random() < 0.01:
            row.cells[1] = f"{firm.name} "
        if "（" in firm.name and random.random() < 0.3:
            row.cells[1] = firm.name.replace("（", "(").replace("）", ")")
    row.cells.append(f"一般项目：{firm.trade.scope}(除依法须经批准的项目外,凭营业执照依法自主开展经营活动)(合成数据)")
    return row


def _founded(city: City, random: Random, row: Row, firm: Firm) -> str:
    dice = random.random()
    if dice < 0.0015:
        row.mark("founded_missing", uscc=firm.uscc)
        return ""
    if dice < 0.0025:
        row.mark("founded_impossible", uscc=firm.uscc, written="2015/2/30")
        return "2015/2/30"
    del city
    return csv_day(random, firm.founded)


def _capital(random: Random, row: Row, firm: Firm) -> str:
    if not firm.capital:
        return ""
    wan = firm.capital // 10_000
    if ("外" in firm.kind or "港澳台" in firm.kind) and random.random() < 0.6:
        written = f"{max(10, wan // 7)}万美元"
        row.mark("capital_foreign_currency", uscc=firm.uscc, written=written)
        return written
    return random.choices(
        (f"{wan}万人民币", f"{wan}万元人民币", f"{wan}.000000", f"{wan:,}万元", full_width(f"{wan}万元"), ""),
        (42, 20, 26, 8, 2, 2),
    )[0]


def _address(random: Random, firm: Firm) -> str:
    return f"江苏省淮安市{firm.district}{random.choice(_ROADS)}{random.randint(1, 398)}号"


def _district(random: Random, row: Row, firm: Firm) -> str:
    if firm.status == "moved_out":
        return random.choice(("宿城区", "盐都区", "宝应县"))
    if firm.district in _OLD_DISTRICTS and random.random() < 0.06:
        written = random.choice(_OLD_DISTRICTS[firm.district])
        row.mark("old_district", uscc=firm.uscc, written=written, district=firm.district)
        return written
    if random.random() < 0.004:
        row.mark("district_missing", uscc=firm.uscc)
        return ""
    return f"{firm.district}　" if random.random() < 0.01 else firm.district


def _industry(random: Random, row: Row, firm: Firm) -> str:
    code = firm.trade.code
    if code.startswith("0"):
        written = random.choice((code, code.lstrip("0"), f"A{code}"))
        if not written.endswith(code):
            row.mark("industry_zero_lost", uscc=firm.uscc, written=written, code=code)
        return written
    form = random.choices(range(5), (44, 44, 7, 2, 3))[0]
    return (f"{firm.trade.section}{code}", code, f"{firm.trade.section}{code[:2]}", full_width(code), "")[form]


def _doubles(city: City, random: Random) -> list[Row]:
    plain = [f for f in city.firms if f.active and f.company and not f.guarded]
    rows = []
    for firm in random.sample(plain, min(city.share(8), len(plain))):
        row = _registration(city, random, firm)
        row.marks = [("duplicate_registration", {"uscc": firm.uscc})]
        rows.append(row)
    for firm in random.sample([f for f in plain if f.former], min(city.share(3), sum(bool(f.former) for f in plain))):
        row = _registration(city, random, firm)
        row.cells[1], row.cells[2] = firm.former[0], ""
        row.marks = [("one_code_two_names", {"uscc": firm.uscc, "name": firm.name, "written": firm.former[0]})]
        rows.append(row)
    return rows


def _break_codes(city: City, random: Random, rows: list[Row]) -> None:
    used = [str(r.cells[0]) for r in rows]
    kept = {f.uscc for f in city.firms if f.guarded or f.entangled}
    once = [r for r in rows if used.count(str(r.cells[0])) == 1 and r.cells[0] not in kept and not r.cells[2]]
    for row in random.sample(once, min(city.share(4), len(once))):
        good = str(row.cells[0])
        row.cells[0] = break_check(random, good)
        row.mark("bad_uscc", written=row.cells[0], uscc=good, name=str(row.cells[1]).strip())
