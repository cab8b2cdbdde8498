"""Gives the ordinary firms of the city their records: about as many certificates, projects, hires and penalties as a city has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random

from .model import AS_OF, Award, City, Firm
from .population import day_between
from .records import (
    CATEGORIES,
    GREEN,
    award_green,
    enter_sme,
    export,
    hire,
    pay,
    penalise,
    project,
    recognise,
    standard,
)

__all__ = ["bar", "live"]

_HIGH_TECH_DAYS = {
    2022: (date(2022, 10, 12), date(2022, 12, 12)),
    2023: (date(2023, 11, 6), date(2023, 12, 13)),
    2024: (date(2024, 11, 6), date(2024, 12, 24)),
    2025: (date(2025, 11, 18), date(2025, 12, 19)),
    2026: (date(2026, 3, 5), date(2026, 4, 24)),
}
_PENALTIES = ("安全生产", "产品质量", "环境保护", "严重失信", "骗取财政资金", "经营异常名录", "拖欠工资", "科研失信")
_OTHER_ITEMS = (("市长质量奖奖励", 200_000), ("展位费补贴", 12_000), ("规模以上工业企业首次入库奖励", 100_000))


def live(city: City) -> None:
    """Write the histories of all companies."""
    companies = [f for f in city.firms if f.company]
    active = [f for f in companies if f.active]
    chapters: tuple[tuple[str, Callable[[City, Random, Firm], None], list[Firm]], ...] = (
        ("science", _science, [f for f in companies if f.innovative]),
        ("projects", _projects, [f for f in active if f.trade.section in "CD"]),
        ("hires", _hires, active),
        ("exports", _exports, active),
        ("green", _green, [f for f in active if f.trade.manufacturing]),
        ("disabled", _disabled, [f for f in companies if f.staff[1] >= 8]),
        ("credit", _credit, city.firms),
        ("energy", _energy, [f for f in active if f.trade.energy_field]),
        ("paid", _payments, active),
    )
    for name, chapter, firms in chapters:
        random = city.random(name)
        for firm in firms:
            chapter(city, random, firm)


def _science(city: City, random: Random, firm: Firm) -> None:
    if firm.founded.year <= 2023 and random.random() < 0.34:
        _high_tech(city, random, firm)
    for year, chance in ((2024, 0.3), (2025, 0.36), (2026, 0.16)):
        if firm.founded.year < year and random.random() < chance:
            last = date(year, 12, 20) if year < 2026 else date(2026, 5, 20)
            enter_sme(city, firm, day_between(random, date(year, 3, 20), last))
    if random.random() < 0.025:
        day = day_between(random, date(2017, 1, 1), date(2025, 12, 31))
        firm.institutes.append(
            Award("省级研发机构", "省级", day, title=f"江苏省(合成){firm.trade.words[0]}工程技术研究中心")
        )
    if random.random() < 0.03:
        level = random.choices(("国家级", "省级", "市级"), (15, 45, 40))[0]
        day = day_between(random, date(2018, 1, 1), date(2025, 12, 31))
        firm.prizes.append(Award("科技奖励", level, day, number=str(random.randint(1, 6))))
    if random.random() < 0.05:
        level = random.choices(("国际标准", "国家标准", "行业标准", "团体标准"), (3, 42, 42, 13))[0]
        standard(city, firm, level, day_between(random, date(2017, 6, 1), date(2026, 4, 30)))


def _high_tech(city: City, random: Random, firm: Firm) -> None:
    years = [y for y in _HIGH_TECH_DAYS if y > firm.founded.year]
    year = random.choices(years, [18, 22, 24, 30, 6][-len(years) :])[0]
    if year >= 2025 and firm.founded.year <= year - 4 and random.random() < 0.6:
        recognise(city, firm, day_between(random, *_HIGH_TECH_DAYS[2022]), "首次")
        recognise(city, firm, day_between(random, *_HIGH_TECH_DAYS[year]), "重新")
    else:
        recognise(city, firm, day_between(random, *_HIGH_TECH_DAYS[year]), random.choices(("首次", "重新"), (7, 3))[0])


def _projects(city: City, random: Random, firm: Firm) -> None:
    if firm.staff[1] < 15 or random.random() > 0.28:
        return
    for _ in range(random.choices((1, 2, 3), (82, 15, 3))[0]):
        wan = max(300, min(6000, int(300 + random.expovariate(1 / 700))))
        project(city, random, firm, wan * 10_000 + random.choice((0, 0, 0, random.randint(1, 9999) // 100 * 100)))


def _hires(city: City, random: Random, firm: Firm) -> None:
    if random.random() > 0.055 + min(0.4, firm.staff[1] / 500):
        return
    for _ in range(min(12, 1 + int(random.expovariate(0.55)))):
        first = date(2025, 1, 2) if random.random() < 0.35 else date(2026, 1, 2)
        last = date(2025, 12, 28) if first.year == 2025 else date(2026, 5, 11)
        contract = day_between(random, first, last)
        open_months = (AS_OF.year - contract.year) * 12 + AS_OF.month - contract.month
        category = random.choices(CATEGORIES, (50, 20, 15, 15))[0]
        months = min(open_months, 12) if random.random() < 0.85 else random.randint(0, min(3, open_months))
        hire(city, random, firm, category=category, contract=contract, months=months)


def _exports(city: City, random: Random, firm: Firm) -> None:
    if random.random() * 100 > firm.trade.exporting * 0.42:
        return
    for _ in range(random.randint(1, 5)):
        premium = min(3_500_000, int(4_000 * random.lognormvariate(2.1, 1.2)))
        market = random.choices(("传统市场", "新兴市场"), (6, 4))[0]
        export(city, firm, market, premium, day_between(random, date(2024, 9, 1), date(2026, 4, 30)))


def _green(city: City, random: Random, firm: Firm) -> None:
    if firm.staff[1] >= 20 and random.random() < 0.075:
        _green_career(city, random, firm)
    elif random.random() < 0.018:
        for year in random.sample((2023, 2024, 2025, 2026), random.randint(1, 3)):
            level = random.choice(("省级", "国家级"))
            award_green(firm, GREEN[1], level, day_between(random, date(year, 2, 1), date(year, 5, 20)))


def _green_career(city: City, random: Random, firm: Firm) -> None:
    ladder = random.choice((("市级",), ("市级",), ("市级", "省级"), ("市级", "国家级"), ("省级",), ("国家级",)))
    year = 2026 - len(ladder) + 1 - random.choice((0, 0, 1, 2))
    for step, level in enumerate(ladder):
        day = day_between(random, date(year + step, 1, 8), date(year + step, 5, 22))
        award_green(firm, GREEN[0], level, day)
        if year + step < 2026 and random.random() < 0.8:
            amount = {"市级": 300_000, "省级": 400_000, "国家级": 600_000}[level] - (300_000 if step else 0)
            pay(city, firm, "绿色工厂奖励", amount, day.replace(month=9), level=level)


def _disabled(city: City, random: Random, firm: Firm) -> None:
    del city
    if random.random() > 0.36:
        return
    for year, staff in ((2024, firm.staff[0]), (2025, firm.staff[1])):
        if year == 2025 or random.random() < 0.6:
            firm.disabled[year] = (
                max(1, staff),
                min(staff, int(staff * random.triangular(0, 0.035, 0.012) + random.random() * 0.6)),
            )


def _credit(city: City, random: Random, firm: Firm) -> None:
    if random.random() > 0.021:
        return
    kind = random.choice(_PENALTIES)
    on = day_between(random, date(2021, 6, 1), date(2026, 5, 12))
    repaired = random.random() < 0.3
    ended = day_between(random, on, AS_OF) if repaired or random.random() < 0.25 else None
    penalise(
        city, firm, kind, random.choices(("一般", "较大", "重大"), (5, 3, 2))[0], on, ended=ended, repaired=repaired
    )


def _energy(city: City, random: Random, firm: Firm) -> None:
    del city
    field = firm.trade.energy_field
    if field and random.random() < 0.92:
        firm.energy.append((field, random.random() < 0.84, day_between(random, date(2025, 8, 1), date(2026, 4, 30))))


def _payments(city: City, random: Random, firm: Firm) -> None:
    if firm.insurance and random.random() < 0.1:
        for year in (2024, 2025):
            day = day_between(random, date(year, 8, 1), date(year, 11, 30))
            pay(city, firm, "稳岗返还", int(firm.insurance.premium[0] * 0.6), day)
    for award in firm.high_tech:
        if award.on.year <= 2024 and random.random() < 0.5:
            day = award.on.replace(year=award.on.year + 1, month=7)
            pay(
                city, firm, "高新技术企业认定奖励", 300_000 if award.level == "首次" else 100_000, day, key=award.number
            )
    _programme_payments(city, random, firm)
    if random.random() < 0.02:
        item, amount = random.choice(_OTHER_ITEMS)
        day = day_between(random, date(2023, 3, 1), date(2026, 4, 30))
        pay(city, firm, item, amount, day, level=random.choice(("市级", "县区级")))


def _programme_payments(city: City, random: Random, firm: Firm) -> None:
    """Pay last year's claims, so that some of today's would be a second time."""
    for made in firm.projects:
        if made.completed and made.completed.year == 2024 and made.equipment >= 5_000_000 and random.random() < 0.35:
            amount = min(2_000_000, made.equipment * 8 // 100)
            pay(city, firm, "技术改造设备投资补助", amount, date(2025, 11, random.randint(3, 28)), key=made.number)
    hired = sum(h.contract.year == 2025 and h.months >= 3 and h.category != CATEGORIES[3] for h in firm.hires)
    if hired and random.random() < 0.7:
        pay(city, firm, "一次性扩岗补助", hired * 1500, date(2025, 12, random.randint(1, 26)))
    if firm.exports and random.random() < 0.3:
        amount = sum(e.premium for e in firm.exports) // 4
        pay(city, firm, "出口信用保险保费补贴", min(2_000_000, amount), date(2025, 6, random.randint(2, 27)))
    if firm.district == "清江浦区" and firm.tech_sme and random.random() < 0.3:
        pay(city, firm, "科技型中小企业补助", 20_000, date(2025, 10, random.randint(9, 30)), level="县区级")
    if 2024 in firm.disabled and firm.disabled[2024][1] * 1000 > firm.disabled[2024][0] * 15 and random.random() < 0.3:
        pay(city, firm, "超比例安排残疾人就业奖励", 12_000, date(2025, 9, random.randint(1, 29)))


def bar(city: City, active: list[Firm]) -> None:
    """Bar some firms from applying, for a time that is over or not."""
    random = city.random("barred")
    for firm in random.sample(active, min(city.share(5), len(active))):
        until = random.choice((date(2025, 12, 31), date(2026, 12, 31), date(2027, 6, 30), date(2028, 12, 31)))
        firm.barred.append((city.document("淮合成财", 2024), until, "申报材料弄虚作假"))
