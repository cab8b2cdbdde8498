"""Firms about which everything is known and in order: the demo firm, the all-rounders, and the stock for boundary cases."""

from __future__ import annotations

from datetime import date
from random import Random

from .codes import new_uscc
from .model import DEMO_NAME, Accounts, City, Firm, Insurance
from .records import CATEGORIES, GREEN, award_green, enter_sme, hire, recognise, set_project
from .trades import trade_of

__all__ = ["RECORDS", "all_rounders", "demo_firm", "exemplary"]

_WAN = 10_000
RECORDS = (
    "high_tech", "tech_sme", "institutes", "prizes", "standards", "green", "projects", "hires", "exports", "discredit", "barred",
    "paid",
)  # fmt: skip
_MAKERS = ("3484", "3491", "3443", "3670", "3831", "3872", "3963", "3982", "4011", "3525")


def exemplary(firm: Firm, *, staff: int = 110, revenue: int = 80_000_000, sci_staff: int | None = None) -> Firm:
    """Make everything about the firm known and comfortable, and keep accidental dirt away from it.

    Score as technology-based SME: staff 20, R&D 50, intellectual property 30. Money in 元.
    """
    firm.guarded, firm.innovative, firm.status = True, True, "active"
    firm.former, firm.founded = [], min(firm.founded, date(2021, 3, 16))
    firm.staff = (staff, staff)
    firm.sci_staff = -(-staff * 35 // 100) if sci_staff is None else sci_staff
    firm.accounts = {
        2024: Accounts(revenue * 9 // 10, revenue, revenue * 8 // 10, revenue * 9 // 10 * 6 // 100, revenue // 20),
        2025: Accounts(revenue, revenue * 11 // 10, revenue * 9 // 10, revenue * 7 // 100, revenue // 15 // 100 * 100),
    }
    firm.insurance = Insurance((staff * 720, staff * 748), (staff, staff), (staff, staff), 0, 57)
    firm.ip = (2, 6, 1, 2, 0, 0)
    firm.disabled = {2024: (staff, staff * 2 // 100 + 1), 2025: (staff, staff * 2 // 100 + 1)}
    for records in RECORDS:
        getattr(firm, records).clear()
    firm.energy = [(field, True, on) for field, _, on in firm.energy]
    return firm


def demo_firm(city: City) -> Firm:
    """Add the firm that the demo follows: equipment, technology-based SME, job expansion and green factory all fit it."""
    random = city.random("demo")
    firm = Firm(
        uscc=new_uscc(random, kind="91", office="320812"), name=DEMO_NAME, kind="有限责任公司(自然人投资或控股)", status="active",
        founded=date(2019, 4, 18), district="清江浦区", trade=trade_of("3491"), capital=3000 * _WAN,
    )  # fmt: skip
    exemplary(firm, staff=126, revenue=12_680 * _WAN, sci_staff=41)
    firm.founded = date(2019, 4, 18)
    firm.accounts = {
        2024: Accounts(10_950 * _WAN, 13_200 * _WAN, 9_986 * _WAN, 678 * _WAN, 771 * _WAN),
        2025: Accounts(12_680 * _WAN, 14_860 * _WAN, 11_520 * _WAN, 862 * _WAN, 928 * _WAN),
    }
    firm.staff = (118, 126)
    firm.insurance = Insurance((83_544, 92_736), (115, 124), (113, 120), 1, 80)
    firm.ip = (6, 14, 2, 9, 0, 0)
    firm.disabled = {2024: (114, 1), 2025: (121, 2)}
    title = "工业机器人关节柔性装配线设备更新项目"
    set_project(
        city, firm, 1860 * _WAN, completed=date(2026, 3, 20), software=96 * _WAN, title=title, total=2380 * _WAN
    )
    for day in (date(2026, 1, 12), date(2026, 2, 2), date(2026, 2, 9)):
        hire(city, random, firm, category=CATEGORIES[0], contract=day, months=4, kinds="失业、工伤、养老")
    award_green(firm, GREEN[0], "市级", date(2026, 2, 10))
    city.firms.append(firm)
    return firm


def all_rounders(city: City, pool: list[Firm]) -> list[Firm]:
    """Turn some makers into firms that fit several policies at once."""
    random = city.random("all-rounders")
    makers = [f for f in reversed(pool) if f.trade.code in _MAKERS][: city.share(42)]
    for position, firm in enumerate(makers):
        pool.remove(firm)
        exemplary(firm, staff=random.randint(60, 320), revenue=random.randint(2_600, 17_500) * _WAN)
        _programme(city, random, firm, position)
    return makers


def _programme(city: City, random: Random, firm: Firm, position: int) -> None:
    done = random.choice((date(2025, 9, 12), date(2025, 12, 8), date(2026, 1, 20), date(2026, 4, 8)))
    set_project(
        city, firm, random.randint(560, 4200) * _WAN, completed=done, software=random.choice((0, 60, 120)) * _WAN
    )
    for _ in range(random.randint(1, 6)):
        contract = date(2026, random.randint(1, 2), random.randint(3, 26))
        hire(city, random, firm, category=random.choice(CATEGORIES[:3]), contract=contract, months=5 - contract.month)
    award_green(firm, GREEN[0], ("市级", "省级", "国家级")[position % 3], date(2026, 1, 5 + position % 25))
    if position % 3 == 0:
        recognise(city, firm, date(2025, 11, 18 + position % 10), "首次" if position % 2 else "重新")
    if position % 2 == 0:
        enter_sme(city, firm, date(2026, 4, 10 + position % 15))
