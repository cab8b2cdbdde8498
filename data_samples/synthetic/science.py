"""Files of the science bureau and the intellectual property office: certificates and staff by name, patents by code."""

from __future__ import annotations

from pathlib import Path
from random import Random

from .dirt import Scribe, full_width, sheet_day
from .model import Award, City, Firm
from .sheets import Cell, Row, Table, Workbook, write_csv

__all__ = ["write_patents", "write_science"]

_SHEETS = {
    "高新技术企业": ("序号", "企业名称", "证书编号", "认定类型", "发证日期", "有效期至"),
    "科技型中小企业": ("序号", "企业名称", "入库登记编号", "入库日期"),
    "省级研发机构": ("序号", "企业名称", "机构名称", "认定日期"),
    "科技奖励": ("序号", "单位名称", "奖励级别", "排名", "获奖日期"),
    "科技人员": ("序号", "企业名称", "2025年科技人员数"),
}
_PATENTS = (
    "统一社会信用代码",
    "权利人",
    "发明专利",
    "实用新型",
    "外观设计",
    "软件著作权",
    "植物新品种",
    "集成电路布图设计",
)


def write_science(city: City, folder: Path) -> None:
    """Write the five lists of the science bureau, none of which has a credit code."""
    random = city.random("science lists")
    lists: dict[str, list[tuple[Firm, list[Cell]]]] = {
        "高新技术企业": _awards(random, city, "high_tech"),
        "科技型中小企业": _awards(random, city, "tech_sme"),
        "省级研发机构": _awards(random, city, "institutes"),
        "科技奖励": _awards(random, city, "prizes"),
        "科技人员": _staff(random, city),
    }
    book = Workbook(city, folder / "科技_资质与人员名单_20260531.xlsx")
    for name, entries in lists.items():
        random.shuffle(entries)
        many = len(entries) > 100
        scribe = Scribe(city, name, [f for f, _ in entries], typos=4 if many else 1, suffixes=4 if many else 0)
        rows = [scribe.sign(Row([number, "", *cells]), firm, name=1) for number, (firm, cells) in enumerate(entries, 1)]
        above = (f"{name}名单（合成数据）",) if name != "科技人员" else ()
        book.add(Table(name, _SHEETS[name], rows, above=above))
    book.close()


def write_patents(city: City, folder: Path) -> None:
    """Write the patents in force; one innovative firm in nine is missing, so that its patents are unknown."""
    random = city.random("patents")
    owners = [f for f in city.firms if f.ip and (f.guarded or random.random() < 0.89)]
    random.shuffle(owners)
    scribe = Scribe(city, "patents", owners, bad_codes=3)
    rows = []
    for firm in owners:
        counts: list[Cell] = ["" if not n and not firm.guarded and random.random() < 0.01 else n for n in firm.ip or ()]
        rows.append(scribe.sign(Row(["", "", *counts]), firm, name=1, code=0))
    path = folder / "知识产权_授权统计_20260531.csv"
    write_csv(city, path, Table("patents", _PATENTS, rows), encoding="utf-8")


def _awards(random: Random, city: City, field: str) -> list[tuple[Firm, list[Cell]]]:
    return [(firm, _cells(random, firm, award)) for firm in city.firms for award in getattr(firm, field)]


def _cells(random: Random, firm: Firm, award: Award) -> list[Cell]:
    day: Cell = award.on if firm.guarded else sheet_day(random, award.on)
    match award.kind:
        case "高新技术企业":
            until: Cell = award.until if firm.guarded or random.random() < 0.98 else None
            return [award.number, award.level, day, until]
        case "科技型中小企业":
            return [award.number, day]
        case "省级研发机构":
            return [award.title, day]
        case _:
            rank: Cell = int(award.number) if random.random() < 0.7 else f"第{award.number}"
            return [award.level, rank, day]


def _staff(random: Random, city: City) -> list[tuple[Firm, list[Cell]]]:
    entries: list[tuple[Firm, list[Cell]]] = []
    for firm in city.firms:
        if firm.sci_staff is None or (not firm.guarded and random.random() > 0.82):
            continue
        plain = firm.guarded or random.random() < 0.93
        count: Cell = firm.sci_staff if plain else random.choice((str(firm.sci_staff), full_width(str(firm.sci_staff))))
        entries.append((firm, [count]))
    return entries
