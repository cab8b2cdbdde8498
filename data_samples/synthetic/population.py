"""Draws the firms of the invented city: who they are, how large, and what they earn, spend and employ."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from .codes import new_uscc
from .model import AS_OF, Accounts, City, Firm, Insurance
from .naming import Names
from .trades import draw_trade, trade_of

__all__ = ["DISTRICTS", "accounts_of", "day_between", "insure", "populate", "rd_near"]

# weight, registration offices seen in codes (old offices stay in old codes), word used in names
DISTRICTS = {
    "清江浦区": (24, ("320812", "320802", "320811", "320800"), "淮安"),
    "淮安区": (15, ("320803",), "淮安"),
    "淮阴区": (14, ("320804", "320821"), "淮阴"),
    "洪泽区": (9, ("320813", "320829"), "洪泽"),
    "涟水县": (11, ("320826",), "涟水"),
    "盱眙县": (10, ("320830",), "盱眙"),
    "金湖县": (8, ("320831",), "金湖"),
    "淮安经济技术开发区": (9, ("320891", "320800"), "淮安"),
}
_KINDS = {
    "有限责任公司(自然人投资或控股)": 52, "有限责任公司(自然人独资)": 22, "有限责任公司(法人独资)": 9,
    "有限责任公司": 7, "股份有限公司(非上市、自然人投资或控股)": 3, "股份有限公司(上市)": 0.4,
    "有限责任公司(外商投资、非独资)": 2, "有限责任公司(外国法人独资)": 1.2, "有限责任公司(港澳台法人独资)": 1.2,
    "有限责任公司(国有独资)": 1,
}  # fmt: skip
_OTHERS = (  # registration type, first two characters of the code, count in 3,000, name ending, industry
    ("个人独资企业", "91", 14, "加工厂", "3484"),
    ("普通合伙企业", "91", 5, "事务所（普通合伙）", "7249"),
    ("有限合伙企业", "91", 6, "企业管理合伙企业（有限合伙）", "7249"),
    ("全民所有制", "91", 3, "粮食储备库", "5990"),
    ("集体所有制", "91", 4, "机械厂", "3484"),
    ("农民专业合作社", "93", 20, "种植专业合作社", "0141"),
    ("个体工商户", "92", 60, "五金经营部", "5174"),
    ("民办非企业单位", "52", 6, "职业培训学校", "8391"),
    ("农村集体经济组织", "N2", 6, "股份经济合作社", "0111"),
)
_GONE = {
    "cancelled": 120, "revoked": 40, "moved_out": 42, "suspended": 15, "liquidating": 8, "annulled": 3, "struck_off": 4,
    "revoked_cancelled": 10,
}  # fmt: skip


def populate(city: City, names: Names) -> None:
    """Fill the city with companies, other subjects and branches, then take some out of business."""
    random = city.random("population")
    others = [row for row in _OTHERS for _ in range(city.share(row[2]))]
    branches = city.share(60)
    for _ in range(max(1, city.size - len(others) - branches)):
        city.firms.append(_company(random, names))
    for kind, prefix, _, ending, industry in others:
        city.firms.append(_other(random, names, kind, prefix, ending, industry))
    companies = [f for f in city.firms if f.company and f.former == []]
    for parent in random.sample(companies, min(branches, len(companies))):
        city.firms.append(_branch(random, parent))
    for firm in city.firms:
        if firm.company:
            _furnish(random, firm)
    _retire(city, random)


def day_between(random: Random, first: date, last: date) -> date:
    """Draw a day, both ends included."""
    return first + timedelta(days=random.randint(0, (last - first).days))


def _company(random: Random, names: Names) -> Firm:
    trade = draw_trade(random)
    district, office = _place(random)
    place = random.choices(("淮安", "淮安市", "江苏", DISTRICTS[district][2]), (50, 14, 22, 14))[0]
    kind = random.choices(list(_KINDS), list(_KINDS.values()))[0]
    suffix = "股份有限公司" if kind.startswith("股份") else random.choices(("有限公司", "有限责任公司"), (94, 6))[0]
    founded = _founding_day(random)
    return Firm(
        uscc=new_uscc(random, kind="91", office=office, digits_only=founded.year < 2015),
        name=names.company(trade, place, suffix=suffix),
        kind=kind,
        status="active",
        founded=founded,
        district=district,
        trade=trade,
        capital=random.choice((50, 100, 200, 300, 500, 500, 600, 800, 1000, 1000, 2000, 3000, 5000, 10000)) * 10_000,
        innovative=random.random() * 100 < trade.innovative,
    )


def _place(random: Random) -> tuple[str, str]:
    district = random.choices(list(DISTRICTS), [d[0] for d in DISTRICTS.values()])[0]
    return district, random.choices(DISTRICTS[district][1], (70, 12, 10, 8)[: len(DISTRICTS[district][1])])[0]


def _founding_day(random: Random) -> date:
    age = min(27.5, random.expovariate(1 / 7.5))
    return AS_OF - timedelta(days=45 + int(age * 365))


def _other(random: Random, names: Names, kind: str, prefix: str, ending: str, industry: str) -> Firm:
    district, office = _place(random)
    place = district if prefix == "92" else DISTRICTS[district][2]
    firm = Firm(
        uscc=new_uscc(random, kind=prefix, office=office),
        name=f"{place}{names.word()}{ending}",
        kind=kind,
        status="active",
        founded=day_between(random, date(2015, 10, 1), date(2025, 3, 31)),
        district=district,
        trade=trade_of(industry),
        capital=random.choice((5, 10, 20, 50, 100)) * 10_000,
    )
    firm.staff = (random.randint(1, 18), random.randint(1, 18))
    if random.random() < 0.4:
        insure(random, firm, cover=1.0)
    return firm


def _branch(random: Random, parent: Firm) -> Firm:
    district, office = _place(random)
    branch = Firm(
        uscc=new_uscc(random, kind="91", office=office),
        name=f"{parent.name}{district.removesuffix('经济技术开发区')}分公司",
        kind="有限责任公司分公司",
        status="active",
        founded=max(parent.founded, day_between(random, date(2015, 10, 1), date(2026, 3, 31))),
        district=district,
        trade=parent.trade,
        capital=0,
    )
    if branch.founded.year <= 2024 and random.random() < 0.5:
        branch.staff = (random.randint(2, 30), random.randint(2, 30))
        insure(random, branch, cover=0.9)
    return branch


def _furnish(random: Random, firm: Firm) -> None:
    staff_before = max(1, min(6000, int(firm.trade.staff * random.lognormvariate(-0.1, 1.05))))
    staff = max(1, int(staff_before * random.triangular(0.72, 1.35, 1.02)))
    firm.staff = (staff_before, staff)
    head = firm.trade.revenue_per_head * random.lognormvariate(0, 0.55)
    for year, people in ((2024, staff_before), (2025, staff)):
        if firm.founded.year <= year:
            firm.accounts[year] = accounts_of(random, firm, int(people * head * random.triangular(0.85, 1.18)))
    if firm.founded.year <= 2025:
        insure(random, firm, cover=random.triangular(0.6, 1.0, 0.92))
    if firm.innovative:
        firm.sci_staff = int(staff * random.triangular(0.02, 0.55, 0.15))
        firm.ip = _ip(random)
    elif random.random() < 0.1:
        firm.ip = (0, random.randint(0, 3), random.randint(0, 2), 0, 0, 0)


def accounts_of(random: Random, firm: Firm, revenue: int) -> Accounts:
    """Make a year of accounts around a revenue in 元; sums mostly fall on hundreds, as 万元 with two decimals show."""
    cost = int(revenue * random.triangular(0.82, 1.09, 0.95))
    return Accounts(
        revenue=revenue if random.random() < 0.02 else _hundreds(revenue),
        assets=_hundreds(int(revenue * random.lognormvariate(0.05, 0.5))),
        cost=_hundreds(cost),
        rd=_rd(random, firm, revenue),
        profit=_hundreds(int((revenue - cost) * 0.8)),
    )


def rd_near(revenue: int, permille: int) -> int:
    """R&D expense in 元 of exactly so many thousandths of a revenue that is a multiple of 1,000 元."""
    return revenue // 1000 * permille


def insure(random: Random, firm: Firm, *, cover: float) -> None:
    """Derive insurance from staff; ``cover`` is the share of the staff that is insured."""
    before, now = (max(1, round(s * cover)) for s in firm.staff)
    average = (max(1, round(before * random.uniform(0.96, 1.03))), max(1, (before + now) // 2))
    wage = random.randint(58_000, 96_000)
    firm.insurance = Insurance(
        premium=(average[0] * wage // 100, average[1] * (wage + 2400) // 100),
        end=(before if firm.founded.year < 2025 else 0, now),
        average=(average[0] if firm.founded.year < 2025 else 0, average[1]),
        drawers=min(average[1], max(0, round(average[1] * random.triangular(0, 0.09, 0.01)))),
        months=min(240, max(1, (2025 - firm.founded.year) * 12 + 12 - firm.founded.month)),
    )
    if random.random() < 0.05:
        firm.insurance.months = random.randint(3, 14)


def _rd(random: Random, firm: Firm, revenue: int) -> int | None:
    if firm.innovative:
        return _hundreds(int(revenue * random.triangular(0.004, 0.11, 0.036)))
    return 0 if random.random() < 0.8 else None


def _ip(random: Random) -> tuple[int, int, int, int, int, int]:
    inventions = random.choices((0, 1, 2, 4, 9, 23), (50, 18, 14, 10, 6, 2))[0]
    return (
        inventions,
        random.choice((0, 0, 1, 2, 3, 4, 6, 11)),
        random.choice((0, 0, 0, 1, 2)),
        random.choice((0, 0, 1, 2, 5)),
        0 if random.random() < 0.99 else 1,
        0 if random.random() < 0.985 else random.randint(1, 3),
    )


def _hundreds(yuan: int) -> int:
    return yuan // 100 * 100


def _retire(city: City, random: Random) -> None:
    companies = [f for f in city.firms if f.company]
    random.shuffle(companies)
    for status, count in _GONE.items():
        for _ in range(city.share(count) if companies else 0):
            if len(companies) > city.size // 2:
                _close(random, companies.pop(), status)


def _close(random: Random, firm: Firm, status: str) -> None:
    firm.status = status
    if status in ("cancelled", "revoked_cancelled") and random.random() < 0.7:
        firm.accounts, firm.insurance, firm.sci_staff = {}, None, None
