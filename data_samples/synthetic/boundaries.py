"""Firms that sit exactly on a line of a policy, and one step to either side of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from random import Random

from .exemplars import exemplary
from .model import City, Firm, Insurance
from .population import rd_near
from .records import CATEGORIES, award_green, export, hire, pay, penalise, recognise, set_project

__all__ = ["draw_lines"]

_WAN = 10_000
_YI = 10_000 * _WAN
_THREE = "失业、工伤、养老"
Case = tuple[str, Callable[[Firm], object]]


def draw_lines(city: City, pool: list[Firm]) -> None:
    """Take a firm from the pool for every boundary case and set it up, while firms last."""
    random = city.random("boundaries")
    for case, arrange in _cases(city, random):
        if len(pool) <= city.size // 3:
            return
        firm = exemplary(pool.pop())
        arrange(firm)
        city.truth.boundaries.append({"case": case, "uscc": firm.uscc, "name": firm.name})


def _cases(city: City, random: Random) -> Iterator[Case]:
    yield from _small_firm()
    yield from _score()
    yield from _projects(city)
    yield from _insurance()
    yield from _registration(city)
    yield from _people(city, random)
    yield from _money(city)


def _small_firm() -> Iterator[Case]:
    for staff in (499, 500, 501):
        yield f"staff_end_2025 = {staff}人", partial(exemplary, staff=staff, revenue=15_000 * _WAN)
    for fact in ("revenue", "assets"):
        for extra in (-100, 0, 100):
            yield f"{fact}_2025 = 2亿元{extra:+d}元", partial(_at_limit, fact=fact, yuan=2 * _YI + extra)
    for staff, name in ((1000, "large"), (999, "medium by staff"), (299, "small by staff"), (19, "micro by staff")):
        yield f"size: {name}", partial(exemplary, staff=staff, revenue=5 * _YI)


def _score() -> Iterator[Case]:
    for percent in (6, 5, 4, 3, 2):
        for step in (0, -100):
            rd = rd_near(80_000_000, percent * 10) + step
            yield f"rd_expense/revenue 2025 = {percent}%{step:+d}元", partial(_books, rd=rd)
    for percent in (30, 25, 20, 15, 10):
        for step in (0, -1):
            scientists = 200 * percent // 100 + step
            case = f"sci_tech_staff/staff_end 2025 = {percent}%{step:+d}人"
            yield case, partial(exemplary, staff=200, sci_staff=scientists)
    yield "tech SME score = 60 (12+30+18)", partial(_scored, sci=40, rd=40, ip=(0, 2, 1, 0, 0, 0))
    yield "tech SME score = 56 (8+30+18)", partial(_scored, sci=30, rd=40, ip=(0, 2, 1, 0, 0, 0))
    yield "tech SME score = 80 with staff score 0", partial(_scored, sci=19, rd=60, ip=(1, 0, 0, 0, 0, 0))
    yield "tech SME score = 60 by IC layout alone (20+10+30)", partial(_scored, sci=60, rd=20, ip=(0, 0, 0, 0, 0, 1))
    yield "R&D by cost 30%, by sales 2%", partial(_books, rd=1_600_000, cost=5_333_300)


def _books(firm: Firm, **changes: int) -> None:
    for name, value in changes.items():
        setattr(firm.accounts[2025], name, value)


def _at_limit(firm: Firm, fact: str, yuan: int) -> None:
    exemplary(firm, revenue=150_000_000)
    _books(firm, **{fact: yuan})
    if fact == "revenue":
        _books(firm, assets=180_000_000, cost=yuan * 9 // 10, rd=yuan * 7 // 100 // 100 * 100)


def _scored(firm: Firm, *, sci: int, rd: int, ip: tuple[int, int, int, int, int, int]) -> None:
    """Staff of 200 with so many scientists; R&D in thousandths of revenue."""
    exemplary(firm, staff=200, sci_staff=sci)
    firm.accounts[2025].rd = rd_near(80_000_000, rd)
    firm.ip = ip


def _projects(city: City) -> Iterator[Case]:
    for yuan in (4_999_900, 5_000_000, 5_000_100, 25_000_000, 25_000_100, 10_000_000, 20_000_000):
        yield f"equipment_invoiced = {yuan}元", partial(set_project, city, equipment=yuan)
    for day in _around(date(2024, 8, 31), date(2025, 1, 1), date(2026, 1, 1)):
        yield f"project completed {day}", partial(set_project, city, equipment=8_000_000, completed=day)
    for kind, total in (("智能化改造", 999), ("智能化改造", 1000), ("产业基础再造", 1999), ("产业基础再造", 2000)):
        case = f"{kind} total_invest = {total}万元"
        yield case, partial(set_project, city, equipment=6_000_000, kind=kind, total=total * _WAN)
    yield "project not yet completed", partial(set_project, city, equipment=8_000_000, completed=None)


def _around(*days: date) -> Iterator[date]:
    for day in days:
        yield from (day - timedelta(days=1), day, day + timedelta(days=1))


def _insurance() -> Iterator[Case]:
    # insured at the end of 2024 and 2025, new drawers, months; layoff rate by either formula
    table = {
        "layoff 5.5% exactly (200 -> 189)": (200, 189, 11, 60), "layoff above 5.5% (200 -> 188)": (200, 188, 12, 60),
        "insured 30, layoff 20% exactly": (30, 24, 6, 60), "insured 30, layoff above 20%": (30, 23, 7, 60),
        "insured 31, layoff above 5.5%": (31, 29, 2, 60), "drawers decide: 5.5% of average": (200, 150, 11, 60),
        "months paid 12": (80, 82, 0, 12), "months paid 11": (80, 82, 0, 11), "insured grew": (80, 96, 2, 60),
    }  # fmt: skip
    for case, (before, now, drawers, months) in table.items():
        yield case, partial(_insured, before=before, now=now, drawers=drawers, months=months)


def _insured(firm: Firm, *, before: int, now: int, drawers: int, months: int) -> None:
    average = 200 if before == 200 else max(1, (before + now) // 2)
    firm.staff = (before + 4, now + 4)
    firm.sci_staff = (now + 4) // 3
    firm.insurance = Insurance((before * 720, average * 748), (before, now), (before, average), drawers, months)


def _registration(city: City) -> Iterator[Case]:
    for day in _around(date(2025, 6, 30)):
        yield f"founded {day}", partial(_found, day=day)
    for day in _around(date(2023, 6, 30), date(2023, 8, 31)):
        yield f"serious discredit {day}", partial(penalise, city, kind="严重失信", grade="重大", on=day)
    yield (
        "repaired discredit",
        partial(
            penalise, city, kind="严重失信", grade="较大", on=date(2025, 2, 3), ended=date(2025, 9, 1), repaired=True
        ),
    )
    yield "minor safety case only", partial(penalise, city, kind="安全生产", grade="一般", on=date(2025, 8, 3))
    for day in _around(date(2026, 6, 30)):
        yield f"barred until {day}", partial(_bar, city, until=day)
    for day in _around(date(2023, 6, 30)):
        yield f"high-tech certificate issued {day}", partial(recognise, city, on=day, how="首次")


def _found(firm: Firm, day: date) -> None:
    firm.founded = day
    firm.accounts.pop(2024, None)
    firm.staff = (0, firm.staff[1])
    firm.disabled.pop(2024, None)
    firm.insurance = Insurance((0, 46_000), (0, 110), (0, 61), 0, 6)


def _bar(city: City, firm: Firm, until: date) -> None:
    firm.barred.append((city.document("淮合成财", 2025), until, "骗取财政资金"))


def _people(city: City, random: Random) -> Iterator[Case]:
    add = partial(hire, city, random)
    for months in (1, 2, 3):
        yield f"hire insured {months} months", partial(add, contract=date(2026, 1, 8), months=months, kinds=_THREE)
    for day in (date(2025, 12, 31), date(2026, 1, 1)):
        yield f"hire with contract {day}", partial(add, contract=day, months=4, kinds=_THREE)
    yield "hire without unemployment insurance", partial(add, contract=date(2026, 1, 8), months=4, kinds="工伤、养老")
    yield "hire of no category", partial(add, category=CATEGORIES[3], contract=date(2026, 1, 8), months=4, kinds=_THREE)
    for staff, disabled in ((200, 3), (201, 3), (199, 3), (400, 6), (1000, 15), (66, 1), (67, 1)):
        yield f"disabled {disabled} of {staff}", partial(_employ, staff=staff, disabled=disabled)


def _employ(firm: Firm, staff: int, disabled: int) -> None:
    firm.disabled[2025] = (staff, disabled)


def _money(city: City) -> Iterator[Case]:
    # 30% of traditional and 40% of emerging premiums: exactly 200万元, a little less, more
    pairs = ((4_000_000, 2_000_000), (3_999_900, 2_000_000), (5_000_000, 3_000_000), (9_600_000, 0), (0, 6_450_000))
    for old, new in pairs:
        yield f"premiums {old}元 traditional + {new}元 emerging", partial(_premiums, city, old=old, new=new)
    yield "green: city paid 2024, national 2026", partial(_climb, city, paid="市级", now="国家级")
    yield "green: city paid 2024, provincial 2026", partial(_climb, city, paid="市级", now="省级")
    yield "green: national paid 2024, city 2026", partial(_climb, city, paid="国家级", now="市级")
    yield "equipment project already paid", partial(_already_paid, city)


def _premiums(city: City, firm: Firm, old: int, new: int) -> None:
    for market, premium, day in (("传统市场", old, date(2025, 5, 16)), ("新兴市场", new, date(2025, 9, 16))):
        if premium:
            export(city, firm, market, premium, day)


def _climb(city: City, firm: Firm, paid: str, now: str) -> None:
    award_green(firm, "绿色工厂", paid, date(2024, 3, 6))
    award_green(firm, "绿色工厂", now, date(2026, 3, 6))
    pay(city, firm, "绿色工厂奖励", 600_000 if paid == "国家级" else 300_000, date(2024, 9, 12), level=paid)


def _already_paid(city: City, firm: Firm) -> None:
    made = set_project(city, firm, 9_000_000, completed=date(2025, 3, 3))
    pay(city, firm, "技术改造设备投资补助", 720_000, date(2025, 12, 10), key=made.number)
