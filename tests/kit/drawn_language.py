"""Policies and enterprises drawn at random, by type, over every word of the language; boundaries and gaps are common.

A policy is drawn as plain data, which is written as YAML and loaded like any other: what the loader refuses is no policy. The
numbers that policies compare with are the numbers that enterprises have, or one more, or one less.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from policy_world import AS_OF, LOADED, PAID_FACTS

from subsidy_match.errors import AuthorError
from subsidy_match.rules.enterprise import Collection, Enterprise, Known, Row, Source
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import PolicySet

Tree = dict[str, Any]

PARAMETERS = """
title: {zh: 参数, en: Parameters}
tables:
  flat: {zh: 标准, en: Standard, unit: 元, picked_by: as_of, rows: [{from: 2026-01-01, to: 2026-12-31, value: 700元, document: 示例, provenance: representative}]}
  gone: {zh: 旧标准, en: Old, unit: 元, picked_by: as_of, rows: [{from: 2020-01-01, to: 2020-12-31, value: 700元, document: 示例, provenance: representative}]}
  keyed:
    zh: 分档标准
    en: By size
    unit: 元
    by: size
    picked_by: as_of
    rows: [{from: 2025-01-01, values: {large: 900元, small: 300元}, document: 示例, provenance: representative}]
standards:
  scale:
    zh: 划型
    en: Scale
    enum: grade
    numbers: {x: 人, y: 元}
    rows:
      - from: 2011-01-01
        document: 示例
        provenance: representative
        scopes:
          - {zh: 工业, en: Industry, industries: [C, D], at_least: {x: [1000人, 300人, 20人], y: [40000万元, 2000万元, 300万元]}}
          - {zh: 软件, en: Software, industries: ["65"], at_least: {x: [300人, 100人, 10人]}}
"""
# `standards` has a file of its own; two departments know of R&D
FACTS = PAID_FACTS.replace(
    "per: year, sources: [tax], sensitivity: commercial}\n  profit",
    "per: year, sources: [tax, science], sensitivity: commercial}\n  profit",
).replace(
    "  honor: {high_tech",
    "  grade: {micro: {zh: 微型, en: micro}, small: {zh: 小型, en: small}, medium: {zh: 中型, en: medium}, large: {zh: 大型, en: large},"
    " not_covered: {zh: 未覆盖, en: not covered}}\n  honor: {high_tech",
)
MONEY = [0, 1, 99, 100, 5_000_000, 50_000_000, 200_000_000, 4_000_000_000, 10**13 * 100]
HEADS = [0, 1, 9, 10, 20, 100, 300, 1000, 10**7]
SHARES = [0, 1, 30_000, 50_000, 333_333, 10**6]
DAYS = [AS_OF, AS_OF - timedelta(1), AS_OF + timedelta(1), date(2025, 6, 30), date(2025, 6, 29), date(2023, 6, 30),
        date(2026, 1, 1), date(2025, 12, 31), date(2026, 12, 31), date(2000, 2, 29)]  # fmt: skip
REGIONS = ["320800", "320812", "320803", "320000", "310100"]
INDUSTRIES = ["3963", "39", "6513", "01", "0111", "5439"]
_TOLD: list[Any] = [{"value": "rd", "from": "science"}, {"value": "rd@-1", "from": "tax"}]
_YEARLY = ("revenue", "rd", "profit")


@dataclass(frozen=True)
class Draw:
    """Draws one policy; every draw comes from ``rnd``, so a seed names it."""

    rnd: random.Random

    # --- values of a unit ---

    def money(self, depth: int, row: str = "") -> Any:
        """An amount of money."""
        leaf = [lambda: self.rnd.choice([*_YEARLY, "revenue@-1", "rd@-1", "profit@-1", *_TOLD]), self._yuan]
        if row == "projects":
            leaf = [lambda: "invested", *leaf]
        if depth <= 0 or self.rnd.random() < 0.35:
            return self.rnd.choice(leaf)()
        d = depth - 1
        forms: list[Callable[[], Any]] = [
            lambda: {"add": [self.money(d, row), self.money(d, row)]},
            lambda: {"subtract": [self.money(d, row), self.money(d, row)]},
            lambda: {"multiply": [self.money(d, row), self.share(d, row)]},
            lambda: {"best_of": [self.money(d, row), self.money(d, row)]},
            lambda: {"least_of": [self.money(d, row), self.money(d, row)]},
            lambda: {"band": self._band(d, row)},
            lambda: {"first_of": self._branches(d, row, last=True)},
            lambda: {"each_of": self._branches(d, row, last=self.rnd.random() < 0.5)},
            lambda: {"param": self.rnd.choice(["p.flat", "p.gone", {"name": "p.keyed", "for": "size"}])},
            lambda: {
                "value": self.money(d, row),
                "cap": self.money(0),
                **({"floor": self._yuan()} if self._half() else {}),
            },
            lambda: {
                "value": self.money(d, row),
                "rounded": {"to": self.rnd.choice(["1元", "100元", "0.07元"]), "mode": self._mode()},
            },
        ]
        if not row:
            forms += [
                lambda: {"sum": {"in": "projects", **self._where(d, "projects"), "take": self.money(d, "projects")}},
                lambda: {"largest": {"in": "projects", **self._where(d, "projects"), "take": "invested"}},
                lambda: {"paid_under": "self"},
            ]
        return self.rnd.choice(forms)()

    def heads(self, depth: int, row: str = "") -> Any:
        """A number of persons."""
        if depth <= 0 or self._half():
            return self.rnd.choice(["staff", "staff@-1", f"{self.rnd.choice(HEADS)}人"])
        return self.rnd.choice([
            {"add": [self.heads(0), self.heads(0)]}, {"best_of": [self.heads(0), self.heads(0)]},
            {"subtract": [self.heads(0), self.heads(0)]},
        ])  # fmt: skip

    def share(self, depth: int, row: str = "") -> Any:
        """A bare number."""
        leaf = ["share", f"{self.rnd.choice([0, 3, 5, 33.3333, 100])}%"]
        if depth <= 0 or self._half():
            return self.rnd.choice(leaf)
        d = depth - 1
        return self.rnd.choice([
            {"ratio": [self.money(d, row), self.money(d, row)]}, {"ratio": [self.heads(d), self.heads(d)]},
            {"multiply": [self.share(d, row), self.share(d, row)]},
        ])  # fmt: skip

    def day(self, depth: int, row: str = "") -> Any:
        """A date."""
        leaf = ["founded_on", "as_of", "window_open", "window_close", "period_start", "period_end", "period_start@-1",
                self.rnd.choice(DAYS).isoformat()]  # fmt: skip
        leaf += {"projects": ["done_on"], "honors": ["issued_on", "valid_to"]}.get(row, [])
        if depth <= 0 or self.rnd.random() < 0.6:
            return self.rnd.choice(leaf)
        forms: list[Any] = [
            {"later_of": [self.day(0, row), self.day(0, row)]},
            {"earlier_of": [self.day(0, row), self.day(0, row)]},
        ]
        if not row:
            forms.append({"latest": {"in": "honors", **self._where(depth - 1, "honors"), "take": "issued_on"}})
        return self.rnd.choice(forms)

    # --- conditions ---

    def condition(self, depth: int, row: str = "", *, manual: bool = False) -> Tree:
        """Anything that can be asked."""
        d = depth - 1
        leaves: list[Callable[[], Tree]] = [
            lambda: {"value": self.money(d, row), self._op(): self.money(min(d, 1), row)},
            lambda: {"value": self.heads(d, row), self._op(): self.heads(0)},
            lambda: {"value": self.share(d, row), self._op(): f"{self.rnd.choice([0, 3, 5, 33.3333, 100, 120])}%"},
            lambda: {"value": self.money(d, row), "between": sorted([self._yuan(), self._yuan()], key=_fen)},
            lambda: {"value": self.day(d, row), self.rnd.choice(["on_or_after", "before"]): self.day(0, row)},
            lambda: {"value": self.day(d, row), "within_last": self.rnd.choice(["1年", "3年", "365天", "6月"]), "before": self.rnd.choice(["as_of", "window_close", "period_end"])},
            lambda: {"value": {"days": [self.day(d, row), self.day(0, row)]}, self._op(): self.rnd.choice(["0天", "365天", "1天"])},
            lambda: {"value": "size", self.rnd.choice(["is", "is_not"]): self.rnd.choice(["large", "small"])},
            lambda: {"value": "size", "one_of": self.rnd.choice([["large"], ["large", "small"]])},
            lambda: {"value": "district_code", "within": [self.rnd.choice(REGIONS)], **({"except": [self.rnd.choice(REGIONS)]} if self._half() else {})},
            lambda: {"value": "industry", "within": self.rnd.choice([["C"], ["39"], ["3963", "65"], ["C13-43", "A"]]), **({"except": ["391"]} if self._half() else {})},
            lambda: {"value": "green", "is": self._half()},
            lambda: {"value": "insured", "includes": self.rnd.choice([["pension"], ["pension", "injury"]])},
            lambda: {"value": "patents", self._op(): f"{self.rnd.choice([0, 1, 5])}件"},
            lambda: {"value": {"grade": {"by": "g.scale", "industry": "industry", "numbers": {"x": "staff", "y": "revenue"}}}, self.rnd.choice(["is", "is_not"]): self.rnd.choice(["micro", "small", "large", "not_covered"])},
            lambda: {"value": "big", "is": self._half()},
            lambda: {"value": "per_head", self._op(): f"{self.rnd.choice([1, 50, 10**6])}元/人"},
        ]  # fmt: skip
        if row == "projects":
            leaves += 3 * [
                lambda: {"value": "good", "is": self._half()},
                lambda: {"value": "invested", self._op(): self._yuan()},
            ]
        if row == "honors":
            leaves += 3 * [lambda: {"value": "kind", "is": self.rnd.choice(["high_tech", "tech_sme"])}]
        if row == "subsidy_history":
            leaves += 3 * [
                lambda: {"value": "amount", self._op(): self._yuan()},
                lambda: {"value": "policy", "is": "grant"},
            ]
        if depth <= 0 or self._half():
            return self.rnd.choice(leaves)()
        forms: list[Callable[[], Tree]] = [
            lambda: {"all": [self.condition(d, row, manual=manual) for _ in range(2)]},
            lambda: {"any": [self.condition(d, row, manual=manual) for _ in range(self.rnd.choice([2, 3]))]},
            lambda: {"not": self.condition(d, row, manual=manual)},
            lambda: {"at_least_n": {"n": 2, "of": [self.condition(d, row, manual=manual) for _ in range(3)]}},
        ]
        if not row:
            forms += [
                self._quantified, self._quantified,
                lambda: {"holds": self.rnd.choice(["high_tech", "tech_sme"])},
                lambda: {"value": {"count": {"in": "projects", **self._where(d, "projects")}}, self._op(): f"{self.rnd.choice([0, 1, 2])}个"},
            ]  # fmt: skip
        if manual:
            forms.append(lambda: {"manual": {"zh": "由人核实", "en": "A person looks", "by": "示例局"}})
        return self.rnd.choice(forms)()

    def policy(self, name: str) -> Tree:
        """A whole policy."""
        each = self.rnd.random()
        parts: Tree = {
            "id": name, "title": {"zh": "示例", "en": "Sample"}, "provenance": "representative",
            "basis": {"art1": {"document": "示例", "article": "第一条", "gist": "示例"}}, "level": "city", "authority": "示例局",
            "effective": {"from": "2026-01-01", "to": "2026-12-31"}, "channel": "fast",
            "window": {"opens": "2026-03-01", "closes": "2026-08-31"},
            "claim": {"period": "calendar_year", "year_of_facts": self.rnd.choice(["period - 1", "period"])},
            "eligible_if": {"all": [self.condition(self.rnd.choice([0, 1, 2]), manual=True) for _ in range(self.rnd.choice([1, 1, 2]))]},
        }  # fmt: skip
        if self.rnd.random() < 0.3:
            parts["region"] = self.rnd.choice(REGIONS)
        if self.rnd.random() < 0.2:
            parts["grants"] = {"status": "tech_sme", "until": "period_end"}
        step = {"rounding": {"to": self.rnd.choice(["1元", "0.01元", "100元"]), "mode": self._mode()}}
        amount = self.money(self.rnd.choice([1, 1, 2]))
        whole = amount if isinstance(amount, dict) else {"value": amount}
        if each < 0.35:
            parts["for_each"] = {"in": "projects", "key": "no", "claim": self.rnd.choice(["each", "together"])}
            parts["item_if"] = {"all": [self.condition(1, "projects")]}
            if self.rnd.random() < 0.7:
                inner = self.money(1, "projects")
                whole = {"each": inner, **({"cap": self.money(0)} if self._half() else {})}
            elif self._half():
                parts["eligible_if"]["all"].append({"value": "items", self._op(): "1个"})
        if self.rnd.random() < 0.9:
            parts["amount"] = {**whole, **step}
        return _ided(parts)

    # --- parts ---

    def _quantified(self) -> Tree:
        name = self.rnd.choice(["honors", "projects", "subsidy_history"])
        return {self.rnd.choice(["some", "none"]): {"in": name, **self._where(1, name, always=True)}}

    def _where(self, depth: int, row: str, *, always: bool = False) -> Tree:
        return {"where": self.condition(depth, row)} if always or self._half() else {}

    def _band(self, depth: int, row: str) -> Tree:
        of, edges = self.rnd.choice([
            (self.money(depth, row), sorted({self._yuan() for _ in range(3)}, key=_fen, reverse=True)),
            (self.share(depth, row), ["50%", "33.3333%", "3%"]),
        ])  # fmt: skip
        word = self.rnd.choice(["at_least", "more_than"])
        return {"of": of, word: {edge: self.money(0, row) for edge in edges}, "otherwise": self.money(0, row)}

    def _branches(self, depth: int, row: str, *, last: bool) -> list[Tree]:
        found: list[Tree] = [{"when": self.condition(depth, row), "then": self.money(depth, row)} for _ in range(2)]
        return [*found, {"otherwise": self.money(0, row)}] if last else found

    def _op(self) -> str:
        return self.rnd.choice(["at_least", "more_than", "at_most", "less_than"])

    def _mode(self) -> str:
        return self.rnd.choice(["half_up", "down", "up"])

    def _yuan(self) -> str:
        return f"{max(0, self.rnd.choice(MONEY[:-1]) + self.rnd.choice([-1, 0, 0, 1])) / 100:.2f}元"

    def _half(self) -> bool:
        return self.rnd.random() < 0.5


def draw_enterprise(rnd: random.Random, uscc: str) -> Enterprise:
    """An enterprise with gaps, stale facts, lists that are whole, in dispute, old or absent."""
    values: dict[str, Known] = {}

    def put(name: str, options: list[Any], day: date = LOADED, department: str = "tax") -> None:
        if rnd.random() < 0.8:
            values[name] = Known(rnd.choice(options), Source(department, day))

    for year in (2024, 2025, 2026):
        for name in ("revenue", "rd"):
            put(f"{name}_{year}", _near(rnd, MONEY))
        put(f"profit_{year}", [-100, *_near(rnd, MONEY), -50_000_000])
        put(f"staff_{year}", _near(rnd, HEADS))
        put(f"rd_{year}@science", _near(rnd, MONEY), department="science")
    put("share", SHARES)
    put(
        "patents", [0, 1, 4, 5, 6], rnd.choice([LOADED, AS_OF - timedelta(300), date(2025, 12, 12), date(2025, 12, 11)])
    )
    put("size", ["large", "small"])
    put("district_code", REGIONS)
    put("industry", INDUSTRIES)
    put("founded_on", DAYS)
    put("green", [True, False])
    put("insured", [(), ("pension",), ("injury", "pension")])
    lists = {
        "honors": [_row(rnd, kind=["high_tech", "tech_sme"], issued_on=DAYS, valid_to=DAYS) for _ in range(rnd.choice([0, 1, 3]))],
        "projects": [{**_row(rnd, invested=MONEY[:-1], done_on=DAYS, good=[True, False]), "no": f"P{n}" if rnd.random() < 0.95 else None}
                     for n in range(rnd.choice([0, 0, 1, 2, 4]))],
        "subsidy_history": [{**_row(rnd, policy=["grant", "other"], amount=MONEY[:-1], item_key=["a"], paid_on=DAYS), "record_no": f"R{n}"}
                            for n in range(rnd.choice([0, 1, 2]))],
    }  # fmt: skip
    collections = {name: _listed(rnd, rows) for name, rows in lists.items() if rnd.random() < 0.95}
    return Enterprise(uscc, uscc, values, collections)


def _near(rnd: random.Random, numbers: list[int]) -> list[int]:
    return [max(0, number + rnd.choice([-1, 0, 0, 1])) for number in numbers]


def _row(rnd: random.Random, **options: list[Any]) -> Row:
    return {name: rnd.choice(some) if rnd.random() < 0.9 else None for name, some in options.items()}


def _listed(rnd: random.Random, rows: list[Row]) -> Collection:
    del rnd  # which lists are loaded is a matter of the population, not of one firm: see ``population``
    return Collection(tuple(rows))


def population(rnd: random.Random, size: int) -> list[Enterprise]:
    """Enterprises of one snapshot: which lists are loaded, and of which day, is the same for all; disputes are not."""
    days = {
        name: {source: rnd.choice([LOADED, LOADED, LOADED, date(2025, 3, 1)]) for source in ("science", "finance") if rnd.random() < 0.9}
        for name in ("honors", "projects", "subsidy_history")
    }  # fmt: skip
    found = []
    for number in range(size):
        firm = draw_enterprise(rnd, f"F{number:06d}")
        lists = {
            name: Collection(
                firm.collections[name].rows if name in firm.collections else (), loaded, rnd.random() < 0.1
            )
            for name, loaded in days.items()
        }
        found.append(Enterprise(firm.uscc, firm.name, firm.values, lists))
    return found


def load_drawn(folder: Path, policies: Mapping[str, Tree]) -> PolicySet:
    """Write and load.

    Raises:
        AuthorError: the loader refuses one.
    """
    root = folder / "policies"
    (root / "parameters").mkdir(parents=True, exist_ok=True)
    tables, standards = PARAMETERS.split("standards:\n")
    (root / "facts.yml").write_text(FACTS, encoding="utf-8")
    (root / "parameters" / "p.yml").write_text(tables, encoding="utf-8")
    (root / "parameters" / "g.yml").write_text(
        "title: {zh: 标准, en: Standards}\nstandards:\n" + standards, encoding="utf-8"
    )
    for old in root.glob("*@*.yml"):
        old.unlink()
    for name, tree in policies.items():
        (root / f"{name}@2026-01-01.yml").write_text(written(tree), encoding="utf-8")
    return load_policies(root)


def written(tree: Any) -> str:
    """A tree as YAML in one line, words without quotes."""
    match tree:
        case dict():
            return "{" + ", ".join(f"{key}: {written(value)}" for key, value in tree.items()) + "}"
        case list():
            return "[" + ", ".join(map(written, tree)) + "]"
        case bool():
            return "true" if tree else "false"
        case _:
            return str(tree)


def draw_policies(folder: Path, rnd: random.Random, count: int) -> dict[str, Tree]:
    """Policies that the loader takes."""
    drawn = {f"grant{n}": Draw(rnd).policy(f"grant{n}") for n in range(count)}
    while drawn:
        try:
            load_drawn(folder, drawn)
        except AuthorError as error:
            refused = {f.at.path.rpartition("/")[2].partition("@")[0] for f in error.findings if f.at}
            if not refused & drawn.keys():
                raise
            drawn = {name: tree for name, tree in drawn.items() if name not in refused}
        else:
            return drawn
    return drawn


def _fen(text: str) -> float:
    return float(text.removesuffix("元"))


def _ided(parts: Tree) -> Tree:
    """Give every condition of the policy an id and a basis."""
    for number, condition in enumerate(parts["eligible_if"]["all"]):
        condition.update(id=f"c{number}", basis="art1")
    for number, condition in enumerate(parts.get("item_if", {}).get("all", [])):
        condition.update(id=f"i{number}", basis="art1")
    return parts
