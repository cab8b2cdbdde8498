"""Made-up policies in the product's own language: 4 to 9 conditions, most for one region, each met by 0.05 to 3 % of firms.

A condition is drawn as a small tree; a sample of the population says how many firms meet it, and what is too common or too
rare is drawn again. The second kind also asks for lists and derived facts, and some are claimed for each project.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.firms import COUNTS, INDUSTRIES, MONEY, REGIONS, catalogue, days_before
from engine.sampling import Sample, Tree

__all__ = ["Drawn", "draw_policies", "write_policies"]

RATIOS = [
    ("rd", "revenue"), ("rd_staff", "staff"), ("new_products", "revenue"), ("revenue", "revenue_before"), ("rd", "rd_before"),
    ("liabilities", "assets"), ("graduates", "staff"), ("exports", "revenue"),
]  # fmt: skip
GOOD = ["high_tech", "specialised", "giant", "iso9001", "iso14001", "iso45001", "listed", "green", "tech_center"]
BAD = ["barred", "tax_offence", "env_offence", "accident"]


@dataclass(frozen=True)
class Drawn:
    """One policy: its condition, its amount, and whether it is claimed for each project."""

    tree: Tree
    amount: Tree
    per_project: bool = False


def draw_policies(count: int, sample: Sample, seed: int = 7, *, rich: bool = False) -> list[Drawn]:
    """Draw so many; ``rich`` makes a third of the second kind. A smaller number gives the first of a larger one."""
    rnd = random.Random(seed)
    found: list[Drawn] = []
    while len(found) < count:
        drawn = _Drawing(rnd).policy(rich=rich and len(found) % 3 == 2)
        if 0.0005 <= sample.share(drawn.tree) <= 0.03:
            found.append(drawn)
    return found


def write_policies(folder: Path, drawn: list[Drawn]) -> None:
    """Write the catalogue and one file a policy."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "facts.yml").write_text(catalogue(), encoding="utf-8")
    for number, one in enumerate(drawn):
        (folder / f"p{number:05d}@2026-01-01.yml").write_text(policy_text(number, one), encoding="utf-8")


class _Drawing:
    def __init__(self, rnd: random.Random) -> None:
        self._rnd = rnd

    def policy(self, *, rich: bool) -> Drawn:
        rnd = self._rnd
        left, parts = rnd.randint(4, 9), [part for part in [self._region()] if part]
        left -= len(parts)
        if rich:
            parts.append(self._listed())
            left -= 1
        if rnd.random() < 0.7:
            parts.append(("not", ("flag", rnd.choice(BAD))))
            left -= 1
        while left > 0:
            size = min(left, rnd.choice([1, 1, 1, 2, 3]))
            parts.append(self._group(size))
            left -= size
        per_project = rich and rnd.random() < 0.3
        return Drawn(("all", parts), self._amount(rich=rich, per_project=per_project), per_project)

    def _group(self, size: int) -> Tree:
        leaf = self._leaf
        if size == 1:
            return leaf()
        if size == 2:
            return ("any", [leaf(), leaf()])
        if self._rnd.random() < 0.5:
            return ("any", [("flag", self._rnd.choice(GOOD)), ("all", [leaf(), leaf()])])
        return ("not", ("any", [("flag", "tax_offence"), ("below", "profit", self._round(1e5)), leaf()]))

    def _leaf(self) -> Tree:
        kinds = [self._money, self._money, self._count, self._ratio, self._ratio, self._day, self._good, self._industry,
                 self._size, self._credit]  # fmt: skip
        return self._rnd.choice(kinds)()

    def _money(self) -> Tree:
        name = self._rnd.choice(list(MONEY))
        yuan = float(np.exp(MONEY[name][0] + self._rnd.choice([-1, -0.5, 0, 0.5, 1])))
        return ("below" if self._rnd.random() < 0.25 else "from", name, self._round(yuan))

    def _round(self, yuan: float) -> int:
        return int(float(f"{yuan:.1g}")) * 100

    def _count(self) -> Tree:
        return ("from", self._rnd.choice(list(COUNTS)), self._rnd.choice([1, 2, 3, 5, 10, 20, 30, 50]))

    def _ratio(self) -> Tree:
        per_cent = self._rnd.choice([2, 3, 4, 5, 6, 10, 20, 30, 50, 60, 80, 100, 110, 120])
        return ("ratio", *self._rnd.choice(RATIOS), per_cent)

    def _day(self) -> Tree:
        if self._rnd.random() < 0.6:
            return ("day_before", "founded_on", days_before(365 * self._rnd.choice([1, 2, 3, 5, 10])))
        return (
            "day_from",
            self._rnd.choice(["certified_to", "iso_on"]),
            days_before(self._rnd.choice([-365, 0, 180, 365, 730])),
        )

    def _good(self) -> Tree:
        return ("flag", self._rnd.choice(GOOD))

    def _industry(self) -> Tree:
        if self._rnd.random() < 0.6:
            return ("within", "industry_code", (self._rnd.choice(INDUSTRIES)[:2],))
        return ("within", "industry_code", tuple(sorted(self._rnd.sample(INDUSTRIES, self._rnd.choice([10, 20, 40])))))

    def _region(self) -> Tree | None:
        region = REGIONS[int(len(REGIONS) * self._rnd.random() ** 1.8)]
        digits = self._rnd.choices([0, 2, 4, 6], [15, 45, 30, 10])[0]
        return ("within", "district_code", (region[:digits],)) if digits else None

    def _size(self) -> Tree:
        some = [("micro", "small"), ("micro", "small", "medium"), ("medium", "large"), ("small", "medium")]
        return ("one_of", "size", self._rnd.choice(some))

    def _credit(self) -> Tree:
        return ("one_of", "credit", self._rnd.choice([("a",), ("a", "b"), ("a", "b", "m")]))

    def _listed(self) -> Tree:
        rnd = self._rnd
        choices: list[Tree] = [
            (
                "some_honor",
                rnd.choice(["high_tech", "green", "quality", "champion"]),
                days_before(rnd.choice([365, 730, 1095])),
            ),
            ("graduates", rnd.choice([1, 2, 3])),
            ("liquid", self._round(float(np.exp(rnd.choice([13, 14, 15]))))),
            (
                "rd_both",
                self._round(float(np.exp(rnd.choice([11, 12])))),
            ),
        ]
        return rnd.choice(choices)

    def _amount(self, *, rich: bool, per_project: bool) -> Tree:
        rnd = self._rnd
        if per_project:
            return ("project", rnd.choice([5, 8, 10]), rnd.choice([50, 100, 200]))
        column = rnd.choice(["rd", "revenue", "investment", "loans"])
        kind = rnd.choice(["fixed", "rate", "rate", "tier", "head", *(["hires"] if rich else [])])
        return {
            "fixed": ("fixed", rnd.choice([5, 10, 20, 50])),
            "rate": ("rate", column, rnd.choice([2, 5, 10, 20]), rnd.choice([20, 50, 100])),
            "tier": ("tier",),
            "head": ("head", rnd.choice([500, 1000, 2000]), 100),
            "hires": ("hires", rnd.choice([500, 1500]), 20),
        }[kind]


# --- as text ---


def policy_text(number: int, one: Drawn) -> str:
    """One policy as a file of the product."""
    region = next((t[2][0] for t in one.tree[1] if t[0] == "within" and t[1] == "district_code"), None)
    conditions = [t for t in one.tree[1] if not (t[0] == "within" and t[1] == "district_code")]
    lines = [
        f"id: p{number:05d}", f"title: {{zh: 示例{number}, en: Sample {number}}}", "provenance: representative",
        "basis: {art1: {document: 示例, article: 第一条, gist: 示例}}", "level: city", "authority: 示例局",
        "effective: {from: 2026-01-01, to: 2026-12-31}", "channel: fast",
        "claim: {period: calendar_year, year_of_facts: period - 1}",
    ]  # fmt: skip
    if region is not None:
        lines.append(f'region: "{region.ljust(6, "0")}"')
    if one.per_project:
        lines.append("for_each: {in: projects, key: no, claim: each}")
        lines.append("item_if: {all: [{id: done, basis: art1, value: done, is: true}]}")
    lines.append("eligible_if: {all: [" + ", ".join(_condition(t, f"c{n}") for n, t in enumerate(conditions)) + "]}")
    lines.append(f"amount: {{{_pays(one.amount)}, rounding: {{to: 1元, mode: half_up}}}}")
    return "\n".join(lines) + "\n"


def _condition(tree: Tree, name: str) -> str:
    inner = _inner(tree, name)
    return f"{{id: {name}, basis: art1, {inner}}}"


def _inner(tree: Tree, name: str) -> str:  # noqa: C901 (one arm a kind of condition)
    match tree:
        case ("all" | "any" as word, parts):
            return f"{word}: [{', '.join(_condition(t, f'{name}_{n}') for n, t in enumerate(parts))}]"
        case ("not", part):
            return f"not: {_condition(part, f'{name}_n')}"
        case ("flag", column):
            return f"value: {column}, is: true"
        case ("from" | "below" as word, column, limit):
            shown = f"{limit // 100}元" if column in MONEY else f"{limit}人"
            return f"value: {column}, {'at_least' if word == 'from' else 'less_than'}: {shown}"
        case ("ratio", top, bottom, per_cent):
            return f"value: {{ratio: [{top}, {bottom}]}}, at_least: {per_cent}%"
        case ("day_from" | "day_before" as word, column, day):
            return f"value: {column}, {'on_or_after' if word == 'day_from' else 'before'}: {day}"
        case ("within", column, prefixes):
            return f"value: {column}, within: [{', '.join(repr(p) for p in prefixes)}]"
        case ("one_of", column, words):
            return f"value: {column}, one_of: [{', '.join(words)}]"
        case ("some_honor", kind, day):
            return f"some: {{in: honors, where: {{all: [{{value: kind, is: {kind}}}, {{value: issued_on, on_or_after: {day}}}]}}}}"
        case ("graduates", least):
            count = "{count: {in: hires, where: {all: [{value: graduate, is: true}, {value: months, at_least: 6月}]}}}"
            return f"value: {count}, at_least: {least}人"
        case ("liquid" | "rd_both" as column, limit):
            return f"value: {column}, at_least: {limit // 100}元"
        case _:
            raise AssertionError(tree)


def _pays(amount: Tree) -> str:
    match amount:
        case ("fixed", wan):
            return f"value: {wan}万元"
        case ("rate", column, per_cent, wan):
            return f"multiply: [{column}, {per_cent}%], cap: {wan}万元"
        case ("tier",):
            return (
                "band: {of: revenue, at_least: {1亿元: 100万元, 2000万元: 50万元, 400万元: 20万元}, otherwise: 10万元}"
            )
        case ("head", yuan, wan):
            return f"multiply: [staff, {yuan}元/人], cap: {wan}万元"
        case ("hires", yuan, wan):
            return f"multiply: [{{count: {{in: hires, where: {{value: graduate, is: true}}}}}}, {yuan}元/人], cap: {wan}万元"
        case ("project", per_cent, wan):
            return f"each: {{multiply: [invested, {per_cent}%], cap: {wan}万元}}"
        case _:
            raise AssertionError(amount)
