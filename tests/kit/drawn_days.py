"""Policies and enterprises about days: look-backs, ages and certificates that run out, around the day from which they are seen."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from drawn_language import Draw, Tree, load_drawn, population

from subsidy_match.errors import AuthorError
from subsidy_match.rules.enterprise import Collection, Enterprise, Known
from subsidy_match.rules.policy import PolicySet
from subsidy_match.units import Duration

__all__ = ["BASES", "draw_day_policies", "people_of_days"]

BASES = [
    date(2026, 6, 30),
    date(2026, 2, 28),
    date(2026, 8, 31),
    date(2028, 2, 29),
    date(2027, 12, 31),
    date(2026, 1, 31),
]
_LENGTHS = ["1月", "13月", "1年", "3年", "30天", "365天", "6月"]
_APART = ["0天", "1天", "30天", "365天", "366天", "400天"]
_FROM, _TO = date(2026, 1, 1), date(2031, 12, 31)


@dataclass(frozen=True)
class DayDraw(Draw):
    """Draws conditions about days more often than others, and amounts by the day."""

    def condition(self, depth: int, row: str = "", *, manual: bool = False) -> Tree:
        """A condition about a day, or any other."""
        return self._by_day(row) if self.rnd.random() < 0.5 else Draw.condition(self, depth, row, manual=manual)

    def money(self, depth: int, row: str = "") -> Any:
        """An amount, now and then by the day."""
        if depth > 0 and self.rnd.random() < 0.1:
            steps = {"365天": self._yuan(), "30天": self._yuan()}
            days = {"days": self.rnd.choice([[self._dated(row), "as_of"], ["as_of", self._dated(row)]])}
            return {"band": {"of": days, self.rnd.choice(["at_least", "more_than"]): steps, "otherwise": self._yuan()}}
        return Draw.money(self, depth, row)

    def _by_day(self, row: str) -> Tree:
        one, now = self._dated(row), self.rnd.choice(["as_of", "as_of", "as_of@-1", "as_of@1"])
        word = self.rnd.choice(["on_or_after", "before"])
        span = {"days": self.rnd.choice([[one, now], [now, one]])}
        return self.rnd.choice([
            {"value": one, "within_last": self.rnd.choice(_LENGTHS), "before": "as_of"},
            {"value": one, word: now}, {"value": now, word: one},
            {"value": one, "between": ["2020-01-01", now]}, {"value": one, "between": [now, "2030-02-28"]},
            {"value": span, self._op(): self.rnd.choice(_APART)}, {"value": span, "between": sorted(self.rnd.sample(_APART, 2), key=len)},
        ])  # fmt: skip

    def _dated(self, row: str) -> Any:
        leaf: list[Any] = ["founded_on", *{"projects": ["done_on"], "honors": ["issued_on", "valid_to"]}.get(row, [])]
        if row == "subsidy_history":
            leaf.append("paid_on")
        if self.rnd.random() < 0.2:
            leaf.append({"later_of": ["founded_on", self.rnd.choice(["2025-02-28", "period_start", "as_of@-1"])]})
        if not row and self.rnd.random() < 0.3:
            leaf.append({"latest": {"in": "honors", **self._where(0, "honors"), "take": "issued_on"}})
        return self.rnd.choice(leaf[1:] if row and self.rnd.random() < 0.7 and len(leaf) > 1 else leaf)


def draw_day_policies(folder: Path, rnd: random.Random, count: int) -> tuple[dict[str, Tree], PolicySet]:
    """Policies that are in force for some years; some are claimed once."""
    drawn = {f"grant{n}": _lasting(DayDraw(rnd).policy(f"grant{n}"), rnd) for n in range(count)}
    while True:
        try:
            return drawn, load_drawn(folder, drawn)
        except AuthorError as error:
            refused = {f.at.path.rpartition("/")[2].partition("@")[0] for f in error.findings if f.at} & drawn.keys()
            if not refused:
                raise
            drawn = {name: tree for name, tree in drawn.items() if name not in refused}


def _lasting(tree: Tree, rnd: random.Random) -> Tree:
    claim = {**tree["claim"], "period": rnd.choice(["calendar_year", "once"])}
    lasting = {**tree, "effective": {"from": _FROM.isoformat(), "to": _TO.isoformat()}, "claim": claim}
    return {**lasting, "amount": _held(tree["amount"])} if "amount" in tree else lasting


def _held(amount: Tree) -> Tree:
    """The same amount within what results can hold: a run keeps whole 分 in 64 bits."""
    outer = {word: amount[word] for word in ("rounding", "cap") if word in amount and "floor" not in amount}
    inner = amount.get("each", {word: of for word, of in amount.items() if word not in {*outer, "rounding"}})
    held = {"value": inner, "cap": "100000000元", "floor": "0元"}
    return {"rounding": amount["rounding"], **outer, **({"each": held} if "each" in amount else held)}


def people_of_days(rnd: random.Random, size: int, base: date) -> list[Enterprise]:
    """Enterprises whose dates lie where look-backs from ``base`` and the days after it end."""
    days, seen = _days(rnd, base), _seen(rnd, base)
    firms = population(rnd, size)
    loaded = {name: dict.fromkeys(found.loaded, rnd.choice(seen)) for name, found in firms[0].collections.items()}
    return [_dated(firm, rnd, days, (seen, loaded)) for firm in firms]


def _days(rnd: random.Random, base: date) -> list[date]:
    lengths = [Duration(months=n) for n in (1, 6, 12, 13, 24, 36)] + [Duration(days=n) for n in (0, 30, 365, 366, 400)]
    near = [base + timedelta(rnd.choice([0, 1, 2, 3, 28, 31, 59, 90, 200, 500, 800])) for _ in range(8)]
    past = [length.before(day) for day in near for length in lengths]
    return [
        *near,
        *past,
        *(day + timedelta(1) for day in past),
        date(2024, 2, 29),
        date(2028, 2, 29),
        date(9999, 12, 31),
    ]


def _seen(rnd: random.Random, base: date) -> list[date]:
    return [base - timedelta(rnd.choice([0, 10, 100, 150, 190, 199, 200, 201, 300])) for _ in range(4)]


def _dated(firm: Enterprise, rnd: random.Random, days: Sequence[date], seen: tuple[list[date], Any]) -> Enterprise:
    values = {name: _redated(known, rnd, days, seen[0]) for name, known in firm.values.items()}
    lists = {
        name: Collection(
            tuple({k: rnd.choice(days) if isinstance(v, date) else v for k, v in row.items()} for row in found.rows),
            seen[1][name], found.disputed,
        )
        for name, found in firm.collections.items()
    }  # fmt: skip
    return replace(firm, values=values, collections=lists)


def _redated(known: Known, rnd: random.Random, days: Sequence[date], seen: Sequence[date]) -> Known:
    source = None if known.source is None else replace(known.source, as_of=rnd.choice(seen))
    return Known(rnd.choice(days) if isinstance(known.value, date) else known.value, source)
