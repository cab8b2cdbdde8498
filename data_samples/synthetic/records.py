"""Makes single records about a firm: certificates, projects, hires, policies, penalties and payments, with invented numbers."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from .model import Award, City, Discredit, ExportPolicy, Firm, Hire, Payment, Project

__all__ = [
    "CATEGORIES", "GREEN", "PROJECT_KINDS", "after_years", "award_green", "enter_sme", "export", "hire", "pay", "penalise",
    "project", "recognise", "set_project", "standard",
]  # fmt: skip

CATEGORIES = ("毕业年度高校毕业生", "离校两年内未就业高校毕业生", "16-24岁登记失业青年", "其他")
PROJECT_KINDS = ("设备更新改造", "智能化改造", "产业基础再造", "新建项目")
GREEN = ("绿色工厂", "绿色设计产品")
_PROJECT_TITLES = (
    "自动化生产线技术改造项目",
    "数字化车间改造项目",
    "关键设备更新项目",
    "年产线智能化升级项目",
    "扩能改造项目",
)
_INSURED = (
    "失业、工伤、养老",
    "失业、工伤、养老、医疗、生育",
    "失业,工伤,养老",
    "失业，工伤，养老",
    "养老、失业、工伤、医疗",
)


def after_years(day: date, years: int) -> date:
    """Return the last day of a certificate issued on ``day`` for so many years."""
    shifted = day.replace(year=day.year + years, day=min(day.day, 28))
    return shifted + timedelta(days=day.day - shifted.day - 1)


def recognise(city: City, firm: Firm, on: date, how: str) -> None:
    """Give a high-tech certificate (three years); ``how`` is 首次 or 重新."""
    number = f"GR{on.year}320{city.next_number(f'GR{on.year}'):05d}"
    firm.high_tech.append(Award("高新技术企业", how, on, after_years(on, 3), number))


def enter_sme(city: City, firm: Firm, on: date) -> None:
    """Enter the firm in the list of technology-based SMEs of that year."""
    serial = city.next_number(f"sme{on.year}")
    firm.tech_sme.append(Award("科技型中小企业", "", on, None, f"{on.year}3208000A{serial:06d}"))


def standard(city: City, firm: Firm, level: str, on: date) -> None:
    """Let the firm have led a standard; the numbers lie in a range that no body uses."""
    serial = 90_000 + city.next_number("standard")
    stem = {"国际标准": "ISO", "国家标准": "GB/T", "行业标准": "JB/T"}.get(level, "T/HCXX")
    firm.standards.append(Award("标准", level, on, None, f"{stem} {serial}-{on.year}"))


def award_green(firm: Firm, kind: str, level: str, on: date) -> None:
    """List the firm as a green factory or for a green product."""
    firm.green.append(Award(kind, level, on))


def project(city: City, random: Random, firm: Firm, equipment: int) -> Project:
    """Add a project around an equipment sum in 元; the kind and the day are drawn."""
    done = date(2024, 1, 1) + timedelta(days=random.randint(0, 870))
    software = random.choice((0, 0, equipment // 20, equipment // 12)) // 100 * 100
    return set_project(
        city,
        firm,
        equipment,
        kind=random.choices(PROJECT_KINDS, (52, 26, 8, 14))[0],
        completed=done if random.random() < 0.88 else None,
        software=software,
        title=random.choice(_PROJECT_TITLES),
        total=int((equipment + software) * random.uniform(1.02, 1.5)) // 10_000 * 10_000,
    )


def set_project(
    city: City, firm: Firm, equipment: int, *, kind: str = "设备更新改造", completed: date | None = date(2025, 11, 20),
    software: int = 0, title: str = "关键设备更新项目", total: int | None = None,
) -> Project:  # fmt: skip
    """Add a project with everything given; money in 元."""
    year = min(completed.year if completed else 2026, 2025)
    made = Project(
        number=city.document("淮合成备", year),
        title=title,
        kind=kind,
        completed=completed,
        total=total if total is not None else (equipment + software) * 12 // 10,
        equipment=equipment,
        software=software,
    )
    firm.projects.append(made)
    return made


def hire(
    city: City,
    random: Random,
    firm: Firm,
    *,
    category: str = CATEGORIES[0],
    contract: date,
    months: int,
    kinds: str = "",
) -> Hire:
    """Add a hired person. The number begins with 000000, which is no place, so it cannot be anybody's."""
    born = date(1998, 1, 1) + timedelta(days=random.randint(0, 3200))
    serial = city.next_number("person")
    person = f"000000{born:%Y%m%d}{serial % 10_000:04d}"
    made = Hire(person, category, contract, kinds or random.choices(_INSURED, (70, 12, 8, 4, 6))[0], months)
    firm.hires.append(made)
    return made


def export(city: City, firm: Firm, market: str, premium: int, paid: date) -> None:
    """Add a policy of export credit insurance with a premium in 元."""
    firm.exports.append(ExportPolicy(f"HCXB{paid.year}{city.next_number('export'):06d}", market, premium, paid))


def penalise(
    city: City, firm: Firm, kind: str, grade: str, on: date, *, ended: date | None = None, repaired: bool = False
) -> None:
    """Add a penalty or an entry in a discredit list."""
    number = city.document("淮合成信", on.year)
    firm.discredit.append(Discredit(number, kind, grade, on, ended, repaired))


def pay(city: City, firm: Firm, item: str, amount: int, paid: date, *, level: str = "市级", key: str = "") -> None:
    """Add an earlier payment of so many 元."""
    firm.paid.append(Payment(f"HC{paid.year}-{city.next_number('payment'):06d}", item, key, level, amount, paid))
